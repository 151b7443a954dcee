using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Networks;
using Curia.Client;
using Curia.Vocabulary;

namespace Curia.Cli.Benchmark;

/// <summary>A closed loop: every worker sends its next request when the last one is answered.</summary>
internal sealed class LoadDriver : IDisposable
{
    private const int MessagesToRead = 1000;
    private const int MessagesToWrite = 100_000; // far more keys than workers
    private const int ReadsForOneWrite = 9;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CommitWait = TimeSpan.FromSeconds(30);

    private readonly SandboxFile sandbox;
    private readonly BenchOptions options;
    private readonly CuriaClient[] clients;
    private readonly string message;
    private string? firstError;

    public LoadDriver(SandboxFile sandbox, BenchOptions options)
    {
        this.sandbox = sandbox;
        this.options = options;
        message = new string('x', options.PayloadBytes);

        // No repetition: a request that fails is an error of the measurement.
        Network network = Network.Of(sandbox, "user0");
        clients = [.. Enumerable.Range(0, options.Connections)
            .Select(_ => network.Connect(settings => settings with { AttemptsMax = 1 }))];
    }

    /// <summary>Warms up, measures, and tells.</summary>
    public async Task<BenchReport> RunAsync(CancellationToken cancel)
    {
        await RequireLoggingAsync(cancel).ConfigureAwait(false);
        if (options.Workload != Workload.Write) await FillAsync(cancel).ConfigureAwait(false);
        await LoadAsync(WarmUp, cancel).ConfigureAwait(false);
        double? driverBefore = ProcessUsage.CpuMicroseconds(Environment.ProcessId);
        double? nodesBefore = NodesCpu();
        long start = Stopwatch.GetTimestamp();
        Worker[] workers = await LoadAsync(options.Duration, cancel).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double? driver = ProcessUsage.CpuMicroseconds(Environment.ProcessId) - driverBefore;
        double? nodes = NodesCpu() - nodesBefore;
        LatencyHistogram latency = new();
        foreach (Worker worker in workers) latency.Add(worker.Latency);
        return new BenchReport(
            options,
            sandbox.Nodes.Count,
            seconds,
            workers.Sum(worker => worker.Requests),
            workers.Sum(worker => worker.Errors),
            firstError,
            latency,
            driver,
            nodes,
            [.. sandbox.Nodes.Select(node => ProcessUsage.PeakMemoryMiB(node.Pid))]);
    }

    public void Dispose()
    {
        foreach (CuriaClient client in clients) client.Dispose();
    }

    // Of all nodes or of none: a sum without those that have ended would be too small.
    private double? NodesCpu()
    {
        double? sum = 0;
        foreach (SandboxNode node in sandbox.Nodes) sum += ProcessUsage.CpuMicroseconds(node.Pid);
        return sum;
    }

    private async Task RequireLoggingAsync(CancellationToken cancel)
    {
        ServedApplication application = await ServedApplication.OfAsync(clients[0], cancel).ConfigureAwait(false);
        if (!application.IsLogging)
            throw CommandFailure.Refused(
                $"bench needs the application logging, and the sandbox in {sandbox.Folder} serves {application.Title}. "
                + "Start one with ./curia sandbox --app logging, or leave --target out.");
    }

    private async Task FillAsync(CancellationToken cancel)
    {
        TxId last = TxId.Zero;
        foreach (int[] ids in Enumerable.Range(0, MessagesToRead).Chunk(100))
        {
            CallResult[] results = await Task.WhenAll(
                ids.Select(id => clients[id % clients.Length].CallAsync(Write(id), cancel))).ConfigureAwait(false);
            foreach (CallResult result in results)
            {
                if (!result.IsSuccess || result.TxId is not TxId txId)
                    throw CommandFailure.Refused(
                        $"the node took no messages to read later: {result.Status} {result.ErrorMessage}");
                if (txId > last) last = txId;
            }
        }

        await clients[0].WaitForCommitAsync(last, CommitWait, cancel).ConfigureAwait(false);
    }

    private async Task<Worker[]> LoadAsync(TimeSpan duration, CancellationToken cancel)
    {
        long end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        IEnumerable<Task<Worker>> running = Enumerable.Range(0, options.InFlight)
            .Select(number => Task.Run(() => WorkAsync(number, clients[number % clients.Length], end, cancel), cancel));
        return await Task.WhenAll(running).ConfigureAwait(false);
    }

    private async Task<Worker> WorkAsync(int number, CuriaClient client, long end, CancellationToken cancel)
    {
        Worker worker = new();
        for (long turn = number; ; turn++)
        {
            long start = Stopwatch.GetTimestamp();
            if (start >= end) return worker;
            bool isFine = await SendAsync(client, RequestOf(turn), cancel).ConfigureAwait(false);
            if (isFine) worker.Requests++;
            else worker.Errors++;
            worker.Latency.Record((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }
    }

    private async Task<bool> SendAsync(CuriaClient client, CallRequest request, CancellationToken cancel)
    {
        try
        {
            CallResult result = await client.CallAsync(request, cancel).ConfigureAwait(false);
            bool isCommitted = request.CommitWait is null || result.Commit == TransactionStatus.Committed;
            if (result.IsSuccess && isCommitted) return true;
            firstError ??= $"{result.Status} {result.ErrorCode} {result.ErrorMessage} {result.Commit}".Trim();
            return false;
        }
        catch (CuriaClientException e)
        {
            firstError ??= e.Message;
            return false;
        }
    }

    private CallRequest RequestOf(long turn)
    {
        bool isWrite = options.Workload == Workload.Write
            || (options.Workload == Workload.Mixed && turn % (ReadsForOneWrite + 1) == 0);
        if (!isWrite) return CallRequest.Get($"/app/log/private?id={Random.Shared.Next(MessagesToRead)}");
        CallRequest write = Write(Random.Shared.Next(MessagesToWrite));
        return options.WaitForCommit ? write with { CommitWait = CommitWait } : write;
    }

    private CallRequest Write(int id) => CallRequest.Post(
        "/app/log/private",
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"id":{{id}},"msg":"{{message}}"}""")));

    private sealed class Worker
    {
        public long Requests { get; set; }

        public long Errors { get; set; }

        public LatencyHistogram Latency { get; } = new();
    }
}
