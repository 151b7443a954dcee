using System;
using System.Collections.Generic;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>What Intel's service has signed: the identity of a quoting enclave, and the security versions of a kind of
/// platform. A document is read after its signature has been verified.</summary>
internal sealed class CollateralCheck(
    IntelEndorsements endorsements, IntelPolicy policy, DateTimeOffset at, EndorsementCache? cache, Appraisal checks)
{
    private sealed record Document(string Kind, string Name, string Source, string Malformed, string SignatureInvalid);

    private static readonly Document qeIdentity = new(
        "qe-identity", "enclaveIdentity", IntelSource.QeIdentity, "qe-identity-malformed",
        "qe-identity-signature-invalid");
    private static readonly Document tcbInfo = new(
        "tcb-info", "tcbInfo", IntelSource.TcbInfo, "tcb-info-malformed", "tcb-info-signature-invalid");

    private const int CertificatesCount = 2;

    /// <summary>The subject of the certificate that signs collateral.</summary>
    public const string SignerName = "Intel SGX TCB Signing";

    /// <summary>The identity, or null when a check fails.</summary>
    public QeIdentity? ReadQeIdentity(ReadOnlyMemory<byte> json) => EndorsementCache.Use(
        cache, () => Key(qeIdentity, json), at, checks, () =>
        {
            if (ReadSigned(qeIdentity, json) is not { } signed
                || !checks.Require("qe-identity-content", IntelSource.QeIdentity,
                    QeIdentity.TryDecode(signed.Value, out QeIdentity? identity), "qe-identity-malformed")
                || !checks.Require("qe-identity-not-before", IntelSource.QeIdentity, identity!.IssueDate <= at,
                    "qe-identity-not-yet-valid", $"from {identity.IssueDate:u}")
                || !checks.Require("qe-identity-not-after", IntelSource.QeIdentity, at <= identity.NextUpdate,
                    "qe-identity-expired", $"until {identity.NextUpdate:u}"))
            {
                return null;
            }

            return new Endorsed<QeIdentity>(identity, signed.Period.And(identity.IssueDate, identity.NextUpdate));
        });

    /// <summary>The security versions, for a processor; null when a check fails.</summary>
    /// <remarks>For whom they are comes before their dates: who sent those of another platform hears that.</remarks>
    public TcbInfo? ReadTcbInfo(ReadOnlyMemory<byte> json, AttestationPlatform platform, PckCertificate pck) =>
        EndorsementCache.Use(
            cache, () => Key(tcbInfo, json, pck.Fmspc, pck.PceId, new[] { (byte)platform }), at, checks, () =>
            {
                if (ReadSigned(tcbInfo, json) is not { } signed
                    || !checks.Require("tcb-info-content", IntelSource.TcbInfo,
                        TcbInfo.TryDecode(signed.Value, out TcbInfo? info), "tcb-info-malformed")
                    || !IsFor(info!, platform, pck)
                    || !checks.Require("tcb-info-not-before", IntelSource.TcbInfo, info!.IssueDate <= at,
                        "tcb-info-not-yet-valid", $"from {info.IssueDate:u}")
                    || !checks.Require("tcb-info-not-after", IntelSource.TcbInfo, at <= info.NextUpdate,
                        "tcb-info-expired", $"until {info.NextUpdate:u}"))
                {
                    return null;
                }

                return new Endorsed<TcbInfo>(info, signed.Period.And(info.IssueDate, info.NextUpdate));
            });

    private bool IsFor(TcbInfo info, AttestationPlatform platform, PckCertificate pck) =>
        checks.Require("tcb-info-platform", IntelSource.TcbInfo, info.Platform == platform, "tcb-info-mismatch",
            $"{info.Platform}")
        && checks.Require("tcb-info-fmspc", IntelSource.TcbInfo, info.Fmspc.Span.SequenceEqual(pck.Fmspc.Span),
            "fmspc-mismatch",
            $"{Convert.ToHexStringLower(info.Fmspc.Span)}, {Convert.ToHexStringLower(pck.Fmspc.Span)} expected")
        && checks.Require("tcb-info-pceid", IntelSource.TcbInfo, info.PceId.Span.SequenceEqual(pck.PceId.Span),
            "pceid-mismatch");

    // All that decides: the document, who signed it, who revokes him, whom we believe.
    private Digest Key(Document document, params ReadOnlySpan<ReadOnlyMemory<byte>> own)
    {
        List<ReadOnlyMemory<byte>?> parts = [endorsements.TcbSigningChain, endorsements.RootRevocationList];
        foreach (ReadOnlyMemory<byte> part in own) parts.Add(part);
        foreach (IntelRoot root in policy.Roots) parts.Add(root.Certificate.Der);
        parts.Add(new[] { (byte)policy.RequiredCollateral });
        return EndorsementCache.Key(document.Kind, parts);
    }

    private Endorsed<ReadOnlyMemory<byte>>? ReadSigned(Document document, ReadOnlyMemory<byte> json)
    {
        Period period = Period.Always;
        if (!checks.Require($"{document.Kind}-form", document.Source,
                SignedJson.TryRead(json, document.Name, out SignedJson? signed), document.Malformed)
            || !ReadSigner(document, ref period, out VendorCertificate? signer)
            || !checks.Require($"{document.Kind}-signer-key", document.Source,
                SignatureVerifier.TryFromSubjectPublicKeyInfo(
                    signer!.SubjectPublicKeyInfo.Span, out SignatureVerifier? key),
                "tcb-signer-key-invalid"))
        {
            return null;
        }

        using (key)
        {
            return checks.Require($"{document.Kind}-signature", document.Source, signed!.IsSignedBy(key!),
                document.SignatureInvalid)
                ? new Endorsed<ReadOnlyMemory<byte>>(signed.Content, period)
                : null;
        }
    }

    // Signer and root, in this order and nothing else.
    private bool ReadSigner(Document document, ref Period period, out VendorCertificate? signer)
    {
        signer = null;
        VendorCertificate? root = null;
        if (!checks.Require($"{document.Kind}-signer-chain", IntelSource.Policy,
                endorsements.TcbSigningChain is not null, "tcb-signing-chain-missing")
            || !checks.Require($"{document.Kind}-signer-certificates", document.Source,
                PemCertificates.TryDecodeAscii(
                    endorsements.TcbSigningChain!.Value.Span, out IReadOnlyList<ReadOnlyMemory<byte>> ders)
                && ders.Count == CertificatesCount && VendorCertificate.TryDecode(ders[0].Span, out signer)
                && VendorCertificate.TryDecode(ders[1].Span, out root),
                "tcb-signing-chain-malformed")
            || !checks.Require($"{document.Kind}-signer-root", document.Source, policy.Roots.IsPinned(root!),
                "untrusted-tcb-signing-root", root!.Subject)
            || !SignerHolds(document, signer!, root!))
        {
            return false;
        }

        period = period.And(root!).And(signer!);
        if (endorsements.RootRevocationList is not { } der
            || !RevocationList.TryDecode(der.Span, out RevocationList? list))
        {
            return true; // whether it may be missing was asked with the chain of the quote
        }

        // With several roots it may be that of another one, which says nothing of this signer.
        period = period.And(list!.ThisUpdate, list.NextUpdate);
        return checks.Require($"{document.Kind}-signer-crl", IntelSource.Revocation, list.IsIssuedBy(root!),
                "root-crl-signature-invalid", root!.Subject)
            && checks.Require($"{document.Kind}-signer-not-revoked", IntelSource.Revocation, !list.Revokes(signer!),
                "tcb-signer-revoked");
    }

    private bool SignerHolds(Document document, VendorCertificate signer, VendorCertificate root) =>
        checks.Require($"{document.Kind}-signer-name", document.Source, signer.Subject == SignerName,
            "tcb-signer-name-mismatch", signer.Subject)
        && checks.Require($"{document.Kind}-signer-signature", IntelSource.Path,
            root.IsIssuedBy(root) && signer.IsIssuedBy(root), "tcb-signer-signature-invalid")
        && checks.Require($"{document.Kind}-signer-rights", IntelSource.Path,
            root.MayHaveBelow(authorities: 0) && !signer.IsAuthority && root.IsUnderstood && signer.IsUnderstood,
            "tcb-signer-rights")
        && checks.Require($"{document.Kind}-signer-not-before", IntelSource.Validity,
            root.NotBefore <= at && signer.NotBefore <= at, "tcb-signer-not-yet-valid", $"from {signer.NotBefore:u}")
        && checks.Require($"{document.Kind}-signer-not-after", IntelSource.Validity,
            at <= root.NotAfter && at <= signer.NotAfter, "tcb-signer-expired", $"until {signer.NotAfter:u}");
}
