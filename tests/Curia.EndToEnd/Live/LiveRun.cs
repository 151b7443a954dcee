using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Live;

/// <summary>One network, its clients, and one fault after the other; then everything is checked.</summary>
internal sealed class LiveRun : IDisposable
{
    private const int ClientsPerNode = 2;

    private readonly LiveNetwork network;
    private readonly Random random;
    private readonly History history = new();
    private readonly Faults faults;
    private readonly CancellationTokenSource stop = new();
    private readonly List<LiveClient> clients = [];
    private readonly List<Task> running = [];
    private readonly List<FaultRow> rows = [];

    private LiveRun(LiveNetwork network, int seed, TimeSpan faultDuration)
    {
        this.network = network;
        random = new Random(seed);
        faults = new Faults(network, random, faultDuration, GoesOnAsync);
        for (int number = 0; number < network.Size * ClientsPerNode; number++)
        {
            LiveClient client = new(network, history, number, random.Next());
            clients.Add(client);
            running.Add(Task.Run(() => client.RunAsync(stop.Token)));
        }
    }

    /// <summary>What happened in the time of one fault, and until a new write committed on the whole network.</summary>
    internal sealed record FaultRow(string Name, double Seconds, double WholeAfter, double Silence, int Commits);

    public IReadOnlyList<FaultRow> Rows => rows;

    public IReadOnlyCollection<string> Names => [.. faults.All.Keys];

    public static async Task<LiveRun> BeginAsync(int nodes, int seed, TimeSpan faultDuration)
    {
        LiveRun run = new(await LiveNetwork.OpenAsync(nodes, seed), seed, faultDuration);

        // A configuration counts in a cold restart once the ledgers say that it committed, which the next block does.
        await run.WholeAsync();
        return run;
    }

    /// <summary>Has one fault happen, and waits until the network is whole.</summary>
    public async Task HaveAsync(string name)
    {
        long from = Stopwatch.GetTimestamp();
        await faults.All[name]();
        double took = Stopwatch.GetElapsedTime(from).TotalSeconds;
        long healed = Stopwatch.GetTimestamp();
        await WholeAsync();
        long to = Stopwatch.GetTimestamp();
        rows.Add(new FaultRow(name, took, Stopwatch.GetElapsedTime(healed, to).TotalSeconds,
            history.LongestSilence(from, to).TotalSeconds, history.Commits(from, to)));
        if (running.FirstOrDefault(client => client.IsFaulted) is { } failed) await failed;
    }

    /// <summary>Ends the clients, waits until all nodes have all of it, and checks everything.</summary>
    /// <returns>What is wrong.</returns>
    public async Task<IReadOnlyList<string>> FinishAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running);
        TxId last = await WholeAsync();
        foreach (LiveNode node in network.Nodes) await StatusesAsync(node, last);
        string servicePem = network.ServiceCertificate;
        foreach (LiveNode node in network.Nodes) node.Kill();
        LedgerCopy[] ledgers = [.. network.Nodes.Select(node =>
            LedgerCopy.Read($"{node}", node.Ledger, servicePem))];
        return [.. history.Problems, .. HistoryCheck.AgainstLedgers(history, ledgers, last.SeqNo),
            .. HistoryCheck.Linearisable(history)];
    }

    /// <summary>The table of the run, for people.</summary>
    public string Summary()
    {
        StringBuilder text = new();
        text.AppendLine("| fault | times | seconds | whole again after | longest time without a commit | commits |");
        text.AppendLine("|---|---|---|---|---|---|");
        foreach (IGrouping<string, FaultRow> one in rows.GroupBy(row => row.Name))
        {
            text.AppendLine(Line($"| {one.Key} | {one.Count()} | {one.Average(row => row.Seconds):F1}")
                + Line($" | {one.Max(row => row.WholeAfter):F1} | {one.Max(row => row.Silence):F1}")
                + Line($" | {one.Sum(row => row.Commits)} |"));
        }

        int Count(WriteOutcome outcome) => history.Writes.Count(write => write.Outcome == outcome);
        text.AppendLine();
        text.AppendLine(
            Line($"Writes: {history.Writes.Count}, of these {Count(WriteOutcome.Committed)} answered as committed, ")
            + Line($"{Count(WriteOutcome.Ordered)} as ordered, {Count(WriteOutcome.Never)} as not written, ")
            + Line($"{Count(WriteOutcome.Unknown)} not at all. Reads: {history.Reads.Count}, of these ")
            + Line($"{history.Reads.Count(read => read.IsStrong)} held to linearisability. Final statuses told: ")
            + Line($"{history.Final.Count}, of these {history.Final.Values.Count(one => one == "Invalid")} Invalid."));
        Wire wire = network.Machines.Wire;
        text.AppendLine(Line($"Packets: {wire.Carried} carried, {wire.Lost} lost. Errors: ")
            + string.Join(", ", history.Codes.OrderBy(one => one.Key).Select(one => $"{one.Key} {one.Value}")) + ".");
        return text.ToString();
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public string Logs => network.Logs;

    public void Dispose()
    {
        stop.Cancel();
        foreach (LiveClient client in clients) client.Dispose();
        network.Dispose();
        stop.Dispose();
    }

    // What was on its way when the fault began does not count.
    private async Task GoesOnAsync()
    {
        await Task.Delay(1000);
        long from = Stopwatch.GetTimestamp();
        while (history.Commits(from, long.MaxValue) == 0)
        {
            if (Stopwatch.GetElapsedTime(from) > LiveNetwork.Patience)
                throw new LiveException("clients are told of no new commit, and a majority is there");
            await Task.Delay(20);
        }
    }

    // All nodes take part, and have what was written last.
    private async Task<TxId> WholeAsync()
    {
        Stopwatch waited = Stopwatch.StartNew();
        TxId? probe = null;
        string missing = "";
        while (waited.Elapsed < LiveNetwork.Patience)
        {
            probe ??= await TryProbeAsync();
            missing = probe is null ? "no write commits" : "";
            if (probe is { } txId)
            {
                foreach (LiveNode node in network.Nodes)
                {
                    if (node.IsDead) throw new LiveException($"{node} has died by itself: exit code {node.ExitCode}");
                    JsonElement? details = await network.TryConsensusAsync(node);
                    if (details is null || !HasAll(details.Value, txId)) missing += $"{node}: {details}; ";
                }

                if (missing.Length == 0) return txId;
            }

            await Task.Delay(50);
        }

        throw new LiveException($"not whole after {LiveNetwork.Patience.TotalSeconds} s: {missing}");
    }

    private bool HasAll(JsonElement details, TxId last)
    {
        string committed = details.GetProperty("committed").GetString()!;
        JsonElement configurations = details.GetProperty("configurations");
        return TxId.TryParse(committed, out TxId txId) && txId.SeqNo >= last.SeqNo
            && configurations.GetArrayLength() == 1
            && configurations[0].GetProperty("nodes").GetArrayLength() == network.Size;
    }

    private async Task<TxId?> TryProbeAsync()
    {
        LiveNode[] open = network.Open;
        if (open.Length == 0) return null;
        LiveWrite write = history.Begin("public", ulong.MaxValue, isRepeatable: false);
        try
        {
            using HttpClient client = network.Client(open[random.Next(open.Length)], TimeSpan.FromSeconds(6));
            using HttpRequestMessage request = new(HttpMethod.Post, "/app/log/public")
            {
                Content = JsonContent.Create(new { id = write.Key, msg = write.Value }),
                Version = System.Net.HttpVersion.Version20,
            };
            request.Headers.TryAddWithoutValidation("Prefer", "wait=committed, timeout=4");
            using HttpResponseMessage response = await client.SendAsync(request);
            string text = response.Headers.GetValues("x-ms-ccf-transaction-id").Single();
            if (!response.IsSuccessStatusCode || !TxId.TryParse(text, out TxId txId)) return null;
            history.Told(write, WriteOutcome.Committed, txId);
            return txId;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    // Each node must know by now what became of everything that any client was given.
    private async Task StatusesAsync(LiveNode node, TxId last)
    {
        using HttpClient client = network.Client(node, TimeSpan.FromSeconds(6));
        ParallelOptions few = new() { MaxDegreeOfParallelism = 16 };
        await Parallel.ForEachAsync(history.Seen.Where(one => one.SeqNo <= last.SeqNo), few, async (txId, gone) =>
        {
            string path = $"/app/tx?transaction_id={txId}";
            JsonElement reply = await client.GetFromJsonAsync<JsonElement>(path, gone);
            string status = reply.GetProperty("status").GetString()!;
            history.Told(txId, status, $"{node}, in the end");
            if (status is not ("Committed" or "Invalid"))
                history.Add($"{txId} is {status} in the end, by {node}; committed is {last}");
        });
    }
}
