using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>One folder of evidence of TDX or SGX that others have published (vectors/attestation/README.md).</summary>
internal sealed class IntelCase
{
    private readonly string kind;
    private readonly string name;
    private readonly JsonElement root;
    private readonly string? collateralFrom;
    private readonly EvidenceBundle bundle;

    private IntelCase(string kind, string name)
    {
        this.kind = kind;
        this.name = name;
        root = VectorFolder.ReadCase(kind, name);

        // A derived quote may leave out the collateral that it has in common with the one that it was made from.
        collateralFrom = root.TryGetProperty("collateral_from", out JsonElement from) ? from.GetString() : null;
        bundle = new EvidenceBundle(file => File(file) is { } bytes ? bytes : (ReadOnlyMemory<byte>?)null);
    }

    public static IntelCase Read(string path)
    {
        string[] parts = path.Split('/');
        return new IntelCase(parts[0], parts[1]);
    }

    public static IEnumerable<string> Names =>
        from kind in (string[])["sgx", "tdx"]
        from name in VectorFolder.Names(kind)
        select $"{kind}/{name}";

    public bool IsTdx => kind == "tdx";

    public bool IsAccepted => Field("verdict") is { } verdict
        ? verdict == "accept"
        : Field("verdict_quote_only") == "accept";

    public bool IsDebugged => root.GetProperty("expected").GetProperty("debug").GetBoolean();

    /// <summary>What the folder names as the reason, for people.</summary>
    public string ExpectedReason => Field("reason")
        ?? string.Join("; ", root.GetProperty("expected").GetProperty("reasons").EnumerateArray());

    public DateTimeOffset At => Moment(root.GetProperty("verify_at").GetString()!);

    public AttestationPlatform Platform => IsTdx ? AttestationPlatform.Tdx : AttestationPlatform.Sgx;

    /// <summary>The collateral that the folder has not.</summary>
    public IntelCollateral Missing
    {
        get
        {
            IntelEndorsements here = Endorsements;
            return (here.RootRevocationList is null ? IntelCollateral.RootRevocationList : 0)
                | (here.PckRevocationList is null ? IntelCollateral.PckRevocationList : 0)
                | (here.QeIdentity is null ? IntelCollateral.QeIdentity : 0)
                | (here.TcbInfo is null ? IntelCollateral.TcbInfo : 0);
        }
    }

    /// <summary>What its source published without: a strict verifier takes such a case only when its policy says that
    /// it goes without. The folder of a derived case that leaves a part out is there to be refused for that.</summary>
    public IntelCollateral MissingAtSource
    {
        get
        {
            if (root.TryGetProperty("derived_from", out JsonElement from))
            {
                string source = from.GetString()!.Split(' ')[0];
                return new IntelCase(kind, source).Missing;
            }

            return Missing;
        }
    }

    public IntelEndorsements Endorsements
    {
        get
        {
            Assert.True(bundle.TryGetTdx(out _, out IntelEndorsements? endorsements, out string missing), missing);
            return endorsements!;
        }
    }

    public byte[] Quote => File("quote.bin")!;

    /// <summary>What an accepted case says of itself.</summary>
    public ReferenceValues Reference => new()
    {
        Measurements = Hex("measurement") is { } measurement ? [new Measurement(measurement)] : null,
        ReportData = Hex("report_data") is { } data ? data : (ReadOnlyMemory<byte>?)null,
        HostData = HostData is { } host ? host : (ReadOnlyMemory<byte>?)null,
        RuntimeMeasurements = Registers is { } registers
            ? registers.Index().ToDictionary(pair => pair.Index, pair => new Measurement(pair.Item))
            : null,
    };

    public string? Field(string field) => root.GetProperty("expected").TryGetProperty(field, out JsonElement value)
        ? value.GetString()
        : null;

    public byte[]? Hex(string field) => Field(field) is { } hex ? Convert.FromHexString(hex) : null;

    public JsonElement Tcb => root.GetProperty("tcb");

    public JsonElement Evaluation => root.GetProperty("collateral").GetProperty("evaluation");

    public AttestationResult Appraise(
        IntelCollateral required,
        ReferenceValues? reference = null,
        byte[]? quote = null,
        IntelEndorsements? endorsements = null,
        EndorsementCache? cache = null,
        DateTimeOffset? at = null,
        IReadOnlyList<TcbStatus>? statuses = null)
    {
        ReferenceValues expected = reference ?? ReferenceValues.None;
        IntelEndorsements given = endorsements ?? Endorsements;
        IReadOnlyList<TcbStatus> taken = statuses ?? TdxPolicy.Strict.AcceptedTcbStatuses;
        if (!IsTdx)
        {
            Assert.True(bundle.TryGetSgx(out SgxEvidence? enclave, out _, out _));
            SgxPolicy sgx = SgxPolicy.Strict with { RequiredCollateral = required, AcceptedTcbStatuses = taken };
            return SgxVerifier.Appraise(
                quote is null ? enclave! : new SgxEvidence { Quote = quote }, given, expected, sgx, at ?? At, cache);
        }

        Assert.True(bundle.TryGetTdx(out TdxEvidence? domain, out _, out _));
        TdxPolicy tdx = TdxPolicy.Strict with { RequiredCollateral = required, AcceptedTcbStatuses = taken };
        return TdxVerifier.Appraise(
            quote is null ? domain! : domain! with { Quote = quote }, given, expected, tdx, at ?? At, cache);
    }

    public byte[]? File(string file) => VectorFolder.Find($"{kind}/{name}/{file}")
        ?? (collateralFrom is not null && file.StartsWith("collateral/", StringComparison.Ordinal)
            ? VectorFolder.Find($"{kind}/{collateralFrom}/{file}")
            : null);

    private byte[]? HostData => root.GetProperty("expected").TryGetProperty("host_data", out JsonElement host)
        && host.ValueKind == JsonValueKind.Object
        ? [.. ((string[])["mr_config_id", "mr_owner", "mr_owner_config"]).SelectMany(
            part => Convert.FromHexString(host.GetProperty(part).GetString()!))]
        : null;

    private byte[][]? Registers => root.GetProperty("expected").TryGetProperty("rtmrs", out JsonElement registers)
        ? [.. registers.EnumerateArray().Select(register => Convert.FromHexString(register.GetString()!))]
        : null;

    private static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
