using System;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Curia.Cryptography;

namespace Curia.Host;

/// <summary>The node's certificate joined with its key, as the TLS stack wants it.</summary>
internal static class TlsIdentity
{
    /// <summary>A certificate that the node's key signs itself, for as long as there is no service that could. The key
    /// is who the node is; name and dates mean nothing.</summary>
    public static SslStreamCertificateContext OfNode(EcdsaSigner key, Entropy entropy) => Join(
        CertificateAuthority.SelfSigned(
            key, "node", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1000), entropy),
        key);

    /// <summary>The certificate that the service issued for this node's key. Clients know the service's own and need no
    /// more of a chain.</summary>
    public static SslStreamCertificateContext Join(ReadOnlySpan<byte> certificateDer, EcdsaSigner key)
    {
        byte[] der = key.ExportPkcs8();
        char[] pem = PemEncoding.Write("PRIVATE KEY", der);
        try
        {
            X509Certificate2 certificate =
                X509Certificate2.CreateFromPem(PemEncoding.Write("CERTIFICATE", certificateDer), pem);
            return SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
            Array.Clear(pem);
        }
    }
}
