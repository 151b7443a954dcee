using System;

namespace Curia.Attestation;

/// <summary>The three certificates of a vendor's chain: what they may do, and when, is asked in the same way of each
/// vendor (RFC 5280 section 6.1).</summary>
/// <param name="Root">The one that is pinned.</param>
/// <param name="Signer">The authority that it endorses.</param>
/// <param name="Leaf">The certificate of the key of a processor or a provider.</param>
internal sealed record CertificatePath(VendorCertificate Root, VendorCertificate Signer, VendorCertificate Leaf)
{
    /// <summary>The two authorities may sign those below them, the leaf may not, and no critical extension is
    /// unknown.</summary>
    public bool HasRights(Appraisal checks) =>
        checks.Require("certificate-rights", SnpSource.Path,
            Root.MayHaveBelow(authorities: 1) && Signer.MayHaveBelow(authorities: 0) && !Leaf.IsAuthority
                && Root.IsUnderstood && Signer.IsUnderstood && Leaf.IsUnderstood,
            "certificate-rights");

    /// <summary>All three are valid at a time.</summary>
    public bool IsValidAt(DateTimeOffset at, Appraisal checks) =>
        checks.Require("chain-not-before", SnpSource.Validity, Root.NotBefore <= at && Signer.NotBefore <= at,
            "chain-certificate-not-yet-valid")
        && checks.Require("chain-not-after", SnpSource.Validity, at <= Root.NotAfter && at <= Signer.NotAfter,
            "chain-certificate-expired")
        && checks.Require("leaf-not-before", SnpSource.Validity, Leaf.NotBefore <= at, "leaf-not-yet-valid",
            $"from {Leaf.NotBefore:u}")
        && checks.Require("leaf-not-after", SnpSource.Validity, at <= Leaf.NotAfter, "leaf-expired",
            $"until {Leaf.NotAfter:u}");

    /// <summary>When all three are valid.</summary>
    public Period Period => Period.Always.And(Root).And(Signer).And(Leaf);
}
