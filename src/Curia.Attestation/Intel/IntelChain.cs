using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Attestation;

/// <summary>The certificates from Intel's root to the key of a processor, and the lists of those revoked.</summary>
/// <remarks>Built from the top down: no key is used, and no extension read, before a key that is trusted has signed
/// it.</remarks>
internal static class IntelChain
{
    private const int CertificatesCount = 3;
    private const string PlatformAuthority = "Intel SGX PCK Platform CA";
    private const string ProcessorAuthority = "Intel SGX PCK Processor CA";

    /// <summary>Builds the chain in a quote check by check; null when one fails.</summary>
    public static Endorsed<PckCertificate>? Build(
        ReadOnlyMemory<byte> pem,
        IntelEndorsements endorsements,
        IntelPolicy policy,
        DateTimeOffset at,
        Appraisal checks)
    {
        // Some writers of quotes end the text, behind its last line, with a zero byte, as C does.
        ReadOnlySpan<byte> text = pem.Span.EndsWith("\n\0"u8) ? pem.Span[..^1] : pem.Span;
        if (!Read(text, checks, out IReadOnlyList<ReadOnlyMemory<byte>> ders, out List<VendorCertificate> chain)
            || !checks.Require("pck-chain-apart", IntelSource.Endorsements, IsTheSame(endorsements.PckChain, ders),
                "pck-chain-mismatch"))
        {
            return null;
        }

        (VendorCertificate leaf, VendorCertificate authority, VendorCertificate root) = (chain[0], chain[1], chain[2]);
        CertificatePath path = new(root, authority, leaf);
        if (!checks.Require("root-pinned", IntelSource.Endorsements, policy.Roots.IsPinned(root), "untrusted-root",
                $"{root.Subject}, SHA-256 {root.Fingerprint}")
            || !SignaturesHold(root, authority, leaf, checks)
            || !path.HasRights(checks) || !path.IsValidAt(at, checks))
        {
            return null;
        }

        Period period = path.Period;
        RevocationCheck lists = new(policy, at, checks);
        if (!lists.RootListHolds(endorsements.RootRevocationList, root, authority, ref period)
            || !lists.PckListHolds(endorsements.PckRevocationList, authority, leaf, ref period)
            || !checks.Require("leaf-extensions", IntelSource.Endorsements,
                PckCertificate.TryRead(leaf, out PckCertificate? pck), "leaf-extensions-invalid", leaf.Subject))
        {
            return null;
        }

        return new Endorsed<PckCertificate>(pck!, period);
    }

    /// <summary>The subject of the authority for platforms with several processors, or for single ones.</summary>
    public static string AuthorityName(bool platformCa) => platformCa ? PlatformAuthority : ProcessorAuthority;

    /// <summary>Whether a certificate is one of the roots, byte for byte.</summary>
    public static bool IsPinned(this IReadOnlyList<IntelRoot> roots, VendorCertificate certificate) =>
        roots.Any(root => root.Certificate.Der.Span.SequenceEqual(certificate.Der.Span));

    // Leaf, authority, root, in this order and nothing else, as the quoting enclave writes them.
    private static bool Read(
        ReadOnlySpan<byte> text,
        Appraisal checks,
        out IReadOnlyList<ReadOnlyMemory<byte>> ders,
        out List<VendorCertificate> chain)
    {
        chain = [];
        if (!checks.Require("chain-certificates", IntelSource.Endorsements,
                PemCertificates.TryDecodeAscii(text, out ders), "chain-malformed")
            || !checks.Require("chain-complete", IntelSource.Endorsements, ders.Count == CertificatesCount,
                "chain-incomplete", $"{ders.Count} certificates"))
        {
            return false;
        }

        foreach (ReadOnlyMemory<byte> der in ders)
        {
            if (VendorCertificate.TryDecode(der.Span, out VendorCertificate? certificate)) chain.Add(certificate!);
        }

        return checks.Require("chain-decoded", IntelSource.Path, chain.Count == CertificatesCount, "chain-malformed");
    }

    private static bool IsTheSame(ReadOnlyMemory<byte>? apart, IReadOnlyList<ReadOnlyMemory<byte>> ders)
    {
        if (apart is not { } pem) return true;
        return PemCertificates.TryDecodeAscii(pem.Span, out IReadOnlyList<ReadOnlyMemory<byte>> others)
            && others.Count == ders.Count
            && others.Zip(ders).All(pair => pair.First.Span.SequenceEqual(pair.Second.Span));
    }

    private static bool SignaturesHold(
        VendorCertificate root, VendorCertificate authority, VendorCertificate leaf, Appraisal checks) =>
        checks.Require("root-signature", IntelSource.Path, root.IsIssuedBy(root), "root-signature-invalid")
        && checks.Require("signer-name", IntelSource.Endorsements,
            authority.Subject is PlatformAuthority or ProcessorAuthority, "chain-name-mismatch", authority.Subject)
        && checks.Require("signer-signature", IntelSource.Path, authority.IsIssuedBy(root), "chain-signature-invalid",
            authority.Subject)
        && checks.Require("leaf-signature", IntelSource.Path, leaf.IsIssuedBy(authority), "leaf-signature-invalid",
            leaf.Subject);
}

/// <summary>The revocation lists of a chain (RFC 5280 section 6.3).</summary>
internal sealed class RevocationCheck(IntelPolicy policy, DateTimeOffset at, Appraisal checks)
{
    /// <summary>The root's list holds, and revokes neither it nor the authority below.</summary>
    public bool RootListHolds(
        ReadOnlyMemory<byte>? der, VendorCertificate root, VendorCertificate authority, ref Period period)
    {
        if (der is not { } bytes)
        {
            bool waived = !policy.RequiredCollateral.HasFlag(IntelCollateral.RootRevocationList);
            return checks.Require(
                Check.NameOf("root-crl", waived), IntelSource.Policy, waived, "root-crl-missing", "none was given");
        }

        if (!checks.Require("root-crl", IntelSource.Revocation,
                RevocationList.TryDecode(bytes.Span, out RevocationList? list), "root-crl-malformed")
            || !checks.Require("root-crl-signature", IntelSource.Revocation, list!.IsIssuedBy(root),
                "root-crl-signature-invalid")
            || !checks.Require("root-crl-not-before", IntelSource.Revocation, list.ThisUpdate <= at,
                "root-crl-not-yet-valid", $"from {list.ThisUpdate:u}")
            || !checks.Require("root-crl-not-after", IntelSource.Revocation, at <= list.NextUpdate,
                "root-crl-expired", $"until {list.NextUpdate:u}")
            || (policy.RevocationListsSince is { } since && !checks.Require("root-crl-age", IntelSource.Policy,
                list.ThisUpdate >= since, "root-crl-too-old", $"of {list.ThisUpdate:u}; since {since:u}")))
        {
            return false;
        }

        period = period.And(list.ThisUpdate, list.NextUpdate);
        return checks.Require("signer-not-revoked", IntelSource.Revocation,
            !list.Revokes(authority) && !list.Revokes(root), "signer-revoked", $"{list.Count} revoked");
    }

    /// <summary>The authority's list holds, and does not revoke the leaf.</summary>
    public bool PckListHolds(
        ReadOnlyMemory<byte>? der, VendorCertificate authority, VendorCertificate leaf, ref Period period)
    {
        if (der is not { } bytes)
        {
            bool waived = !policy.RequiredCollateral.HasFlag(IntelCollateral.PckRevocationList);
            return checks.Require(
                Check.NameOf("pck-crl", waived), IntelSource.Policy, waived, "pck-crl-missing", "none was given");
        }

        if (!checks.Require("pck-crl", IntelSource.Revocation,
                RevocationList.TryDecode(bytes.Span, out RevocationList? list), "pck-crl-malformed")
            || !checks.Require("pck-crl-signature", IntelSource.Revocation, list!.IsIssuedBy(authority),
                "pck-crl-signature-invalid")
            || !checks.Require("pck-crl-not-before", IntelSource.Revocation, list.ThisUpdate <= at,
                "pck-crl-not-yet-valid", $"from {list.ThisUpdate:u}")
            || !checks.Require("pck-crl-not-after", IntelSource.Revocation, at <= list.NextUpdate,
                "pck-crl-expired", $"until {list.NextUpdate:u}")
            || (policy.RevocationListsSince is { } since && !checks.Require("pck-crl-age", IntelSource.Policy,
                list.ThisUpdate >= since, "pck-crl-too-old", $"of {list.ThisUpdate:u}; since {since:u}")))
        {
            return false;
        }

        period = period.And(list.ThisUpdate, list.NextUpdate);
        return checks.Require("leaf-not-revoked", IntelSource.Revocation, !list.Revokes(leaf), "leaf-revoked",
            $"{list.Count} revoked");
    }
}
