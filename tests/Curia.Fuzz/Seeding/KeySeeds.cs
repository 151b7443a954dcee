using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Curia.Fuzz.Seeding;

/// <summary>Certificates and keys, also on curves that are not ours.</summary>
internal static class KeySeeds
{
    private static readonly ECCurve[] curves =
        [ECCurve.NamedCurves.nistP256, ECCurve.NamedCurves.nistP384, ECCurve.NamedCurves.nistP521];

    // One that has the size of P-256 and is another.
    private static readonly ECCurve secp256k1 = ECCurve.CreateFromValue("1.3.132.0.10");

    public static List<byte[]> Certificates() =>
    [
        Reference.ServiceCertificate.Der.ToArray(),
        Reference.Blocks[0].Signature.NodeCertificate.ToArray(),
        .. curves.Select(OfFramework),
        .. curves.Append(secp256k1).Select(curve => ECDsa.Create(curve).ExportSubjectPublicKeyInfo()),
        RSA.Create(1024).ExportSubjectPublicKeyInfo(),
    ];

    public static List<byte[]> Keys()
    {
        using ECDsa key = ECDsa.Create(curves[0]);
        string certificate = Reference.ServiceCertificate.ToPem();
        return
        [
            Seeds.Text(certificate),
            Reference.ServiceCertificate.Der.ToArray(),
            Seeds.Text($"{key.ExportSubjectPublicKeyInfoPem()}\nsome text\n{certificate}"),
            Seeds.Text($$"""{"keys":[{{string.Join(',', curves.Select(WebKey))}}]}"""),
            Seeds.Text("""{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"P-999"}]}"""),
            .. curves.Append(secp256k1).Select(curve => Seeds.Text(ECDsa.Create(curve).ExportECPrivateKeyPem())),
            Seeds.Text(key.ExportPkcs8PrivateKeyPem()),
            .. curves.Append(secp256k1).Select(curve => ECDsa.Create(curve).ExportPkcs8PrivateKey()),
            Seeds.Text(key.ExportEncryptedPkcs8PrivateKeyPem("a", new PbeParameters(
                PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1))),
        ];
    }

    // With the extensions and the name that certificates of other authorities have.
    private static byte[] OfFramework(ECCurve curve)
    {
        using ECDsa key = ECDsa.Create(curve);
        CertificateRequest request = new("CN=test, O=Example, C=DE", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 1, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        DateTimeOffset from = new(2049, 12, 31, 0, 0, 0, TimeSpan.Zero);
        return request.CreateSelfSigned(from, from.AddDays(2)).RawData; // one date in each of the two forms
    }

    private static string WebKey(ECCurve curve)
    {
        ECParameters parameters = ECDsa.Create(curve).ExportParameters(false);
        string x = Base64Url.EncodeToString(parameters.Q.X);
        string y = Base64Url.EncodeToString(parameters.Q.Y);
        int bits = parameters.Q.X!.Length == 66 ? 521 : parameters.Q.X.Length * 8;
        return $$"""{"kty":"EC","crv":"P-{{bits}}","kid":"a","x":"{{x}}","y":"{{y}}"}""";
    }
}
