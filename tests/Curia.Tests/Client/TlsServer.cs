using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Tests.Client;

/// <summary>A server of scripted HTTP/1.1 answers over TLS on the loopback address; the last answer repeats.</summary>
internal sealed class TlsServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> sockets = [];
    private volatile X509Certificate2 certificate;
    private int connections;
    private readonly Queue<string> answers;

    public TlsServer(X509Certificate2 certificate, params string[] answers)
    {
        this.certificate = certificate;
        this.answers = new Queue<string>(answers);
        listener.Start();
        Url = new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        _ = AcceptAsync();
    }

    public Uri Url { get; }

    /// <summary>The nodes that answer in turn, each connection another one, and what each answers; null for the one
    /// with the scripted answers.</summary>
    public (X509Certificate2 Certificate, Func<string, string> Answer)[]? InTurn { get; init; }

    /// <summary>Request line and headers of every request, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>An answer with a JSON body and further header lines.</summary>
    public static string Answer(int status, string body, params string[] headers) =>
        $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
        + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n"
        + string.Concat(Array.ConvertAll(headers, header => header + "\r\n")) + "\r\n" + body;

    /// <summary>Another process takes the place of this one: open connections end.</summary>
    public void Replace(X509Certificate2 certificate)
    {
        this.certificate = certificate;
        foreach (TcpClient socket in sockets) socket.Dispose();
    }

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient socket)
    {
        sockets.Add(socket);
        try
        {
            using SslStream tls = new(socket.GetStream());
            (X509Certificate2 Certificate, Func<string, string> Answer)? node =
                InTurn?[Interlocked.Increment(ref connections) % InTurn.Length];
            await tls.AuthenticateAsServerAsync(node?.Certificate ?? certificate);
            using StreamReader reader = new(tls, Encoding.ASCII);
            while (await ReadHeadAsync(reader) is string head)
            {
                Requests.Enqueue(head);
                string answer;
                lock (answers)
                {
                    answer = node?.Answer(head) ?? (answers.Count > 1 ? answers.Dequeue() : answers.Peek());
                }

                if (answer.Length == 0) return; // the connection breaks
                await tls.WriteAsync(Encoding.UTF8.GetBytes(answer));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException
            or System.Security.Authentication.AuthenticationException)
        {
            // The client turned away; what it says about that is what the test looks at.
        }
        finally
        {
            socket.Dispose();
        }
    }

    private static async Task<string?> ReadHeadAsync(StreamReader reader)
    {
        StringBuilder head = new();
        int length = 0;
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            head.Append(line).Append('\n');
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) length = int.Parse(line[15..]);
        }

        if (head.Length == 0) return null;
        char[] body = new char[length];
        if (length > 0) await reader.ReadBlockAsync(body);
        return head.ToString();
    }
}

/// <summary>A service certificate and node certificates of its making.</summary>
internal sealed class TestService : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestService() => Certificate = new CertificateRequest("CN=service", key, HashAlgorithmName.SHA256)
    {
        CertificateExtensions = { new X509BasicConstraintsExtension(true, false, 0, true) },
    }.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));

    public X509Certificate2 Certificate { get; }

    public X509Certificate2 Issue(Action<SubjectAlternativeNameBuilder> name, int notAfterDays = 1)
    {
        using ECDsa nodeKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=127.0.0.1", nodeKey, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        name(names);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using X509Certificate2 issued = request.Create(
            Certificate, Certificate.NotBefore, DateTimeOffset.UtcNow.AddDays(notAfterDays), [1, 2, 3, 4]);
        return issued.CopyWithPrivateKey(nodeKey);
    }

    public X509Certificate2 IssueForLoopback() => Issue(names => names.AddIpAddress(IPAddress.Loopback));

    public void Dispose()
    {
        Certificate.Dispose();
        key.Dispose();
    }
}
