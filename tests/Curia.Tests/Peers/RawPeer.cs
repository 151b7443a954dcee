using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Tests.Peers;

/// <summary>Another implementation of the protocol, from its page alone, that says whatever a test wants.</summary>
internal sealed class RawPeer : IDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

    private readonly TcpClient tcp = new();
    private readonly EcdsaSigner key;

    public RawPeer() : this(EcdsaSigner.Generate(new SystemEntropy()))
    {
    }

    private RawPeer(EcdsaSigner key)
    {
        this.key = key;
        Id = new NodeId(Digest.Of(key.SubjectPublicKeyInfo.Span));
    }

    public NodeId Id { get; }

    public Stream Stream { get; private set; } = Stream.Null;

    /// <summary>The same node with another connection.</summary>
    public RawPeer Again() => new(key);

    public async Task ConnectAsync(IPEndPoint to)
    {
        await tcp.ConnectAsync(IPAddress.Loopback, to.Port, TestContext.Current.CancellationToken);
        Stream = tcp.GetStream();
    }

    public async Task HandshakeAsync(
        IPEndPoint to, SslProtocols version = SslProtocols.Tls13, bool withCertificate = true)
    {
        await ConnectAsync(to);
        SslStream tls = new(Stream);
        Stream = tls;
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "node",
            EnabledSslProtocols = version,
            ApplicationProtocols = [new SslApplicationProtocol("curia-nodes")],
            ClientCertificates = withCertificate ? [Certificate()] : null,
#pragma warning disable CA5359 // whom a test talks to is known
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        }).WaitAsync(patience);
    }

    /// <summary>Takes a connection, up to the hello of who made it.</summary>
    public async Task TakeAsync(RawListener listener)
    {
        SslStream tls = new(await listener.AcceptAsync().WaitAsync(patience));
        Stream = tls;
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = Certificate(),
            ClientCertificateRequired = true,
            ApplicationProtocols = [new SslApplicationProtocol("curia-nodes")],
#pragma warning disable CA5359 // whom a test talks to is known
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        }).WaitAsync(patience);
        Assert.Equal(1, (await ReadFrameAsync()).Header[1]);
    }

    public PeerHello Hello(LivePeer to, PeerPurpose purpose = PeerPurpose.Messages) =>
        new(1, 1, purpose, Id, to.Id, Digest.Zero);

    public async Task GreetAsync(LivePeer to, PeerPurpose purpose = PeerPurpose.Messages)
    {
        await HandshakeAsync(to.Bound);
        await SayAsync(Hello(to, purpose));
        (byte[] header, byte[] payload) = await ReadFrameAsync();
        Assert.Equal((2, 1, 1), (header[1], payload.Length, payload[0]));
    }

    public Task SayAsync(PeerHello hello)
    {
        byte[] payload = new byte[PeerHello.Size];
        hello.Encode(payload);
        return SendAsync(kind: 1, payload);
    }

    public Task SendAsync(byte kind, byte[] payload, byte flags = 3, byte detail = 0, ulong number = 0) =>
        SendHeaderAsync([1, kind, flags, detail, .. Big((ulong)payload.Length)[4..], .. Big(number), .. payload]);

    public async Task SendHeaderAsync(byte[] bytes)
    {
        await Stream.WriteAsync(bytes);
        await Stream.FlushAsync();
    }

    public async Task<(byte[] Header, byte[] Payload)> ReadFrameAsync()
    {
        byte[] header = new byte[16];
        await Stream.ReadExactlyAsync(header).AsTask().WaitAsync(patience);
        byte[] payload = new byte[(header[4] << 24) | (header[5] << 16) | (header[6] << 8) | header[7]];
        await Stream.ReadExactlyAsync(payload).AsTask().WaitAsync(patience);
        return (header, payload);
    }

    public async Task IsRefusedAsync(string name)
    {
        (byte[] header, byte[] payload) = await ReadFrameAsync();
        while (header[1] == 8) (header, payload) = await ReadFrameAsync();
        Assert.Equal((3, name), (header[1], System.Text.Encoding.ASCII.GetString(payload)));
        await IsClosedAsync();
        Stream.Dispose(); // the other end waits until it is read
    }

    public async Task IsClosedAsync()
    {
        try
        {
            Assert.Equal(0, await Stream.ReadAsync(new byte[1]).AsTask().WaitAsync(patience));
        }
        catch (IOException)
        {
            // Closed without a good-bye is closed as well.
        }
    }

    public void Dispose()
    {
        Stream.Dispose();
        tcp.Dispose();
        key.Dispose();
    }

    private static byte[] Big(ulong number)
    {
        byte[] bytes = BitConverter.GetBytes(number);
        Array.Reverse(bytes);
        return bytes;
    }

    private X509Certificate2 Certificate()
    {
        byte[] der = CertificateAuthority.SelfSigned(
            key, "raw", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1), new SystemEntropy());
        using X509Certificate2 alone = X509CertificateLoader.LoadCertificate(der);
        using System.Security.Cryptography.ECDsa ecdsa = System.Security.Cryptography.ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(key.ExportPkcs8(), out _);
        return alone.CopyWithPrivateKey(ecdsa);
    }
}
