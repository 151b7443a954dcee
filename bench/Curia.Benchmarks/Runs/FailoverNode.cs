using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Json;
using System.Threading.Tasks;
using Curia.Client;
using Curia.Vocabulary;

namespace Curia.Benchmarks.Runs;

/// <summary>A write that was answered with 200, and committed.</summary>
/// <param name="Id">The number of the message.</param>
/// <param name="Sent">When it was sent (the last time).</param>
/// <param name="Answered">When the answer was there.</param>
/// <param name="TxId">Its transaction.</param>
internal sealed record AcceptedWrite(ulong Id, long Sent, long Answered, TxId TxId);

/// <summary>A node of a sandbox, and a connection with it.</summary>
internal sealed class FailoverNode : IDisposable
{
    // Longer than any election: who waits longer than this has lost.
    private static readonly TimeSpan timeout = TimeSpan.FromSeconds(15);

    public FailoverNode(string id, string name, int pid, CuriaClientSettings settings)
    {
        (Id, Name, Pid) = (id, name, pid);
        SocketsHttpHandler handler = new() { SslOptions = settings.CreateTlsOptions() };
        Client = new HttpClient(handler)
        {
            BaseAddress = settings.Url,
            Timeout = timeout,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    public string Id { get; }

    public string Name { get; }

    public int Pid { get; }

    /// <summary>Sends to it; one connection for all.</summary>
    public HttpClient Client { get; }

    /// <summary>Writes a public message, once, and waits for commit.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="key">The idempotency key; null for none.</param>
    /// <returns>Null when it was not accepted.</returns>
    public async Task<AcceptedWrite?> TryWriteAsync(ulong id, string? key)
    {
        long sent = Stopwatch.GetTimestamp();
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/app/log/public")
            {
                Content = JsonContent.Create(new { id, msg = FailoverClients.KeyOf(id) }),
                Version = HttpVersion.Version20,
            };
            request.Headers.TryAddWithoutValidation("Prefer", "wait=committed");
            if (key is not null) request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
            using HttpResponseMessage response = await Client.SendAsync(request);
            bool isCommitted = response.IsSuccessStatusCode && response.Headers.Contains("Preference-Applied");
            if (!isCommitted) return null;
            string txId = response.Headers.GetValues("x-ms-ccf-transaction-id").Single();
            return TxId.TryParse(txId, out TxId parsed)
                ? new AcceptedWrite(id, sent, Stopwatch.GetTimestamp(), parsed)
                : throw new InvalidOperationException($"{txId} is no TxID");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    public void Dispose() => Client.Dispose();
}
