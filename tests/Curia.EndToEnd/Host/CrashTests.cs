using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Json;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Host;

/// <summary>kill -9 at random moments under load, and a start from what is left, again and again. DESIGN 4,
/// "Durability"; DESIGN 6, "Epochs". tests/crashes.sh does it 200 times.</summary>
public sealed class CrashTests : IDisposable
{
    private const int Writers = 8;
    private const int ShortForm = 5;

    private readonly NodeFolder folder = new();
    private readonly Random random;
    private readonly int seed;
    private int checkedBefore; // so many writes were asked for after the life that committed them

    public CrashTests()
    {
        string? chosen = Environment.GetEnvironmentVariable("CURIA_CRASH_SEED");
        seed = chosen is null ? Random.Shared.Next() : int.Parse(chosen, CultureInfo.InvariantCulture);
        random = new Random(seed);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_was_answered_as_committed_is_there_after_kill_9()
    {
        string? asked = Environment.GetEnvironmentVariable("CURIA_CRASHES");
        int crashes = asked is null ? ShortForm : int.Parse(asked, CultureInfo.InvariantCulture);
        folder.Limits["snapshot_transactions"] = 300;
        History history = new();
        for (int crash = 0; crash < crashes; crash++)
        {
            using NodeProcess node = await OpenAsync();
            await CheckAsync(node, history);
            await LoadUntilKilledAsync(node, history, crash);
        }

        using NodeProcess last = await OpenAsync();
        await CheckAsync(last, history);
        last.Terminate();
        Assert.Equal(0, await last.ExitCodeAsync());
        Assert.NotEmpty(history.Committed);
        AuditReport report = LedgerOnDisk.Audit(folder, history.Committed.Select(write => write.TxId));
        Assert.True(report.Ok, $"seed {seed}: {string.Join('\n', report.Problems)}");
        Assert.Equal((ulong)crashes + 1, report.Epochs);
        Assert.DoesNotContain(LedgerOnDisk.Transactions(folder), history.Invalid.Contains);
        Assert.Subset(LedgerOnDisk.Transactions(folder), history.Committed.Select(write => write.TxId).ToHashSet());
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"seed {seed}: {crashes} crashes, {history.Committed.Count} writes answered as committed, "
            + $"{history.Invalid.Count} became invalid");
    }

    // What a killed process wrote for its operator is still there: it must not be taken for the new one's.
    private Task<NodeProcess> OpenAsync()
    {
        if (Directory.Exists(folder.At("node0"))) File.Delete(folder.At("node0/addresses.json"));
        return NodeProcess.OpenAsync(folder);
    }

    private async Task LoadUntilKilledAsync(NodeProcess node, History history, int crash)
    {
        using HttpClient client = node.Client(folder.User, version: new Version(2, 0));
        Task[] writers =
            [.. Enumerable.Range(0, Writers).Select(writer => WriteUntilItFailsAsync(client, history, writer, crash))];

        // Every other life ends soon, perhaps before a write has an answer; the others only after some were committed,
        // however slow the machine is, and perhaps in the middle of a snapshot.
        bool isShort = crash % 2 == 1;
        int before = history.CommittedCount;
        for (int waited = 0; !isShort && history.CommittedCount < before + Writers; waited++)
        {
            Assert.True(waited < 3_000, $"seed {seed}: no write was committed in 30 s");
            await Task.Delay(10);
        }

        await Task.Delay(random.Next(1, isShort ? 30 : 600));
        node.Kill();
        await Task.WhenAll(writers);
    }

    private static async Task WriteUntilItFailsAsync(HttpClient client, History history, int writer, int crash)
    {
        for (int at = 0; ; at++)
        {
            string message = $"{crash} {writer} {at} {new string('x', at % 7 * 300)}";
            history.Try(writer, message);
            try
            {
                using HttpRequestMessage request = new(HttpMethod.Post, "/app/log/private")
                {
                    Content = JsonContent.Create(new { id = writer, msg = message }),
                    Version = new Version(2, 0),
                };
                bool waits = at % 3 != 0;
                if (waits) request.Headers.TryAddWithoutValidation("Prefer", "wait=committed");
                using HttpResponseMessage response = await client.SendAsync(request);
                string header = response.Headers.GetValues("x-ms-ccf-transaction-id").Single();
                Assert.True(TxId.TryParse(header, out TxId txId));
                if (!response.IsSuccessStatusCode) history.Refuse(txId, await response.Content.ReadAsStringAsync());
                else history.Answer(new Write(writer, message, txId), waits);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
            {
                return; // the node is gone
            }
        }
    }

    private async Task CheckAsync(NodeProcess node, History history)
    {
        using HttpClient client = node.Client(folder.User);

        // All of the last life, and some of each before.
        Write[] known = [.. history.Committed];
        foreach (Write write in known.Skip(checkedBefore).Concat(known.Length == 0 ? [] : random.GetItems(known, 20)))
            Assert.Equal("Committed", await StatusAsync(client, write.TxId));
        checkedBefore = known.Length;
        foreach (TxId pending in history.Pending.TakeLast(20).ToArray())
        {
            string status = await StatusAsync(client, pending);
            Assert.Contains(status, (string[])["Committed", "Invalid"]);
            if (status == "Invalid") history.Invalidate(pending); // final: it must never appear
        }

        foreach (TxId invalid in history.Invalid) Assert.Equal("Invalid", await StatusAsync(client, invalid));
        for (int writer = 0; writer < Writers; writer++)
        {
            if (history.ValuesOf(writer) is not { } possible) continue;
            JsonElement message = await client.GetFromJsonAsync<JsonElement>($"/app/log/private?id={writer}");
            Assert.Contains(message.GetProperty("msg").GetString(), possible);
        }

        if (known.Length > 0) await CheckHistoryAsync(client, random.GetItems(known, 1)[0]);
    }

    private static async Task CheckHistoryAsync(HttpClient client, Write write)
    {
        for (int attempt = 0; attempt < 50; attempt++)
        {
            using HttpResponseMessage response = await client.GetAsync(
                $"/app/log/private/historical?id={write.Writer}&seqno={write.TxId.SeqNo}");
            if ((int)response.StatusCode == 202)
            {
                await Task.Delay(50);
                continue;
            }

            JsonElement message = await response.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal(write.Message, message.GetProperty("msg").GetString());
            return;
        }

        Assert.Fail($"{write.TxId} did not come back from the ledger");
    }

    private static async Task<string> StatusAsync(HttpClient client, TxId txId)
    {
        JsonElement status = await client.GetFromJsonAsync<JsonElement>($"/app/tx?transaction_id={txId}");
        return status.GetProperty("status").GetString()!;
    }

    private sealed record Write(int Writer, string Message, TxId TxId);

    /// <summary>What clients were told. A writer sends one write after the other, so what it reads later is the last
    /// one that was answered as committed, or one that it sent after that.</summary>
    private sealed class History
    {
        private readonly Lock gate = new();
        private readonly List<Write> committed = [];
        private readonly List<TxId> pending = [];
        private readonly List<TxId> invalid = [];
        private readonly Dictionary<int, List<string>> possible = [];
        private readonly HashSet<int> everCommitted = [];

        public List<Write> Committed => committed;

        public int CommittedCount
        {
            get
            {
                lock (gate) return committed.Count;
            }
        }

        public List<TxId> Pending => pending;

        public List<TxId> Invalid => invalid;

        public List<string>? ValuesOf(int writer) =>
            everCommitted.Contains(writer) ? possible[writer] : null;

        public void Try(int writer, string message)
        {
            lock (gate)
            {
                if (!possible.TryGetValue(writer, out List<string>? values)) possible[writer] = values = [];
                values.Add(message);
            }
        }

        public void Answer(Write write, bool isCommitted)
        {
            lock (gate)
            {
                if (!isCommitted)
                {
                    pending.Add(write.TxId);
                    return;
                }

                committed.Add(write);
                everCommitted.Add(write.Writer);
                possible[write.Writer] = [write.Message];
            }
        }

        public void Invalidate(TxId txId)
        {
            lock (gate)
            {
                pending.Remove(txId);
                invalid.Add(txId);
            }
        }

        public void Refuse(TxId txId, string body)
        {
            lock (gate)
            {
                if (body.Contains("TransactionInvalid", StringComparison.Ordinal)) invalid.Add(txId);
            }
        }
    }
}
