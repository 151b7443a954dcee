using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Cryptography;

namespace Curia.Attestation;

/// <summary>Whether what is said to be of a vendor is: signed along a chain up to a pinned root, and for what it was
/// asked for. For who keeps endorsements: dates and revocations are the business of an appraisal. Nothing
/// throws.</summary>
public static class EndorsementOrigin
{
    private const int ChainCount = 2;

    /// <summary>A root of AMD and the signing key that it endorses, and nothing else.</summary>
    /// <param name="certificates">DER, in any order.</param>
    /// <param name="processor">The generation.</param>
    /// <param name="kind">Which keys the signing key signs.</param>
    /// <param name="roots">The roots that are believed.</param>
    public static bool IsAmdChain(
        IReadOnlyList<ReadOnlyMemory<byte>> certificates, SnpProcessor processor, SnpKeyKind kind,
        IReadOnlyList<SnpRoot> roots)
    {
        ArgumentNullException.ThrowIfNull(roots);
        if (!TryRead(certificates, out VendorCertificate first, out VendorCertificate second)) return false;
        string name = kind == SnpKeyKind.Vlek ? $"SEV-VLEK-{processor}" : $"SEV-{processor}";
        return Ends(first, second) || Ends(second, first);

        bool Ends(VendorCertificate signer, VendorCertificate root) => signer.Subject == name
            && roots.Any(one => one.Processor == processor && IsSame(one.Certificate, root))
            && MayEndorse(root, signer);
    }

    /// <summary>The certificate of the key of one processor at one TCB.</summary>
    /// <param name="der">The certificate.</param>
    /// <param name="key">Which key it must be of.</param>
    /// <param name="chain">What <see cref="IsAmdChain"/> has said yes to.</param>
    public static bool IsAmdKey(
        ReadOnlyMemory<byte> der, SnpKeyName key, IReadOnlyList<ReadOnlyMemory<byte>> chain)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(chain);
        return VendorCertificate.TryDecode(der.Span, out VendorCertificate? leaf)
            && chain.Any(one => VendorCertificate.TryDecode(one.Span, out VendorCertificate? signer)
                && leaf!.IsIssuedBy(signer!))
            && SnpEndorsementKey.TryRead(leaf!, out SnpEndorsementKey? read)
            && read!.IsNamed(key);
    }

    /// <summary>A revocation list of AMD's root.</summary>
    /// <param name="der">The list.</param>
    /// <param name="processor">The generation.</param>
    /// <param name="roots">The roots that are believed.</param>
    public static bool IsAmdList(ReadOnlyMemory<byte> der, SnpProcessor processor, IReadOnlyList<SnpRoot> roots)
    {
        ArgumentNullException.ThrowIfNull(roots);
        return RevocationList.TryDecode(der.Span, out RevocationList? list)
            && roots.Any(root => root.Processor == processor && list!.IsIssuedBy(root.Certificate));
    }

    /// <summary>A revocation list of Intel's root.</summary>
    /// <param name="der">The list.</param>
    /// <param name="roots">The roots that are believed.</param>
    public static bool IsIntelRootList(ReadOnlyMemory<byte> der, IReadOnlyList<IntelRoot> roots)
    {
        ArgumentNullException.ThrowIfNull(roots);
        return RevocationList.TryDecode(der.Span, out RevocationList? list)
            && roots.Any(root => list!.IsIssuedBy(root.Certificate));
    }

    /// <summary>A revocation list of an authority that certifies processors.</summary>
    /// <param name="der">The list.</param>
    /// <param name="chain">The authority and the root, DER.</param>
    /// <param name="platformCa">Whether it is that of platforms with several processors.</param>
    /// <param name="roots">The roots that are believed.</param>
    public static bool IsIntelPckList(
        ReadOnlyMemory<byte> der, IReadOnlyList<ReadOnlyMemory<byte>> chain, bool platformCa,
        IReadOnlyList<IntelRoot> roots)
    {
        ArgumentNullException.ThrowIfNull(roots);
        return TryRead(chain, out VendorCertificate authority, out VendorCertificate root) && roots.IsPinned(root)
            && authority.Subject == IntelChain.AuthorityName(platformCa) && MayEndorse(root, authority)
            && RevocationList.TryDecode(der.Span, out RevocationList? list) && list!.IsIssuedBy(authority);
    }

    /// <summary>Intel's security versions of one kind of platform.</summary>
    /// <param name="json">The document.</param>
    /// <param name="chain">Its signer and the root, DER.</param>
    /// <param name="platform">TDX or SGX.</param>
    /// <param name="fmspc">The kind of platform: 6 bytes.</param>
    /// <param name="roots">The roots that are believed.</param>
    public static bool IsIntelTcbInfo(
        ReadOnlyMemory<byte> json, IReadOnlyList<ReadOnlyMemory<byte>> chain, AttestationPlatform platform,
        ReadOnlyMemory<byte> fmspc, IReadOnlyList<IntelRoot> roots) =>
        TryReadSigned(json, "tcbInfo", chain, roots, out ReadOnlyMemory<byte> content)
        && TcbInfo.TryDecode(content, out TcbInfo? info) && info!.Platform == platform
        && info.Fmspc.Span.SequenceEqual(fmspc.Span);

    /// <summary>Intel's identity of the quoting enclave.</summary>
    /// <param name="json">The document.</param>
    /// <param name="chain">Its signer and the root, DER.</param>
    /// <param name="platform">TDX or SGX.</param>
    /// <param name="roots">The roots that are believed.</param>
    public static bool IsIntelQeIdentity(
        ReadOnlyMemory<byte> json, IReadOnlyList<ReadOnlyMemory<byte>> chain, AttestationPlatform platform,
        IReadOnlyList<IntelRoot> roots) =>
        TryReadSigned(json, "enclaveIdentity", chain, roots, out ReadOnlyMemory<byte> content)
        && QeIdentity.TryDecode(content, out QeIdentity? identity) && identity!.Platform == platform;

    private static bool TryReadSigned(
        ReadOnlyMemory<byte> json, string name, IReadOnlyList<ReadOnlyMemory<byte>> chain,
        IReadOnlyList<IntelRoot> roots, out ReadOnlyMemory<byte> content)
    {
        ArgumentNullException.ThrowIfNull(roots);
        content = default;
        if (!TryRead(chain, out VendorCertificate signer, out VendorCertificate root) || !roots.IsPinned(root)
            || signer.Subject != CollateralCheck.SignerName || signer.IsAuthority || !signer.IsIssuedBy(root)
            || !SignedJson.TryRead(json, name, out SignedJson? signed)
            || !SignatureVerifier.TryFromSubjectPublicKeyInfo(
                signer.SubjectPublicKeyInfo.Span, out SignatureVerifier? key))
        {
            return false;
        }

        content = signed!.Content;
        using (key) return signed.IsSignedBy(key!);
    }

    private static bool TryRead(
        IReadOnlyList<ReadOnlyMemory<byte>> certificates, out VendorCertificate first, out VendorCertificate second)
    {
        ArgumentNullException.ThrowIfNull(certificates);
        (first, second) = (null!, null!);
        if (certificates.Count != ChainCount
            || !VendorCertificate.TryDecode(certificates[0].Span, out VendorCertificate? one)
            || !VendorCertificate.TryDecode(certificates[1].Span, out VendorCertificate? other))
        {
            return false;
        }

        (first, second) = (one!, other!);
        return true;
    }

    private static bool MayEndorse(VendorCertificate root, VendorCertificate authority) =>
        root.MayHaveBelow(authorities: 1) && authority.MayHaveBelow(authorities: 0) && authority.IsIssuedBy(root);

    private static bool IsSame(VendorCertificate one, VendorCertificate other) =>
        one.Der.Span.SequenceEqual(other.Der.Span);
}
