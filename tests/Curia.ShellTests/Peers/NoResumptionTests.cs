using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Peers;
using Curia.Tests.Peers;

namespace Curia.ShellTests.Peers;

/// <summary>Each connection between nodes proves both keys anew (docs/node-protocol.md, "TLS"). RFC 8446 section 2.2:
/// who resumes sends a pre-shared key in its first message and no certificate afterwards.</summary>
[Collection(nameof(RealTime))]
public sealed class NoResumptionTests : IDisposable
{
    private const ushort PreSharedKey = 41; // RFC 8446 section 4.2
    private const ushort EarlyData = 42;
    private const int Connections = 3;

    private readonly EcdsaSigner clientKey = EcdsaSigner.Generate(new SystemEntropy());
    private readonly EcdsaSigner serverKey = EcdsaSigner.Generate(new SystemEntropy());

    public void Dispose()
    {
        clientKey.Dispose();
        serverKey.Dispose();
    }

    [Fact]
    public async Task A_second_connection_of_the_same_two_nodes_makes_a_whole_handshake()
    {
        PeerTls client = new(clientKey, new SystemEntropy());
        PeerTls server = new(serverKey, new SystemEntropy());
        Handshake[] all = await RunAsync(
            async stream => (await client.ConnectAsync(stream, CancellationToken.None)).Stream,
            async stream => (await server.AcceptAsync(stream, CancellationToken.None)).Stream);
        Assert.All(all, one => AssertWhole(one, all[0]));
        Assert.All(all, AssertNothingOffered);
    }

    // OpenSSL sends it a ticket all the same, which it then offers; the node has kept nothing that belongs to it.
    [Fact]
    public async Task A_node_makes_a_whole_handshake_though_the_client_offers_to_resume()
    {
        PeerTls server = new(serverKey, new SystemEntropy());
        Handshake[] all = await RunAsync(
            ConnectLaxlyAsync,
            async stream => (await server.AcceptAsync(stream, CancellationToken.None)).Stream);
        Assert.All(all, one => AssertWhole(one, all[0]));
    }

    [Fact]
    public async Task A_node_offers_nothing_though_the_server_would_resume()
    {
        PeerTls client = new(clientKey, new SystemEntropy());
        Handshake[] all = await RunAsync(
            async stream => (await client.ConnectAsync(stream, CancellationToken.None)).Stream, AcceptLaxlyAsync);
        Assert.All(all, one => AssertWhole(one, all[0]));
        Assert.All(all, AssertNothingOffered);
    }

    // Without it the tests above would prove nothing: they would not see a session that is resumed.
    [Fact]
    public async Task Where_both_ends_would_these_tests_see_it()
    {
        Handshake[] all = await RunAsync(ConnectLaxlyAsync, AcceptLaxlyAsync);
        AssertNothingOffered(all[0]);
        Assert.Contains(PreSharedKey, all[^1].Offered);
        Assert.Contains(PreSharedKey, all[^1].Taken);
        Assert.True(all[^1].ServerBytes < all[0].ServerBytes - 200, $"{all[0].ServerBytes}, {all[^1].ServerBytes}");
    }

    // RFC 8446 section 4.2.11: who resumes says so in its ServerHello. A certificate and its signature have hundreds of
    // bytes; a signature of ECDSA has some more or less.
    private static void AssertWhole(Handshake one, Handshake first)
    {
        Assert.DoesNotContain(PreSharedKey, one.Taken);
        Assert.InRange(one.ServerBytes, first.ServerBytes - 16, first.ServerBytes + 16);
        Assert.True(one.ClientBytes >= first.ClientBytes - 16, $"{first.ClientBytes}, {one.ClientBytes}");
    }

    private static void AssertNothingOffered(Handshake one)
    {
        Assert.DoesNotContain(PreSharedKey, one.Offered);
        Assert.DoesNotContain(EarlyData, one.Offered);
    }

    private sealed record Handshake(
        IReadOnlyList<ushort> Offered, IReadOnlyList<ushort> Taken, int ClientBytes, int ServerBytes);

    // One connection after the other; a byte each way, so that what comes after the handshake was read too.
    private static async Task<Handshake[]> RunAsync(
        Func<Stream, Task<SslStream>> connect, Func<Stream, Task<SslStream>> accept)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Handshake[] all = new Handshake[Connections];
        for (int at = 0; at < Connections; at++)
        {
            using TcpClient tcp = new();
            Task<TcpClient> accepting = listener.AcceptTcpClientAsync();
            await tcp.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
            using TcpClient taken = await accepting.InTimeAsync();
            using Recorded client = new(tcp.GetStream());
            Task<SslStream> taking = accept(taken.GetStream());
            await using SslStream made = await connect(client).InTimeAsync();
            await using SslStream other = await taking.InTimeAsync();
            (int sent, int received) = (client.Written.Count, client.Heard.Count);
            await SayAsync(other, made);
            await SayAsync(made, other);
            all[at] = new Handshake(
                ExtensionsOf([.. client.Written], isClient: true), ExtensionsOf([.. client.Heard], isClient: false),
                sent, received);
        }

        return all;
    }

    private static async Task SayAsync(Stream from, Stream to)
    {
        await from.WriteAsync(new byte[1]);
        await from.FlushAsync();
        await to.ReadExactlyAsync(new byte[1]).AsTask().InTimeAsync();
    }

    // RFC 8446 sections 5.1, 4, 4.1.2 and 4.1.3: the client says which ciphers and compressions it has, the server one.
    private static List<ushort> ExtensionsOf(ReadOnlySpan<byte> bytes, bool isClient)
    {
        const int beforeSession = 5 + 4 + 2 + 32;
        Assert.Equal((22, isClient ? 1 : 2), (bytes[0], bytes[5])); // a handshake; a ClientHello or a ServerHello
        ReadOnlySpan<byte> rest = bytes[beforeSession..];
        rest = rest[(1 + rest[0])..];
        rest = rest[(isClient ? 2 + BinaryPrimitives.ReadUInt16BigEndian(rest) : 2)..];
        rest = rest[(isClient ? 1 + rest[0] : 1)..];
        rest = rest.Slice(2, BinaryPrimitives.ReadUInt16BigEndian(rest));
        List<ushort> extensions = [];
        while (!rest.IsEmpty)
        {
            extensions.Add(BinaryPrimitives.ReadUInt16BigEndian(rest));
            rest = rest[(4 + BinaryPrimitives.ReadUInt16BigEndian(rest[2..]))..];
        }

        Assert.Contains((ushort)43, extensions); // supported_versions: it was read rightly
        return extensions;
    }

    private static readonly SslApplicationProtocol protocol = new("curia-nodes");

    private async Task<SslStream> ConnectLaxlyAsync(Stream stream)
    {
        SslStream tls = new(stream);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "node",
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [protocol],
            ClientCertificateContext = lax.Client ??= ContextOf(clientKey),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowTlsResume = true,
#pragma warning disable CA5359 // whom a test talks to is known
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        });
        return tls;
    }

    private async Task<SslStream> AcceptLaxlyAsync(Stream stream)
    {
        SslStream tls = new(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = lax.Server ??= ContextOf(serverKey),
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [protocol],
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowTlsResume = true,
#pragma warning disable CA5359 // whom a test talks to is known
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        });
        return tls;
    }

    private (SslStreamCertificateContext? Client, SslStreamCertificateContext? Server) lax;

    private static SslStreamCertificateContext ContextOf(EcdsaSigner key)
    {
        byte[] der = CertificateAuthority.SelfSigned(
            key, "lax", DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), new SystemEntropy());
        return SslStreamCertificateContext.Create(
            X509Certificate2.CreateFromPem(
                PemEncoding.Write("CERTIFICATE", der), PemEncoding.Write("PRIVATE KEY", key.ExportPkcs8())),
            additionalCertificates: null, offline: true);
    }

    // What a client has written and read.
    private sealed class Recorded(Stream inner) : Stream
    {
        public List<byte> Written { get; } = [];

        public List<byte> Heard { get; } = [];

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken);
            Heard.AddRange(buffer.Span[..read]);
            return read;
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written.AddRange(buffer.Span);
            return inner.WriteAsync(buffer, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
