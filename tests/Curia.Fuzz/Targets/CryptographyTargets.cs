using System;
using System.Collections.Generic;
using System.Formats.Cbor;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Fuzz.Targets;

/// <summary>COSE, X.509 and keys.</summary>
internal static class CryptographyTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("cose",
            ["CborBounds.Hold", "CoseHeaders.TryDecode", "CoseHeaders.TryGet", "CoseHeaders.TryGetText",
                "CoseSign1.TryDecode", "CoseSign1.Verify"], TryCose),
        new("certificate",
            ["Certificate.TryFromDer", "Certificate.TryFromPem", "SignatureVerifier.TryFromSubjectPublicKeyInfo",
                "SignatureVerifier.VerifyHash", "SignatureVerifier.VerifyHashDer"], TryCertificate),
        new("keys",
            ["ServiceKeys.TryRead", "JsonWebKeySet.TryParse", "Certificate.TryFromPem", "EcdsaSigner.TryFromPem",
                "PemBounds.Hold", "EcdsaSigner.TryOpen"], TryKeys),
    ];

    private static void TryCose(ReadOnlyMemory<byte> input)
    {
        if (CborBounds.Hold(input.Span)) ReadAll(input);
        if (CoseHeaders.TryDecode(input, out CoseHeaders? headers)) ReadHeaders(headers!);
        bool untagged = CoseSign1.TryDecode(input, out CoseSign1? message, tagOptional: true);
        bool tagged = CoseSign1.TryDecode(input, out CoseSign1? same);
        Must.Hold(untagged || !tagged, "who takes messages without tag takes those with it");
        if (!untagged) return;
        Must.Hold(!tagged || same!.Signature.Span.SequenceEqual(message!.Signature.Span), "a message is read one way");
        ReadHeaders(message!.Protected);
        ReadHeaders(message.Unprotected);
        CheckRewritten(message, message.WithUnprotected(message.Unprotected.Encoded.Span), message.Payload);
        CheckRewritten(message, message.WithUnprotected([]), message.Payload);
        CheckRewritten(message, message.WithPayload("payload"u8), "payload"u8.ToArray());
        message.Verify(Reference.ServiceCertificate.Key);
        foreach (Block block in Reference.Blocks)
        {
            bool genuine = message.ProtectedHeader.Span.SequenceEqual(block.Signature.Cose.ProtectedHeader.Span);
            bool verified = message.Verify(Reference.ServiceCertificate.Key, block.Signature.Root.ToArray());
            Must.Hold(genuine || !verified, "only the header that was signed is verified");
        }
    }

    // What the door lets in can be walked over to its end, whatever it says.
    private static void ReadAll(ReadOnlyMemory<byte> input)
    {
        CborReader reader = new(input, CborConformanceMode.Lax);
        reader.SkipValue(disableConformanceModeChecks: true);
        Must.Hold(reader.BytesRemaining == 0, "bounded CBOR is one item");
    }

    private static void ReadHeaders(CoseHeaders headers)
    {
        Must.Hold(headers.Count <= CoseHeaders.LabelsMax, "a header map is bounded");
        Must.Hold(headers.Count == headers.Numbers.Count + headers.Names.Count, "a label is a number or a name");
        foreach (long label in headers.Numbers)
        {
            Must.Hold(headers.TryGet(label, out _), "a label that is listed is there");
            headers.TryGetInt64(label, out _);
            headers.TryGetBytes(label, out _);
            headers.TryGetText(label, out _);
        }

        foreach (string label in headers.Names)
        {
            Must.Hold(headers.TryGet(label, out _), "a label that is listed is there");
            headers.TryGetText(label, out _);
        }
    }

    private static void CheckRewritten(CoseSign1 message, byte[] rewritten, ReadOnlyMemory<byte>? payload)
    {
        Must.Hold(CoseSign1.TryDecode(rewritten, out CoseSign1? read), "a message that was put together is read");
        Must.BeSame(read!.ProtectedHeader.Span, message.ProtectedHeader.Span, "protected header");
        Must.BeSame(read.Signature.Span, message.Signature.Span, "signature");
        Must.Hold(read.Payload is null == payload is null, "a payload stays what it is");
        if (payload is { } bytes) Must.BeSame(read.Payload!.Value.Span, bytes.Span, "payload");
    }

    private static void TryCertificate(ReadOnlyMemory<byte> input)
    {
        Reference.ServiceCertificate.Key.VerifyHash(new byte[Digest.Size], input.Span);
        Reference.ServiceCertificate.Key.VerifyHashDer(new byte[Digest.Size], input.Span);
        if (SignatureVerifier.TryFromSubjectPublicKeyInfo(input.Span, out SignatureVerifier? key))
        {
            using SignatureVerifier read = key!;
            Must.BeSame(read.SubjectPublicKeyInfo.Span, input.Span, "public key");
        }

        if (!Certificate.TryFromDer(input.Span, out Certificate? certificate)) return;
        Must.BeSame(certificate!.Der.Span, input.Span, "certificate");
        Must.BeSame(certificate.Key.SubjectPublicKeyInfo.Span, certificate.SubjectPublicKeyInfo.Span, "key");
        Must.Hold(certificate.KeyDigest == Digest.Of(certificate.Key.SubjectPublicKeyInfo.Span), "a key has one name");
        Must.Hold(Certificate.TryFromPem(certificate.ToPem(), out Certificate? again)
            && again!.Fingerprint == certificate.Fingerprint, "a certificate is read from its own PEM");
        certificate.IsIssuedBy(certificate);
        bool issued = certificate.IsIssuedBy(Reference.ServiceCertificate);
        Must.Hold(!issued || IsGenuine(certificate), "only what the service signed is issued by it");
        CompareWithFramework(certificate);
    }

    private static bool IsGenuine(Certificate certificate) =>
        certificate.Fingerprint == Reference.ServiceCertificate.Fingerprint || Reference.Blocks.Any(block =>
            certificate.Der.Span.SequenceEqual(block.Signature.NodeCertificate.Span));

    // A second opinion. The framework refuses more (extensions that it cannot read), which is no contradiction.
    private static void CompareWithFramework(Certificate ours)
    {
        X509Certificate2 other;
        try
        {
            other = X509CertificateLoader.LoadCertificate(ours.Der.Span);
        }
        catch (CryptographicException)
        {
            return;
        }

        using (other)
        {
            Must.BeSame(other.SubjectName.RawData, ours.SubjectNameDer.Span, "subject, by the framework");
            Must.BeSame(other.IssuerName.RawData, ours.IssuerNameDer.Span, "issuer, by the framework");
            Must.BeSame(
                other.PublicKey.ExportSubjectPublicKeyInfo(), ours.SubjectPublicKeyInfo.Span, "key, by the framework");
            Must.Hold(other.NotBefore.ToUniversalTime() == ours.NotBefore.UtcDateTime
                && other.NotAfter.ToUniversalTime() == ours.NotAfter.UtcDateTime, "both read the same dates");
        }
    }

    private static void TryKeys(ReadOnlyMemory<byte> input)
    {
        bool read = ServiceKeys.TryRead(input, out ServiceKeys? keys);
        Must.Hold(read == keys is { IsEmpty: false }, "a file of keys has at least one");
        if (JsonWebKeySet.TryParse(input, out JsonWebKeySet? set))
        {
            Must.Hold(set!.Keys.Count <= JsonWebKeySet.KeysMax, "a key set is bounded");
            Must.Hold(read == set.Keys.Count > 0, "a key set with keys is a file of keys");
            foreach (JsonWebKey key in set.Keys)
                Must.Hold(keys!.TryFind(Digest.Of(key.Key.SubjectPublicKeyInfo.Span), out _), "a key is found by name");
        }

        string text = Encoding.Latin1.GetString(input.Span);
        if (Certificate.TryFromPem(text, out Certificate? certificate))
            Must.Hold(read && keys!.TryFind(certificate!.KeyDigest, out _), "a certificate is a file of keys");
        if (EcdsaSigner.TryFromPem(text, out EcdsaSigner? signer)) CheckSigner(signer!);
        using SecretBytes exported = new(input.Span);
        if (EcdsaSigner.TryOpen(exported, out signer)) CheckSigner(signer!);
    }

    private static void CheckSigner(EcdsaSigner signer)
    {
        using (signer)
        {
            Must.Hold(SignatureVerifier.TryFromSubjectPublicKeyInfo(
                signer.SubjectPublicKeyInfo.Span, out SignatureVerifier? verifier), "a private key has a public half");
            using SignatureVerifier key = verifier!;
            Must.Hold(key.Curve == signer.Curve, "both halves are on one curve");
            byte[] hash = SHA256.HashData("hash"u8);
            Must.Hold(key.VerifyHash(hash, signer.SignHash(hash)), "what a key signs it verifies");
            using SecretBytes exported = signer.Export();
            Must.Hold(EcdsaSigner.TryOpen(exported, out EcdsaSigner? same), "a key that was exported is opened");
            using (same) Must.BeSame(same!.SubjectPublicKeyInfo.Span, signer.SubjectPublicKeyInfo.Span, "key");
        }
    }
}
