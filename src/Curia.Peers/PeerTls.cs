using System;
using System.IO;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cryptography;

namespace Curia.Peers;

/// <summary>An encrypted connection, and the certificate whose key the other end has proved to hold.</summary>
internal sealed record TlsSession(SslStream Stream, Certificate Certificate);

/// <summary>Mutual TLS 1.3 with the key of this node: the same on both ends (docs/node-protocol.md, "TLS").</summary>
/// <remarks>TLS proves who holds a key and nothing else. Chain, names and dates of a certificate count for nothing;
/// nothing is fetched; a session is never resumed, because each connection must prove its key again.</remarks>
internal sealed class PeerTls
{
    private static readonly SslApplicationProtocol protocol = new("curia-nodes");

    // The key counts, the dates do not. RFC 5280 section 4.1.2.5: no well-defined end.
    private static readonly DateTimeOffset notBefore = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset notAfter = new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);

    private readonly SslStreamCertificateContext identity;

    /// <summary>Makes the node's certificate, signed by its own key.</summary>
    public PeerTls(EcdsaSigner key, Entropy entropy)
    {
        byte[] certificate = CertificateAuthority.SelfSigned(key, "node", notBefore, notAfter, entropy);
        byte[] pkcs8 = key.ExportPkcs8();
        char[] pem = PemEncoding.Write("PRIVATE KEY", pkcs8);
        try
        {
            identity = SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPem(PemEncoding.Write("CERTIFICATE", certificate), pem),
                additionalCertificates: null, offline: true);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
            Array.Clear(pem);
        }
    }

    /// <summary>The handshake of who made the connection. The stream belongs to the session, or is closed.</summary>
    /// <exception cref="RefusedException">It failed.</exception>
    public Task<TlsSession> ConnectAsync(Stream transport, CancellationToken cancellation) =>
        HandshakeAsync(transport, (stream, validate) => stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                ClientCertificateContext = identity,
                EnabledSslProtocols = SslProtocols.Tls13,
                ApplicationProtocols = [protocol],
                RemoteCertificateValidationCallback = validate,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                CertificateChainPolicy = NoChain(),
                AllowTlsResume = false,
                AllowRenegotiation = false,
            }, cancellation));

    /// <summary>The handshake of who took the connection. The stream belongs to the session, or is closed.</summary>
    /// <exception cref="RefusedException">It failed.</exception>
    public Task<TlsSession> AcceptAsync(Stream transport, CancellationToken cancellation) =>
        HandshakeAsync(transport, (stream, validate) => stream.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = identity,
                ClientCertificateRequired = true,
                EnabledSslProtocols = SslProtocols.Tls13,
                ApplicationProtocols = [protocol],
                RemoteCertificateValidationCallback = validate,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                CertificateChainPolicy = NoChain(),
                AllowTlsResume = false,
                AllowRenegotiation = false,
            }, cancellation));

    private static async Task<TlsSession> HandshakeAsync(
        Stream transport, Func<SslStream, RemoteCertificateValidationCallback, Task> handshake)
    {
        SslStream stream = new(transport, leaveInnerStreamOpen: false);
        Certificate? certificate = null;
        bool wasAsked = false;
        try
        {
            await handshake(stream, (_, presented, _, _) =>
            {
                wasAsked = true;
                return presented is not null
                    && Certificate.TryFromDer(presented.GetRawCertData(), out certificate);
            }).ConfigureAwait(false);
            if (certificate is null) throw new RefusedException(PeerRefusal.BadCertificate);
            if (stream.NegotiatedApplicationProtocol != protocol) throw new RefusedException(PeerRefusal.TlsFailed);
            return new TlsSession(stream, certificate);
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (e is not AuthenticationException) throw;
            throw new RefusedException(
                wasAsked && certificate is null ? PeerRefusal.BadCertificate : PeerRefusal.TlsFailed);
        }
    }

    // A chain is looked for in any case; it finds nothing, asks nobody, and its verdict is not read.
    private static X509ChainPolicy NoChain() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };
}
