using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Cli.Benchmark.Load;

/// <summary>What a load found.</summary>
/// <param name="Seconds">From its beginning to the last answer.</param>
/// <param name="Requests">Requests answered with success.</param>
/// <param name="Errors">Requests refused, or not answered.</param>
/// <param name="FirstError">How the first one failed.</param>
/// <param name="Latency">How long each took.</param>
internal sealed record LoadResult(
    double Seconds, long Requests, long Errors, string? FirstError, LatencyHistogram Latency);

/// <summary>A closed loop over many connections, which stay from one phase to the next.</summary>
internal sealed class LoadRun : IDisposable
{
    private const int HandshakesAtATime = 16; // more would only wait for each other, and for the server's patience
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LoadConnection[] connections;

    private LoadRun(LoadConnection[] connections) => this.connections = connections;

    /// <summary>Makes all connections to one node; requests in flight are spread over them.</summary>
    /// <exception cref="LoadFailure">One of them could not be made.</exception>
    public static Task<LoadRun> ConnectAsync(
        LoadTarget target, int connections, int inFlight, CancellationToken cancel) =>
        ConnectAsync([target], connections, inFlight, cancel);

    /// <summary>Makes all connections, to one node after the other; requests in flight are spread over them.</summary>
    /// <exception cref="LoadFailure">One of them could not be made.</exception>
    public static async Task<LoadRun> ConnectAsync(
        IReadOnlyList<LoadTarget> targets, int connections, int inFlight, CancellationToken cancel)
    {
        List<LoadConnection> made = [];
        try
        {
            foreach (int[] numbers in Enumerable.Range(0, connections).Chunk(HandshakesAtATime))
            {
                made.AddRange(await Task.WhenAll(numbers.Select(number => targets[number % targets.Count].ConnectAsync(
                    (inFlight / connections) + (number < inFlight % connections ? 1 : 0), cancel)))
                    .ConfigureAwait(false));
            }

            return new LoadRun([.. made]);
        }
        catch (Exception)
        {
            foreach (LoadConnection connection in made) connection.Dispose();
            throw;
        }
    }

    /// <summary>Sends for a time, or so many requests, and waits for all answers.</summary>
    public async Task<LoadResult> SendAsync(
        RequestMix mix, TimeSpan duration, long? requestsMax, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        LoadPhase phase = new(mix, duration, requestsMax);
        using CancellationTokenSource answered = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using CancellationTokenRegistration stop = cancel.Register(() => AbortAll("the measurement was stopped"));
        Task watch = WatchAsync(duration + Patience, answered.Token);
        await Task.WhenAll(connections.Select(connection => Task.Run(() => connection.RunAsync(phase), cancel)))
            .ConfigureAwait(false);
        await answered.CancelAsync().ConfigureAwait(false);
        await watch.ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        LatencyHistogram latency = new();
        foreach (LoadConnection connection in connections) latency.Add(connection.Latency);
        return new LoadResult(
            seconds,
            connections.Sum(connection => connection.Requests),
            connections.Sum(connection => connection.Errors),
            connections.Select(connection => connection.FirstError).FirstOrDefault(error => error is not null),
            latency);
    }

    public void Dispose()
    {
        foreach (LoadConnection connection in connections) connection.Dispose();
    }

    // A server that hangs must not hang the measurement.
    private async Task WatchAsync(TimeSpan time, CancellationToken answered)
    {
        try
        {
            await Task.Delay(time, answered).ConfigureAwait(false);
            AbortAll($"no answer within {Patience.TotalSeconds:0} s");
        }
        catch (OperationCanceledException)
        {
            // All is answered, or the measurement was stopped.
        }
    }

    private void AbortAll(string reason)
    {
        foreach (LoadConnection connection in connections) connection.Abort(reason);
    }
}
