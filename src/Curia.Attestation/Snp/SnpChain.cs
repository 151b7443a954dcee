using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Attestation;

/// <summary>The certificates from a pinned root to the key that signs reports, each checked by the one above
/// it.</summary>
/// <remarks>Built from the top down: no key is used, and no extension read, before a key that is trusted has signed
/// it.</remarks>
internal sealed record SnpChain(SnpRoot Root, VendorCertificate Signer, SnpEndorsementKey Leaf)
{
    private const int CertificatesMax = PemCertificates.CountMax;

    /// <summary>Builds the chain check by check; null when one fails.</summary>
    public static SnpChain? Build(
        SnpEndorsements endorsements, IReadOnlyList<SnpRoot> roots, DateTimeOffset at, Appraisal checks)
    {
        if (!checks.Require("leaf-certificate", SnpSource.Path,
            VendorCertificate.TryDecode(endorsements.Leaf.Span, out VendorCertificate? leaf), "leaf-malformed")
            || Find(endorsements, leaf!, checks) is not { } found)
        {
            return null;
        }

        CertificatePath path = new(found.Root, found.Signer, leaf!);
        SnpRoot? root = roots.FirstOrDefault(
            candidate => candidate.Certificate.Der.Span.SequenceEqual(found.Root.Der.Span));
        if (!checks.Require("root-pinned", SnpSource.Endorsements, root is not null, "untrusted-root",
            $"{found.Root.Subject}, SHA-256 {found.Root.Fingerprint}")
            || !SignaturesHold(found.Root, found.Signer, leaf!, checks)
            || !path.HasRights(checks) || !path.IsValidAt(at, checks)
            || !checks.Require("leaf-extensions", SnpSource.Endorsements,
                SnpEndorsementKey.TryRead(leaf!, out SnpEndorsementKey? key), "leaf-extensions-invalid", leaf!.Subject))
        {
            return null;
        }

        SnpChain chain = new(root!, found.Signer, key!);
        return chain.ProductsAgree(checks) ? chain : null;
    }

    // The one that the leaf names as its issuer, and the one that this one names.
    private static (VendorCertificate Signer, VendorCertificate Root)? Find(
        SnpEndorsements endorsements, VendorCertificate leaf, Appraisal checks)
    {
        List<VendorCertificate> others = [];
        foreach (ReadOnlyMemory<byte> der in endorsements.Chain.Take(CertificatesMax + 1))
        {
            if (VendorCertificate.TryDecode(der.Span, out VendorCertificate? other)) others.Add(other!);
        }

        if (!checks.Require("chain-certificates", SnpSource.Endorsements,
            endorsements.Chain.Count <= CertificatesMax && others.Count == endorsements.Chain.Count,
            "chain-malformed", $"{endorsements.Chain.Count} certificates beside the leaf")
            || !checks.Require("chain-complete", SnpSource.Endorsements, others.Count >= 2, "chain-incomplete",
                string.Join(", ", others.Select(other => other.Subject))))
        {
            return null;
        }

        VendorCertificate? signer = others.Find(leaf.NamesAsIssuer);
        if (!checks.Require("leaf-issuer", SnpSource.Path, signer is not null, "leaf-not-issued-by-chain",
            $"issuer {leaf.Issuer}"))
        {
            return null;
        }

        VendorCertificate? root = others.Find(signer!.NamesAsIssuer);
        return checks.Require("signer-issuer", SnpSource.Path, root is not null, "chain-incomplete",
            $"issuer {signer!.Issuer}") ? (signer!, root!) : null;
    }

    private static bool SignaturesHold(
        VendorCertificate root, VendorCertificate signer, VendorCertificate leaf, Appraisal checks) =>
        checks.Require("root-signature", SnpSource.Path, root.IsIssuedBy(root), "root-signature-invalid")
        && checks.Require("signer-signature", SnpSource.Path, signer.IsIssuedBy(root), "chain-signature-invalid",
            signer.Subject)
        && checks.Require("leaf-signature", SnpSource.Path, leaf.IsIssuedBy(signer), "leaf-signature-invalid",
            leaf.Subject);

    // A VLEK has a signing key of its own: with that of VCEKs a provider could speak for single processors.
    private bool ProductsAgree(Appraisal checks)
    {
        string expected = Leaf.Kind == SnpKeyKind.Vlek ? $"SEV-VLEK-{Root.Processor}" : $"SEV-{Root.Processor}";
        return checks.Require("signer-name", SnpSource.Endorsements, Signer.Subject == expected,
                "chain-product-mismatch", $"{Signer.Subject}, {expected} expected")
            && checks.Require("leaf-product", SnpSource.Endorsements, Leaf.Processor == Root.Processor,
                "leaf-product-mismatch", $"{Leaf.Processor}, {Root.Processor} expected");
    }
}
