using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Benchmark;
using Curia.Cli.Benchmark.Load;

namespace Curia.Benchmarks.References;

/// <summary>Puts to etcd with the load of <c>curia bench</c>: the same frames, the same closed loop, in the clear
/// because etcd is so by default. Prints what <c>curia bench --json</c> prints.</summary>
internal static class EtcdLoad
{
    private const int NumbersWritten = 100_000; // as the bench does

    /// <summary>A PutRequest of etcd's API v3, with a number as key and so many bytes as value.</summary>
    public static LoadRequest PutOf(int payloadBytes)
    {
        byte[] key = Encoding.ASCII.GetBytes(LoadRequest.Placeholder);
        byte[] value = [.. Enumerable.Repeat((byte)'x', payloadBytes)];

        // Protocol Buffers: field 1 and 2, both of wire type 2 (a length, then bytes).
        byte[] message = [0x0A, (byte)key.Length, .. key, 0x12, .. Varint(value.Length), .. value];

        // gRPC over HTTP/2: not compressed, the length of the message, the message.
        byte[] body = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), message.Length);
        message.CopyTo(body, 5);
        return new LoadRequest(
            "POST", "/etcdserverpb.KV/Put", body, NumberInBody: 7,
            [("content-type", "application/grpc"), ("te", "trailers")]);
    }

    /// <summary>Warms up, measures, and tells as JSON.</summary>
    public static async Task<JsonObject> MeasureAsync(LoadSettings settings, Uri url, IReadOnlyList<int> pids)
    {
        LoadTarget target = new(url, IsHttp1: false, IsGrpc: true, Tls: null);
        RequestMix mix = new(target.FormOf(PutOf(settings.PayloadBytes)), null, NumbersWritten, 1);
        await SocketThreads.TakeAnswersAsync();
        using LoadRun run = await LoadRun.ConnectAsync(
            target, settings.Connections, settings.InFlight, CancellationToken.None);
        await run.SendAsync(mix, settings.WarmUp, null, CancellationToken.None);
        double? driverBefore = ProcessUsage.CpuMicroseconds(Environment.ProcessId);
        double? serverBefore = Cpu(pids);
        LoadResult result = await run.SendAsync(mix, settings.Duration, null, CancellationToken.None);
        double? driver = ProcessUsage.CpuMicroseconds(Environment.ProcessId) - driverBefore;
        double? server = Cpu(pids) - serverBefore;
        if (result.FirstError is string error)
            throw new InvalidOperationException($"etcd failed, and what fails is no reference: {error}");
        return new JsonObject
        {
            ["workload"] = "etcd",
            ["connections"] = settings.Connections,
            ["in_flight"] = settings.InFlight,
            ["payload_bytes"] = settings.PayloadBytes,
            ["seconds"] = result.Seconds,
            ["requests"] = result.Requests,
            ["errors"] = result.Errors,
            ["throughput_per_second"] = result.Requests / result.Seconds,
            ["latency_ms"] = new JsonObject
            {
                ["p50"] = result.Latency.Percentile(0.50) / 1000.0,
                ["p90"] = result.Latency.Percentile(0.90) / 1000.0,
                ["p99"] = result.Latency.Percentile(0.99) / 1000.0,
                ["max"] = result.Latency.Max / 1000.0,
            },
            ["cpu_us_per_request"] = new JsonObject
            {
                ["driver"] = driver / result.Requests,
                ["nodes"] = server / result.Requests,
            },
            ["peak_memory_mib"] = new JsonArray(
                [.. pids.Select(pid => JsonValue.Create(ProcessUsage.PeakMemoryMiB(pid)))]),
        };
    }

    private static double? Cpu(IReadOnlyList<int> pids)
    {
        double? sum = 0;
        foreach (int pid in pids) sum += ProcessUsage.CpuMicroseconds(pid);
        return sum;
    }

    private static byte[] Varint(int value) =>
        value < 0x80 ? [(byte)value] : [(byte)(value | 0x80), .. Varint(value >> 7)];
}

/// <summary>How hard, and for how long.</summary>
internal sealed record LoadSettings(
    int Connections, int InFlight, int PayloadBytes, TimeSpan WarmUp, TimeSpan Duration);
