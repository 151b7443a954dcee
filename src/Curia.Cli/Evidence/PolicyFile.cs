using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using Curia.Attestation;
using Curia.Cli.Files;

namespace Curia.Cli.Evidence;

/// <summary>A policy as a person writes it down (docs/attestation.md, "Policy"): what is left out stays as strict as it
/// is without a file.</summary>
internal sealed record PolicyFile
{
    private const long BytesMax = 1 << 20;
    private const int Sha256Size = 32;
    private const int Sha384Size = 48;

    private static readonly JsonSerializerOptions format = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        RespectRequiredConstructorParameters = false,
    };

    private static readonly JsonDocumentOptions documentFormat = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = 16,
    };

    public SnpPart? Snp { get; init; }

    public IntelPart? Tdx { get; init; }

    public IntelPart? Sgx { get; init; }

    public VirtualPart? Virtual { get; init; }

    /// <summary>The policy of before, with what a file says.</summary>
    /// <exception cref="CommandFailure">It is no policy, or cannot be read.</exception>
    public static AppraisalPolicy Over(AppraisalPolicy policy, string path)
    {
        byte[] bytes = InputFile.Read(path, BytesMax);
        PolicyFile file = Parse<PolicyFile>(bytes, path);
        return Guard(path, () => file.Over(policy));
    }

    private AppraisalPolicy Over(AppraisalPolicy policy) => policy with
    {
        Snp = Snp?.Over(policy.Snp) ?? policy.Snp,
        Tdx = Tdx is { } tdx ? tdx.Over(policy.Tdx) : policy.Tdx,
        Sgx = Sgx is { } sgx ? sgx.Over(policy.Sgx) : policy.Sgx,
        Virtual = Virtual?.Over(policy.Virtual) ?? policy.Virtual,
    };

    /// <summary>The policy of before, with the minimum that <c>--minimum-tcb</c> gives for a platform.</summary>
    /// <exception cref="CommandFailure">It is none of that platform.</exception>
    public static AppraisalPolicy WithMinimumTcb(AppraisalPolicy policy, string platform, string json)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(json);
        switch (platform)
        {
            case "snp":
                TcbPart minimum = Parse<TcbPart>(bytes, "--minimum-tcb");
                if (minimum with { Fmc = null } == new TcbPart() && minimum.Fmc is not null)
                    throw CommandFailure.WrongUsage("--minimum-tcb with fmc alone says nothing of Milan and Genoa, "
                        + "which have none: add another level, or write minimum_tcb of Turin into a policy file.");
                return policy with
                {
                    Snp = policy.Snp with
                    {
                        MinimumTcb = Guard("--minimum-tcb", () => Enum.GetValues<SnpProcessor>().ToDictionary(
                            one => one,
                            one => (one == SnpProcessor.Turin ? minimum : minimum with { Fmc = null }).ToTcb(one))),
                    },
                };
            case "virtual":
                int svn = Parse<SvnPart>(bytes, "--minimum-tcb").Svn;
                IEnumerable<string> names = policy.Virtual.MinimumTcb.Keys.Append(VirtualPlatform.Name).Distinct();
                return policy with
                {
                    Virtual = policy.Virtual with { MinimumTcb = names.ToDictionary(name => name, _ => svn) },
                };
            default:
                int number = Parse<EvaluationPart>(bytes, "--minimum-tcb").TcbEvaluationDataNumber;
                return policy with
                {
                    Tdx = policy.Tdx with { MinimumTcbEvaluationNumber = number },
                    Sgx = policy.Sgx with { MinimumTcbEvaluationNumber = number },
                };
        }
    }

    private static T Parse<T>(byte[] bytes, string source) where T : notnull => Guard(source, () =>
    {
        // Null would say nothing where somebody meant something.
        using JsonDocument document = JsonDocument.Parse(bytes, documentFormat);
        if (HasNull(document.RootElement)) throw new FormatException("there is a null in it; leave out what stays");
        return JsonSerializer.Deserialize<T>(bytes, format) ?? throw new FormatException("it is empty");
    });

    private static T Guard<T>(string source, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (JsonException e)
        {
            throw Wrong(source, Say(e));
        }
        catch (FormatException e)
        {
            throw Wrong(source, e.Message);
        }
    }

    private static CommandFailure Wrong(string source, string why) => CommandFailure.WrongUsage(
        $"{source} is not what docs/attestation.md says, \"Policy files\": {why.TrimEnd('.')}.");

    // The framework speaks of its types; who wrote the file knows members.
    private static string Say(JsonException e)
    {
        if (e.Path is not { } path) // the text itself
            return $"line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1} is no JSON";
        return path is "$"
            ? "it is no object with the members that belong there; the page lists them"
            : $"{path.TrimStart('$', '.')} is no member, or there twice, or its value is of another kind; the page "
                + "lists the members and what they take";
    }

    private static bool HasNull(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Array => json.EnumerateArray().Any(HasNull),
        JsonValueKind.Object => json.EnumerateObject().Any(member => HasNull(member.Value)),
        _ => false,
    };

    private static ulong Bits(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits)
            ? bits
            : throw new FormatException($"{text} is no bits; write them as 0x10.");

    // One of another size would be compared with nothing that it could be.
    private static List<ReadOnlyMemory<byte>>? Digests(IReadOnlyList<string>? hex, int size) => hex is null
        ? null
        : [.. hex.Select(one => one.Length == 2 * size && one.All(char.IsAsciiHexDigit)
            ? (ReadOnlyMemory<byte>)Convert.FromHexString(one)
            : throw new FormatException($"\"{one}\" is no digest of {2 * size} hexadecimal digits"))];

    private static SnpFirmware FirmwareOf(string text)
    {
        string[] parts = text.Split('.');
        byte[] read = new byte[3];
        bool isVersion = parts.Length == read.Length;
        for (int i = 0; isVersion && i < read.Length; i++)
            isVersion = byte.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out read[i]);
        return isVersion
            ? new SnpFirmware(read[0], read[1], read[2])
            : throw new FormatException($"\"{text}\" is no version of firmware; one looks like 1.55.40");
    }

    private static Measurement MeasurementOf(string hex) => Measurement.TryParseHex(hex, out Measurement measurement)
        ? measurement
        : throw new FormatException($"{hex} is no measurement.");

    /// <summary>For SEV-SNP.</summary>
    internal sealed record SnpPart
    {
        public bool? RevocationListRequired { get; init; }

        public DateTimeOffset? RevocationListsSince { get; init; }

        public IReadOnlyList<string>? Providers { get; init; }

        public IReadOnlyList<string>? Processors { get; init; }

        public IReadOnlyDictionary<string, TcbPart>? MinimumTcb { get; init; }

        public string? MinimumFirmware { get; init; }

        public uint? MinimumGuestSvn { get; init; }

        public ulong? MinimumUvmSvn { get; init; }

        public IReadOnlyList<uint>? Vmpls { get; init; }

        public bool? MaskedChipIdAllowed { get; init; }

        public bool? MigrationAgentAllowed { get; init; }

        public string? RequiredGuestPolicy { get; init; }

        public string? ForbiddenGuestPolicy { get; init; }

        public string? RequiredPlatformInfo { get; init; }

        public string? ForbiddenPlatformInfo { get; init; }

        public string? RequiredMitigations { get; init; }

        public IReadOnlyList<string>? IdKeyDigests { get; init; }

        public IReadOnlyList<string>? AuthorKeyDigests { get; init; }

        public SnpPolicy Over(SnpPolicy policy) => policy with
        {
            RevocationListRequired = RevocationListRequired ?? policy.RevocationListRequired,
            RevocationListsSince = RevocationListsSince ?? policy.RevocationListsSince,
            Providers = Providers ?? policy.Providers,
            Processors = Processors?.Select(ProcessorOf).ToList() ?? policy.Processors,
            MinimumTcb = MinimumTcb?.ToDictionary(
                one => ProcessorOf(one.Key), one => one.Value.ToTcb(ProcessorOf(one.Key))) ?? policy.MinimumTcb,
            MinimumFirmware = MinimumFirmware is { } firmware ? FirmwareOf(firmware) : policy.MinimumFirmware,
            MinimumGuestSvn = MinimumGuestSvn ?? policy.MinimumGuestSvn,
            MinimumUvmSvn = MinimumUvmSvn ?? policy.MinimumUvmSvn,
            Vmpls = Vmpls ?? policy.Vmpls,
            MaskedChipIdAllowed = MaskedChipIdAllowed ?? policy.MaskedChipIdAllowed,
            MigrationAgentAllowed = MigrationAgentAllowed ?? policy.MigrationAgentAllowed,
            RequiredGuestPolicy = RequiredGuestPolicy is { } required
                ? (SnpGuestPolicy)Bits(required) : policy.RequiredGuestPolicy,
            ForbiddenGuestPolicy = ForbiddenGuestPolicy is { } forbidden
                ? (SnpGuestPolicy)Bits(forbidden) : policy.ForbiddenGuestPolicy,
            RequiredPlatformInfo = RequiredPlatformInfo is { } wanted
                ? (SnpPlatformInfo)Bits(wanted) : policy.RequiredPlatformInfo,
            ForbiddenPlatformInfo = ForbiddenPlatformInfo is { } unwanted
                ? (SnpPlatformInfo)Bits(unwanted) : policy.ForbiddenPlatformInfo,
            RequiredMitigations = RequiredMitigations is { } bits ? Bits(bits) : policy.RequiredMitigations,
            IdKeyDigests = Digests(IdKeyDigests, Sha384Size) ?? policy.IdKeyDigests,
            AuthorKeyDigests = Digests(AuthorKeyDigests, Sha384Size) ?? policy.AuthorKeyDigests,
        };

        private static SnpProcessor ProcessorOf(string name) =>
            Enum.TryParse(name, out SnpProcessor processor) && Enum.GetNames<SnpProcessor>().Contains(name)
                ? processor
                : throw new FormatException(
                    $"{name} is no processor; there are {string.Join(", ", Enum.GetNames<SnpProcessor>())}.");
    }

    /// <summary>For TDX and SGX; what the other platform has is refused by name.</summary>
    internal sealed record IntelPart
    {
        public IReadOnlyList<string>? RequiredCollateral { get; init; }

        public IReadOnlyList<string>? AcceptedTcbStatuses { get; init; }

        public int? MinimumTcbEvaluationNumber { get; init; }

        public DateTimeOffset? RevocationListsSince { get; init; }

        public string? AllowedAttributes { get; init; }

        public string? RequiredAttributes { get; init; }

        public string? RequiredXfam { get; init; }

        public string? ForbiddenXfam { get; init; }

        public IReadOnlyList<string>? Modules { get; init; }

        public bool? ServiceDomainsAllowed { get; init; }

        public IReadOnlyList<string>? Signers { get; init; }

        public ushort? ProductId { get; init; }

        public ushort? MinimumSecurityVersion { get; init; }

        public TdxPolicy Over(TdxPolicy policy)
        {
            if ((Signers, ProductId, MinimumSecurityVersion) is not (null, null, null))
                throw CommandFailure.WrongUsage(
                    "signers, product_id and minimum_security_version are of enclaves: they belong under sgx.");
            return policy with
            {
                RequiredCollateral = Collateral(policy.RequiredCollateral),
                AcceptedTcbStatuses = Statuses(policy.AcceptedTcbStatuses),
                MinimumTcbEvaluationNumber = MinimumTcbEvaluationNumber ?? policy.MinimumTcbEvaluationNumber,
                RevocationListsSince = RevocationListsSince ?? policy.RevocationListsSince,
                AllowedAttributes = AllowedAttributes is { } allowed
                    ? (TdxAttributes)Bits(allowed) : policy.AllowedAttributes,
                RequiredAttributes = RequiredAttributes is { } required
                    ? (TdxAttributes)Bits(required) : policy.RequiredAttributes,
                RequiredXfam = RequiredXfam is { } wanted ? Bits(wanted) : policy.RequiredXfam,
                ForbiddenXfam = ForbiddenXfam is { } unwanted ? Bits(unwanted) : policy.ForbiddenXfam,
                Modules = Modules?.Select(MeasurementOf).ToArray() ?? policy.Modules,
                ServiceDomainsAllowed = ServiceDomainsAllowed ?? policy.ServiceDomainsAllowed,
            };
        }

        public SgxPolicy Over(SgxPolicy policy)
        {
            if ((RequiredXfam, ForbiddenXfam, Modules, ServiceDomainsAllowed) is not (null, null, null, null))
                throw CommandFailure.WrongUsage(
                    "xfam, modules and service domains are of trust domains: they belong under tdx.");
            return policy with
            {
                RequiredCollateral = Collateral(policy.RequiredCollateral),
                AcceptedTcbStatuses = Statuses(policy.AcceptedTcbStatuses),
                MinimumTcbEvaluationNumber = MinimumTcbEvaluationNumber ?? policy.MinimumTcbEvaluationNumber,
                RevocationListsSince = RevocationListsSince ?? policy.RevocationListsSince,
                AllowedAttributes = AllowedAttributes is { } allowed
                    ? (SgxAttributes)Bits(allowed) : policy.AllowedAttributes,
                RequiredAttributes = RequiredAttributes is { } required
                    ? (SgxAttributes)Bits(required) : policy.RequiredAttributes,
                Signers = Digests(Signers, Sha256Size) ?? policy.Signers,
                ProductId = ProductId ?? policy.ProductId,
                MinimumSecurityVersion = MinimumSecurityVersion ?? policy.MinimumSecurityVersion,
            };
        }

        private IntelCollateral Collateral(IntelCollateral before) => RequiredCollateral is null
            ? before
            : RequiredCollateral.Aggregate(IntelCollateral.None, (all, name) => all | name switch
            {
                "root_crl" => IntelCollateral.RootRevocationList,
                "pck_crl" => IntelCollateral.PckRevocationList,
                "qe_identity" => IntelCollateral.QeIdentity,
                "tcb_info" => IntelCollateral.TcbInfo,
                _ => throw new FormatException($"{name} is no collateral: root_crl, pck_crl, qe_identity, tcb_info."),
            });

        private IReadOnlyList<TcbStatus> Statuses(IReadOnlyList<TcbStatus> before) => AcceptedTcbStatuses is null
            ? before
            : [.. AcceptedTcbStatuses.Select(name => TcbStatuses.Parse(name)
                ?? throw new FormatException($"{name} is no TCB status, as Intel spells them."))];
    }

    /// <summary>For the virtual platform.</summary>
    internal sealed record VirtualPart
    {
        public IReadOnlyDictionary<string, int>? MinimumTcb { get; init; }

        public VirtualPolicy Over(VirtualPolicy policy) =>
            policy with { MinimumTcb = MinimumTcb ?? policy.MinimumTcb };
    }

    /// <summary>Security versions of SEV-SNP; what is left out may be any.</summary>
    internal sealed record TcbPart
    {
        public byte? Fmc { get; init; }

        public byte? Bootloader { get; init; }

        public byte? Tee { get; init; }

        public byte? Snp { get; init; }

        public byte? Microcode { get; init; }

        /// <exception cref="FormatException">It names nothing, or what the generation does not have.</exception>
        public SnpTcb ToTcb(SnpProcessor processor)
        {
            if (this == new TcbPart())
                throw new FormatException("a minimum names one level or more: fmc, bootloader, tee, snp, microcode");
            if (Fmc is not null && processor != SnpProcessor.Turin)
                throw new FormatException($"{processor} has no fmc; only Turin has");
            return new SnpTcb(Fmc ?? 0, Bootloader ?? 0, Tee ?? 0, Snp ?? 0, Microcode ?? 0);
        }
    }

    internal sealed record SvnPart([property: JsonRequired] int Svn);

    internal sealed record EvaluationPart([property: JsonRequired] int TcbEvaluationDataNumber);
}
