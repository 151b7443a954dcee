using System;
using System.Linq;
using Curia.Attestation;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>What must be true of policies and reference values, so that some evidence can pass and none that nobody
/// should take.</summary>
internal static class PolicyRules
{
    private const int VmplMax = 3;
    private const int KeyDigestSize = 48;
    private const int SnpHostDataSize = 32;
    private const int TdxHostDataSize = 144;
    private const int SnpMeasurementSize = 48;

    public static void Check(PlatformPolicies policies)
    {
        if (policies.Snp is { } snp) Check(snp);
        if (policies.Tdx is { } tdx) Check(tdx);
        if (policies.Virtual is not { } played) return;
        RequireRoots(played.Root == VirtualPlatform.KeyDigest, "platforms.virtual");
        CharterRules.RequireShort(played.MinimumTcb, 0, "platforms.virtual.minimum_tcb");
        foreach ((string name, int svn) in played.MinimumTcb)
        {
            string path = CharterRules.At("platforms.virtual.minimum_tcb", name);
            CharterRules.Require(VirtualEvidence.IsName(name), CharterFault.UnknownPlatform, path,
                "is no name that a virtual node plays");
            CharterRules.RequireRange(svn, 0, ushort.MaxValue, path);
        }
    }

    /// <summary>Whether the policy takes nodes of this name at all.</summary>
    public static bool Takes(PlatformPolicies policies, string platform) =>
        !VirtualEvidence.IsName(platform) || policies.Virtual is not { MinimumTcb: { Count: > 0 } minimum }
            || minimum.ContainsKey(platform);

    public static void Check(CodeReference reference, string platform, string path)
    {
        bool isSnp = platform == "snp";
        CharterRules.Require(reference.Measurement is null != reference.Endorser is null,
            CharterFault.AmbiguousReference, path, "has both a measurement and an endorser, or neither");
        if (reference.Measurement is { } measurement)
        {
            int size = platform == VirtualPlatform.Name ? Digest.Size : SnpMeasurementSize;
            CharterRules.Require(measurement.Bytes.Length == size, CharterFault.BadReference, $"{path}.measurement",
                $"has {measurement.Bytes.Length} bytes, and on {platform} it has {size}");
        }

        if (reference.Endorser is { } endorser)
        {
            CharterRules.Require(isSnp, CharterFault.BadReference, $"{path}.endorser", "is of snp alone");

            // Whoever endorses a machine says nothing of the program in it: that is in the host's data.
            CharterRules.Require(reference.HostData is not null, CharterFault.BadReference, path,
                "has an endorser and no host_data, so any program would pass");
            CharterRules.RequireLine(endorser.Purpose, $"{path}.endorser.purpose");
            CharterRules.RequireLine(endorser.Feed, $"{path}.endorser.feed");
            CharterRules.Require(endorser.MinimumSvn <= int.MaxValue, CharterFault.OutOfBounds,
                $"{path}.endorser.minimum_svn", "is too much");
        }

        int hostDataSize = platform == "tdx" ? TdxHostDataSize : SnpHostDataSize;
        CharterRules.Require(reference.HostData is not { } data || data.Length == hostDataSize,
            CharterFault.BadReference, $"{path}.host_data", $"has not {hostDataSize} bytes, as on {platform}");
        CharterRules.Require(
            reference.RuntimeMeasurements.Count == 0 || (platform == "tdx" && reference.RuntimeMeasurements.All(
                one => one.Key is >= 0 and <= 3 && one.Value.Bytes.Length == SnpMeasurementSize)),
            CharterFault.BadReference, $"{path}.runtime_measurements",
            "are of tdx alone: registers 0 to 3, 48 bytes each");
    }

    // They are not in the encoding, so a charter with others would not say what it means.
    private static void RequireRoots(bool areOurs, string path) => CharterRules.Require(
        areOurs, CharterFault.BadPolicy, path, "has other roots than the program, whose measurement they are part of");

    private static void Check(SnpPolicy policy)
    {
        const string path = "platforms.snp";
        RequireRoots(policy.Roots.SequenceEqual(SnpRoot.Amd), path);
        CharterRules.RequireShort(policy.Providers, 0, $"{path}.providers");
        foreach (string provider in policy.Providers ?? []) CharterRules.RequireLine(provider, $"{path}.providers");
        CharterRules.RequireShort(policy.Processors, 1, $"{path}.processors");
        CharterRules.Require(
            (policy.Processors ?? []).All(Enum.IsDefined) && policy.MinimumTcb.Keys.All(Enum.IsDefined),
            CharterFault.UnknownValue, $"{path}.processors", "has a generation that is not known");
        CharterRules.Require(policy.MinimumGuestSvn <= int.MaxValue, CharterFault.OutOfBounds,
            $"{path}.minimum_guest_svn", "is too much");
        CharterRules.Require(policy.MinimumUvmSvn <= int.MaxValue, CharterFault.OutOfBounds,
            $"{path}.minimum_uvm_svn", "is too much");
        CharterRules.RequireShort(policy.Vmpls, 1, $"{path}.vmpls");
        CharterRules.Require(policy.Vmpls.All(level => level <= VmplMax), CharterFault.BadPolicy, $"{path}.vmpls",
            "has a privilege level that there is not; there are 0 to 3");
        const SnpGuestPolicy never = SnpGuestPolicy.DebugAllowed;
        CharterRules.Require(!policy.RequiredGuestPolicy.HasFlag(never), CharterFault.BadPolicy,
            $"{path}.required_guest_policy", "wants guests that may be debugged, and no evidence of those passes");
        CharterRules.Require((policy.RequiredGuestPolicy & policy.ForbiddenGuestPolicy) == 0, CharterFault.BadPolicy,
            $"{path}.forbidden_guest_policy", "forbids what required_guest_policy wants");
        CharterRules.Require((policy.RequiredPlatformInfo & policy.ForbiddenPlatformInfo) == 0, CharterFault.BadPolicy,
            $"{path}.forbidden_platform_info", "forbids what required_platform_info wants");
        CharterRules.RequireShort(policy.IdKeyDigests, 1, $"{path}.id_key_digests");
        CharterRules.RequireShort(policy.AuthorKeyDigests, 1, $"{path}.author_key_digests");
        CharterRules.Require((policy.IdKeyDigests ?? []).All(one => one.Length == KeyDigestSize),
            CharterFault.BadPolicy, $"{path}.id_key_digests", "has something that is no SHA-384");
        CharterRules.Require((policy.AuthorKeyDigests ?? []).All(one => one.Length == KeyDigestSize),
            CharterFault.BadPolicy, $"{path}.author_key_digests", "has something that is no SHA-384");
    }

    private static void Check(TdxPolicy policy)
    {
        const string path = "platforms.tdx";
        RequireRoots(policy.Roots.SequenceEqual(IntelRoot.Intel), path);
        CharterRules.Require((policy.RequiredCollateral & ~IntelCollateral.All) == 0, CharterFault.UnknownValue,
            $"{path}.required_collateral", "has a part that is not known");
        CharterRules.RequireShort(policy.AcceptedTcbStatuses, 1, $"{path}.accepted_tcb_statuses");
        CharterRules.Require(policy.AcceptedTcbStatuses.All(Enum.IsDefined), CharterFault.UnknownValue,
            $"{path}.accepted_tcb_statuses", "has a status that is not known");
        CharterRules.Require(!policy.AcceptedTcbStatuses.Contains(TcbStatus.Revoked), CharterFault.BadPolicy,
            $"{path}.accepted_tcb_statuses", "takes what Intel has revoked");
        CharterRules.RequireRange(
            policy.MinimumTcbEvaluationNumber, 0, int.MaxValue, $"{path}.minimum_tcb_evaluation_number");
        CharterRules.Require((policy.RequiredXfam & policy.ForbiddenXfam) == 0, CharterFault.BadPolicy,
            $"{path}.forbidden_xfam", "forbids what required_xfam wants");
        CharterRules.Require((policy.RequiredAttributes & ~policy.AllowedAttributes) == 0, CharterFault.BadPolicy,
            $"{path}.allowed_attributes", "does not allow what required_attributes wants");
        CharterRules.RequireShort(policy.Modules, 1, $"{path}.modules");
    }
}
