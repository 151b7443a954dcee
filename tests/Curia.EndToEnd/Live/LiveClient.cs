using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Json;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Live;

/// <summary>A client that asks one node until that does not answer, writes, reads, asks for statuses, and writes down
/// what it was told.</summary>
internal sealed class LiveClient(LiveNetwork network, History history, int number, int seed) : IDisposable
{
    private static readonly TimeSpan timeout = TimeSpan.FromSeconds(6);
    private const string Wait = "wait=committed, timeout=4";
    private const int ThinkMilliseconds = 30;

    // Far beyond those of History.
    private const ulong BarrierKeys = 1_000_000_000;

    // With these a node says that it has written nothing for this request.
    private static readonly string[] refusals =
    [
        "NodeRetired", "NoPrimary", "TooManyRequests", "TooManyPendingTransactions", "SessionCapExhausted",
        "FrontendNotOpen",
        "StateBehind", "SessionConsistencyLost", "TransactionCommitAttemptsExceedLimit", "TransactionInvalid",
    ];

    private readonly Random random = new(seed);
    private LiveNode? node;
    private HttpClient? client;
    private int generation;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (!Connect())
            {
                await Task.Delay(50, CancellationToken.None);
                continue;
            }

            string map = random.Next(2) == 0 ? "public" : "private";
            int choice = random.Next(100);
            if (choice < 50) await WriteAsync(map, history.NextKey(random), random.Next(10) < 7, stop);
            else if (choice < 70) await ReadAsync(map, history.NextKey(random), asked: null, barrier: default);
            else if (choice < 88) await ReadStronglyAsync(map, history.NextKey(random), stop);
            else await AskForStatusAsync();
            await Task.Delay(random.Next(ThinkMilliseconds), CancellationToken.None);
        }
    }

    public void Dispose() => client?.Dispose();

    // A few requests go elsewhere without a reason, as those of a client behind a balancer do.
    private bool Connect()
    {
        bool isGone = node is null || node.IsDead || !network.Nodes.Contains(node);
        if (isGone || generation != network.Generation || random.Next(200) == 0) Leave();
        if (client is not null) return true;
        LiveNode[] open = network.Open;
        if (open.Length == 0) return false;
        node = open[random.Next(open.Length)];
        generation = network.Generation;
        client = network.Client(node, timeout);
        return true;
    }

    private void Leave()
    {
        client?.Dispose();
        client = null;
        node = null;
    }

    private async Task<LiveWrite> WriteAsync(string map, ulong key, bool waits, CancellationToken stop)
    {
        LiveWrite write = history.Begin(map, key, isRepeatable: random.Next(2) == 0);
        bool mayHaveHappened = false;
        while (true)
        {
            (WriteOutcome outcome, TxId txId) = await TryWriteAsync(write, waits);
            mayHaveHappened |= outcome == WriteOutcome.Unknown;
            if (outcome is WriteOutcome.Committed or WriteOutcome.Ordered)
            {
                history.Told(write, outcome, txId);
                return write;
            }

            bool ends = stop.IsCancellationRequested || !write.IsRepeatable;
            if (ends)
            {
                if (!mayHaveHappened) history.Told(write, WriteOutcome.Never, default);
                return write;
            }

            do await Task.Delay(50, CancellationToken.None);
            while (!Connect() && !stop.IsCancellationRequested);
            if (client is null) return write;
        }
    }

    private async Task<(WriteOutcome Outcome, TxId TxId)> TryWriteAsync(LiveWrite write, bool waits)
    {
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Post, $"/app/log/{write.Map}")
            {
                Content = JsonContent.Create(new { id = write.Key, msg = write.Value }),
                Version = HttpVersion.Version20,
            };
            if (waits) request.Headers.TryAddWithoutValidation("Prefer", Wait);
            if (write.IsRepeatable) request.Headers.Add("Idempotency-Key", write.Value.Replace(' ', '.'));
            using HttpResponseMessage response = await client!.SendAsync(request);
            TxId txId = TxIdOf(response);
            if (response.IsSuccessStatusCode)
                return (IsCommitted(response) ? WriteOutcome.Committed : WriteOutcome.Ordered, txId);
            string code = await CodeAsync(response);
            if (code == "TransactionInvalid") history.Told(txId, "Invalid", $"the reply of {node}");
            if (code == "CommitTimeout") return (WriteOutcome.Ordered, txId);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
                history.Add($"{node} answered a write with {(int)response.StatusCode} {code}");
            bool goes = code is "StateBehind" or "SessionConsistencyLost" || random.Next(5) == 0;
            if (goes) Leave();
            return (refusals.Contains(code) ? WriteOutcome.Never : WriteOutcome.Unknown, default);
        }
        catch (Exception e) when (IsFailure(e))
        {
            Leave();
            return (WriteOutcome.Unknown, default);
        }
    }

    // What is committed when this begins is before the write in any order, and the write is in what is read.
    private async Task ReadStronglyAsync(string map, ulong key, CancellationToken stop)
    {
        LiveWrite barrier = await WriteAsync(map, BarrierKeys + (ulong)number, waits: true, stop);
        if (barrier.Outcome == WriteOutcome.Committed && client is not null)
            await ReadAsync(map, key, barrier.Asked, barrier.TxId);
    }

    private async Task ReadAsync(string map, ulong key, long? asked, TxId barrier)
    {
        long began = asked ?? System.Diagnostics.Stopwatch.GetTimestamp();
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Get, $"/app/log/{map}?id={key}")
            {
                Version = HttpVersion.Version20,
            };
            if (asked is not null || random.Next(2) == 0) request.Headers.TryAddWithoutValidation("Prefer", Wait);
            using HttpResponseMessage response = await client!.SendAsync(request);
            string? value = null;
            if (response.IsSuccessStatusCode)
            {
                JsonElement message = await response.Content.ReadFromJsonAsync<JsonElement>();
                value = message.GetProperty("msg").GetString();
            }
            else if (await CodeAsync(response) is var code && code != "ResourceNotFound")
            {
                if (response.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout))
                    history.Add($"{node} answered a read with {(int)response.StatusCode} {code}");
                if (code is "StateBehind" or "SessionConsistencyLost") Leave();
                return;
            }

            TxId txId = TxIdOf(response);
            bool isStrong = asked is not null && IsCommitted(response) && txId.SeqNo >= barrier.SeqNo;
            long told = System.Diagnostics.Stopwatch.GetTimestamp();
            history.Add(new LiveRead(map, key, value, began, told, txId, isStrong));
        }
        catch (Exception e) when (IsFailure(e))
        {
            Leave();
        }
    }

    private async Task AskForStatusAsync()
    {
        if (history.AnyTxId(random) is not { } txId) return;
        try
        {
            using HttpResponseMessage response = await client!.GetAsync($"/app/tx?transaction_id={txId}");
            if (!response.IsSuccessStatusCode) return;
            JsonElement status = await response.Content.ReadFromJsonAsync<JsonElement>();
            history.Told(txId, status.GetProperty("status").GetString()!, $"{node}");
        }
        catch (Exception e) when (IsFailure(e))
        {
            Leave();
        }
    }

    private async Task<string> CodeAsync(HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync();
        string code = $"{(int)response.StatusCode}";
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            code = document.RootElement.GetProperty("error").GetProperty("code").GetString()!;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException
            or System.Collections.Generic.KeyNotFoundException)
        {
            // What is no error in our shape counts by its status.
        }

        history.CountError(code);
        return code;
    }

    private static bool IsCommitted(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Preference-Applied", out _);

    private static TxId TxIdOf(HttpResponseMessage response)
    {
        string text = response.Headers.GetValues("x-ms-ccf-transaction-id").Single();
        return TxId.TryParse(text, out TxId txId) ? txId : throw new LiveException($"{text} is no TxID");
    }

    private static bool IsFailure(Exception e) =>
        e is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException;
}
