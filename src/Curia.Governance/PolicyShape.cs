using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Curia.Attestation;

namespace Curia.Governance;

/// <summary>Appraisal policies as part of a charter, every field of them: what is left out of a description is as
/// strict as it can be (docs/attestation.md, "Policies"), and then stands in the encoding.</summary>
internal static class PolicyShape
{
    private const string ProcessorsField = "processors";
    private const string SinceField = "revocation_lists_since";
    private const string AnyTime = "any";
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    private static readonly Dictionary<string, SnpProcessor> processors =
        Enum.GetValues<SnpProcessor>().ToDictionary(one => one.ToString(), StringComparer.Ordinal);

    private static readonly Dictionary<string, TcbStatus> statuses = new(StringComparer.Ordinal)
    {
        ["UpToDate"] = TcbStatus.UpToDate,
        ["SWHardeningNeeded"] = TcbStatus.SwHardeningNeeded,
        ["ConfigurationNeeded"] = TcbStatus.ConfigurationNeeded,
        ["ConfigurationAndSWHardeningNeeded"] = TcbStatus.ConfigurationAndSwHardeningNeeded,
        ["OutOfDate"] = TcbStatus.OutOfDate,
        ["OutOfDateConfigurationNeeded"] = TcbStatus.OutOfDateConfigurationNeeded,
        ["Revoked"] = TcbStatus.Revoked,
    };

    private static readonly Dictionary<string, IntelCollateral> collateral = new(StringComparer.Ordinal)
    {
        ["root_crl"] = IntelCollateral.RootRevocationList,
        ["pck_crl"] = IntelCollateral.PckRevocationList,
        ["qe_identity"] = IntelCollateral.QeIdentity,
        ["tcb_info"] = IntelCollateral.TcbInfo,
    };

    public static CharterValue Write(PlatformPolicies policies) => CharterValue.OfFields(
        ("snp", policies.Snp is { } snp ? Write(snp) : null),
        ("tdx", policies.Tdx is { } tdx ? Write(tdx) : null),
        ("virtual", policies.Virtual is { } played ? Write(played) : null));

    public static PlatformPolicies Read(CharterFields fields) => new(
        fields.SectionOrNull("snp") is { } snp ? ReadSnp(snp) : null,
        fields.SectionOrNull("tdx") is { } tdx ? ReadTdx(tdx) : null,
        fields.SectionOrNull("virtual") is { } played ? ReadVirtual(played) : null);

    private static CharterValue Write(SnpPolicy policy) => CharterValue.OfFields(
        ("revocation_list_required", CharterValue.Of(policy.RevocationListRequired)),
        (SinceField, WriteSince(policy.RevocationListsSince)),
        ("providers", CharterFields.SetOrAny(policy.Providers, CharterValue.Of)),
        (ProcessorsField, CharterFields.SetOrAny(policy.Processors, one => CharterValue.Of(one.ToString()))),
        ("minimum_tcb", CharterValue.OfNamed(
            policy.MinimumTcb.Select(one => KeyValuePair.Create(one.Key.ToString(), one.Value)), Write)),
        ("minimum_firmware", Write(policy.MinimumFirmware ?? default)),
        ("minimum_guest_svn", new CharterValue.Number(policy.MinimumGuestSvn)),
        ("minimum_uvm_svn", new CharterValue.Number(policy.MinimumUvmSvn)),
        ("vmpls", CharterValue.OfSet(policy.Vmpls.Select(one => new CharterValue.Number(one)))),
        ("masked_chip_id_allowed", CharterValue.Of(policy.MaskedChipIdAllowed)),
        ("migration_agent_allowed", CharterValue.Of(policy.MigrationAgentAllowed)),
        ("required_guest_policy", Bits((ulong)policy.RequiredGuestPolicy)),
        ("forbidden_guest_policy", Bits((ulong)policy.ForbiddenGuestPolicy)),
        ("required_platform_info", Bits((ulong)policy.RequiredPlatformInfo)),
        ("forbidden_platform_info", Bits((ulong)policy.ForbiddenPlatformInfo)),
        ("required_mitigations", Bits(policy.RequiredMitigations)),
        ("id_key_digests", CharterFields.SetOrAny(policy.IdKeyDigests, one => CharterValue.Of(one.Span))),
        ("author_key_digests", CharterFields.SetOrAny(policy.AuthorKeyDigests, one => CharterValue.Of(one.Span))));

    private static SnpPolicy ReadSnp(CharterFields fields)
    {
        SnpPolicy usual = SnpPolicy.Strict;
        SnpPolicy policy = usual with
        {
            RevocationListRequired = fields.Flag("revocation_list_required", usual.RevocationListRequired),
            RevocationListsSince = ReadSince(fields),
            Providers = fields.ListOrAny("providers", CharterFields.AsText, usual.Providers),
            Processors = fields.ListOrAny(
                ProcessorsField, (value, path) => CharterFields.Word(value, path, processors), usual.Processors),
            MinimumTcb = ReadMinimumTcb(fields),
            MinimumFirmware = ReadFirmware(fields.Section("minimum_firmware")),
            MinimumGuestSvn = (uint)fields.Number("minimum_guest_svn", 0),
            MinimumUvmSvn = (ulong)fields.Number("minimum_uvm_svn", 0),
            Vmpls = fields.List("vmpls", (value, path) => (uint)CharterFields.AsNumber(value, path), usual.Vmpls),
            MaskedChipIdAllowed = fields.Flag("masked_chip_id_allowed", usual.MaskedChipIdAllowed),
            MigrationAgentAllowed = fields.Flag("migration_agent_allowed", usual.MigrationAgentAllowed),
            RequiredGuestPolicy =
                (SnpGuestPolicy)fields.Bits("required_guest_policy", (ulong)usual.RequiredGuestPolicy),
            ForbiddenGuestPolicy =
                (SnpGuestPolicy)fields.Bits("forbidden_guest_policy", (ulong)usual.ForbiddenGuestPolicy),
            RequiredPlatformInfo =
                (SnpPlatformInfo)fields.Bits("required_platform_info", (ulong)usual.RequiredPlatformInfo),
            ForbiddenPlatformInfo =
                (SnpPlatformInfo)fields.Bits("forbidden_platform_info", (ulong)usual.ForbiddenPlatformInfo),
            RequiredMitigations = fields.Bits("required_mitigations", usual.RequiredMitigations),
            IdKeyDigests = fields.ListOrAny("id_key_digests", fields.AsBytes, usual.IdKeyDigests),
            AuthorKeyDigests = fields.ListOrAny("author_key_digests", fields.AsBytes, usual.AuthorKeyDigests),
        };
        fields.Done();
        return policy;
    }

    private static CharterValue Write(SnpTcb tcb) => CharterValue.OfFields(
        ("fmc", CharterValue.Of(tcb.Fmc)), ("bootloader", CharterValue.Of(tcb.Bootloader)),
        ("tee", CharterValue.Of(tcb.Tee)), ("snp", CharterValue.Of(tcb.Snp)),
        ("microcode", CharterValue.Of(tcb.Microcode)));

    private static Dictionary<SnpProcessor, SnpTcb> ReadMinimumTcb(CharterFields fields) =>
        fields.Named("minimum_tcb", (value, path) => (Path: path, Tcb: fields.Whole(value, path, ReadTcb)))
            .ToDictionary(
                one => CharterFields.Word(CharterValue.Of(one.Key), one.Value.Path, processors),
                one => one.Value.Tcb);

    private static SnpTcb ReadTcb(CharterFields fields) => new(
        Byte(fields, "fmc"), Byte(fields, "bootloader"), Byte(fields, "tee"), Byte(fields, "snp"),
        Byte(fields, "microcode"));

    private static CharterValue Write(SnpFirmware firmware) => CharterValue.OfFields(
        ("major", CharterValue.Of(firmware.Major)), ("minor", CharterValue.Of(firmware.Minor)),
        ("build", CharterValue.Of(firmware.Build)));

    // No firmware is older than 0.0.0, so that and none are the same minimum.
    private static SnpFirmware? ReadFirmware(CharterFields fields)
    {
        SnpFirmware firmware = new(Byte(fields, "major"), Byte(fields, "minor"), Byte(fields, "build"));
        fields.Done();
        return firmware == default ? null : firmware;
    }

    private static CharterValue Write(TdxPolicy policy) => CharterValue.OfFields(
        ("required_collateral", CharterValue.OfSet(collateral
            .Where(one => policy.RequiredCollateral.HasFlag(one.Value)).Select(one => CharterValue.Of(one.Key)))),
        ("accepted_tcb_statuses", CharterValue.OfSet(policy.AcceptedTcbStatuses.Select(
            accepted => CharterValue.Of(statuses.First(status => status.Value == accepted).Key)))),
        ("minimum_tcb_evaluation_number", CharterValue.Of(policy.MinimumTcbEvaluationNumber)),
        (SinceField, WriteSince(policy.RevocationListsSince)),
        ("allowed_attributes", Bits((ulong)policy.AllowedAttributes)),
        ("required_attributes", Bits((ulong)policy.RequiredAttributes)),
        ("required_xfam", Bits(policy.RequiredXfam)),
        ("forbidden_xfam", Bits(policy.ForbiddenXfam)),
        ("modules", CharterFields.SetOrAny(policy.Modules, one => CharterValue.Of(one.Bytes))),
        ("service_domains_allowed", CharterValue.Of(policy.ServiceDomainsAllowed)));

    private static TdxPolicy ReadTdx(CharterFields fields)
    {
        TdxPolicy usual = TdxPolicy.Strict;
        IReadOnlyList<IntelCollateral> all = [.. collateral.Values];
        TdxPolicy policy = usual with
        {
            RequiredCollateral = fields.List(
                "required_collateral", (value, path) => CharterFields.Word(value, path, collateral), all)
                .Aggregate(IntelCollateral.None, (joined, one) => joined | one),
            AcceptedTcbStatuses = fields.List(
                "accepted_tcb_statuses", (value, path) => CharterFields.Word(value, path, statuses),
                usual.AcceptedTcbStatuses),
            MinimumTcbEvaluationNumber = fields.Number("minimum_tcb_evaluation_number", 0),
            RevocationListsSince = ReadSince(fields),
            AllowedAttributes = (TdxAttributes)fields.Bits("allowed_attributes", (ulong)usual.AllowedAttributes),
            RequiredAttributes = (TdxAttributes)fields.Bits("required_attributes", (ulong)usual.RequiredAttributes),
            RequiredXfam = fields.Bits("required_xfam", usual.RequiredXfam),
            ForbiddenXfam = fields.Bits("forbidden_xfam", usual.ForbiddenXfam),
            Modules = fields.ListOrAny(
                "modules", (value, path) => CharterShape.ReadMeasurement(fields.AsBytes(value, path), path),
                usual.Modules),
            ServiceDomainsAllowed = fields.Flag("service_domains_allowed", usual.ServiceDomainsAllowed),
        };
        fields.Done();
        return policy;
    }

    private static CharterValue Write(VirtualPolicy policy) =>
        CharterValue.OfFields(("minimum_tcb", CharterValue.OfNamed(policy.MinimumTcb, CharterValue.Of)));

    private static VirtualPolicy ReadVirtual(CharterFields fields)
    {
        VirtualPolicy policy =
            VirtualPolicy.Strict with { MinimumTcb = fields.Named("minimum_tcb", CharterFields.AsNumber) };
        fields.Done();
        return policy;
    }

    private static CharterValue WriteSince(DateTimeOffset? since) => CharterValue.Of(
        since is { } moment ? moment.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture) : AnyTime);

    private static DateTimeOffset? ReadSince(CharterFields fields)
    {
        string text = fields.TextOr(SinceField, AnyTime);
        if (text == AnyTime) return null;
        return DateTimeOffset.TryParseExact(
            text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset since)
                ? since
                : throw new RefusedException(CharterFault.UnknownValue, fields.PathOf(SinceField),
                    $"is \"{CharterCbor.Shown(text)}\" and not any, or a time as 2026-11-01T00:00:00Z");
    }

    private static CharterValue.Number Bits(ulong bits) => new(bits, IsBits: true);

    private static byte Byte(CharterFields fields, string name)
    {
        int number = fields.Number(name, 0);
        return number <= byte.MaxValue
            ? (byte)number
            : throw new RefusedException(
                CharterFault.OutOfBounds, fields.PathOf(name), $"is {number}, and {byte.MaxValue} is the most");
    }
}
