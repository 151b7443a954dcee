using System;
using System.Diagnostics;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace Curia.Cli.Benchmark.Load;

/// <summary>One connection of a closed loop: a request is begun when another one is answered. No request costs an
/// allocation, and what the answers in one read make way for goes out in one write.</summary>
/// <remarks>One task at a time, but for <see cref="Abort"/>. A connection that breaks is not made again: what was under
/// way counts as errors, and the load goes on without it.</remarks>
internal abstract class LoadConnection : IDisposable
{
    private const int InputBytes = 64 << 10; // four frames of the largest size that HTTP/2 may send unasked
    private const int RecordBytesMax = 16384; // what one read of a TLS stream yields at most
    private const int RefusalBytesMax = 1024; // as much of the first refusal as is worth reading

    private readonly Socket socket;
    private readonly Stream stream;
    private readonly byte[] input = new byte[InputBytes];
    private readonly byte[] refusal = new byte[RefusalBytesMax];
    private byte[] output = new byte[InputBytes];
    private int inputFrom;
    private int inputTo;
    private int outputTo;
    private int refusalTo;
    private int refusedRequest;
    private string? brokenReason;
    private volatile string? abortReason;

    protected LoadConnection(Socket socket, Stream stream)
    {
        this.socket = socket;
        this.stream = stream;
    }

    /// <summary>Requests of this phase that were answered with success.</summary>
    public long Requests { get; private set; }

    /// <summary>Requests of this phase that were refused or got no answer.</summary>
    public long Errors { get; private set; }

    /// <summary>How the first one failed that did.</summary>
    public string? FirstError { get; private set; }

    /// <summary>How long each request of this phase took.</summary>
    public LatencyHistogram Latency { get; private set; } = new();

    /// <summary>How many requests are under way.</summary>
    protected int InFlight { get; set; }

    /// <summary>The run that requests are taken from.</summary>
    protected LoadPhase? Phase { get; private set; }

    /// <summary>What has been received and not consumed.</summary>
    protected ReadOnlySpan<byte> Input => input.AsSpan(inputFrom, inputTo - inputFrom);

    /// <summary>Sends requests and takes answers until the phase is over and all are answered.</summary>
    public async Task RunAsync(LoadPhase phase)
    {
        (refusalTo, refusedRequest) = (0, 0);
        (Requests, Errors, FirstError, Latency, Phase) = (0, 0, null, new LatencyHistogram(), phase);
        if (brokenReason is not null)
        {
            Fail(1, brokenReason);
            return;
        }

        try
        {
            Begin(Stopwatch.GetTimestamp());
            while (InFlight > 0) await ExchangeAsync().ConfigureAwait(false);
            await FlushAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (IsBreak(e))
        {
            Break(e);
        }
    }

    /// <summary>Ends it from another thread; what is under way fails with this reason.</summary>
    public void Abort(string reason)
    {
        abortReason = reason;
        socket.Dispose(); // under the stream, which is in use
    }

    public void Dispose() => stream.Dispose();

    /// <summary>Sends what is to be sent, waits for something to be received, and takes it.</summary>
    protected async ValueTask ExchangeAsync()
    {
        await FlushAsync().ConfigureAwait(false);
        if (input.Length - inputTo < RecordBytesMax) MakeRoom();
        int count = await stream.ReadAsync(input.AsMemory(inputTo)).ConfigureAwait(false);
        if (count == 0) throw new LoadFailure("it closed the connection");
        inputTo += count;
        Receive(Stopwatch.GetTimestamp());
        if (inputFrom == inputTo) inputFrom = inputTo = 0;
    }

    /// <summary>Begins as many requests as may be under way at a time.</summary>
    protected abstract void Begin(long now);

    /// <summary>Takes all whole messages of <see cref="Input"/>.</summary>
    protected abstract void Receive(long now);

    /// <summary>Takes bytes off the front of <see cref="Input"/>.</summary>
    protected void Consume(int count) => inputFrom += count;

    /// <summary>Room at the end of what goes out with the next write.</summary>
    protected Span<byte> Append(int count)
    {
        if (outputTo + count > output.Length) Array.Resize(ref output, Math.Max(output.Length * 2, outputTo + count));
        outputTo += count;
        return output.AsSpan(outputTo - count, count);
    }

    /// <summary>A request was answered.</summary>
    /// <param name="request">Which one of those under way.</param>
    /// <param name="start">When it was begun.</param>
    /// <param name="now">The time now.</param>
    /// <param name="isFine">Whether with success.</param>
    /// <param name="status">With which status.</param>
    protected void Count(int request, long start, long now, bool isFine, int status)
    {
        Latency.Record((long)Stopwatch.GetElapsedTime(start, now).TotalMicroseconds);
        if (isFine)
        {
            Requests++;
            return;
        }

        Errors++;
        FirstError ??= request == refusedRequest
            ? $"{status} {Encoding.UTF8.GetString(refusal, 0, refusalTo)}".TrimEnd()
            : $"{status}";
    }

    /// <summary>Keeps what the first refusal says.</summary>
    protected void HearRefusal(int request, ReadOnlySpan<byte> body)
    {
        if (FirstError is not null || (refusalTo > 0 && request != refusedRequest)) return;
        refusedRequest = request;
        int count = Math.Min(body.Length, RefusalBytesMax - refusalTo);
        body[..count].CopyTo(refusal.AsSpan(refusalTo));
        refusalTo += count;
    }

    /// <summary>Takes down requests that get no answer.</summary>
    protected void Fail(int count, string reason)
    {
        Errors += count;
        FirstError ??= reason;
    }

    private async ValueTask FlushAsync()
    {
        if (outputTo == 0) return;
        int count = outputTo;
        outputTo = 0; // nothing is appended before the write has taken what there is
        await stream.WriteAsync(output.AsMemory(0, count)).ConfigureAwait(false);
    }

    private void MakeRoom()
    {
        if (inputTo - inputFrom == InputBytes) throw new LoadFailure("it sent a header beyond our limit");
        Input.CopyTo(input);
        (inputFrom, inputTo) = (0, inputTo - inputFrom);
    }

    private void Break(Exception reason)
    {
        brokenReason = abortReason ?? (reason is LoadFailure failure
            ? failure.Message
            : $"the connection broke ({reason.GetBaseException().Message.TrimEnd('.')})");
        Fail(Math.Max(1, InFlight), brokenReason);
        InFlight = 0;
    }

    private static bool IsBreak(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or LoadFailure;
}
