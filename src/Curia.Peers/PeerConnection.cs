using System;
using System.Net.Security;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Peers;

/// <summary>How a connection ended.</summary>
/// <param name="Reason">The name of a refusal, or what the system says.</param>
/// <param name="IsRefusal">Whether it is a name.</param>
/// <param name="IsRenewal">Whether nothing was wrong: its keys have served long enough.</param>
internal sealed record ConnectionEnd(string Reason, bool IsRefusal, bool IsRenewal = false);

/// <summary>A connection after its hello, of either end: reads, writes, and sees whether the other end lives.</summary>
internal sealed class PeerConnection : IDisposable
{
    // After a refusal was written the other end is given the time to read it: a connection that is closed with
    // bytes unread takes back what was sent.
    private static readonly TimeSpan LastWordTime = TimeSpan.FromSeconds(1);

    // Once in hours: that a reply has come need not be told more directly.
    private static readonly TimeSpan ReplyCheckTime = TimeSpan.FromMilliseconds(10);

    private readonly SslStream stream;
    private readonly FrameReader reader;
    private readonly PeerCounters counters;
    private readonly PeerLimits limits;
    private readonly bool isMaker;
    private readonly CancellationTokenSource closing = new();
    private readonly CancellationToken gone;
    private string? closedFor;
    private bool isRenewed;

    public PeerConnection(SslStream stream, FrameReader reader, SendQueue queue, bool isMaker, PeerCounters counters,
        PeerLimits limits, Action<string> warn)
    {
        this.stream = stream;
        this.reader = reader;
        this.counters = counters;
        this.limits = limits;
        this.isMaker = isMaker;
        gone = closing.Token;
        Writer = new FrameWriter(stream, queue, counters, warn);
    }

    /// <summary>What writes to it.</summary>
    public FrameWriter Writer { get; }

    /// <summary>Cancelled when the connection ends.</summary>
    public CancellationToken Gone => gone;

    /// <summary>Ends it from any thread.</summary>
    public void Close(string reason)
    {
        Interlocked.CompareExchange(ref closedFor, reason, null);
        try
        {
            _ = closing.CancelAsync(); // elsewhere: who closes may hold a lock
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>Runs until it ends.</summary>
    /// <param name="take">Takes what comes, pings and pongs aside; throws <see cref="RefusedException"/>.</param>
    /// <param name="mayRenew">Whether nobody waits for what is to come; null for who took the connection.</param>
    public async Task<ConnectionEnd> RunAsync(Action<PeerPacket> take, Func<bool>? mayRenew)
    {
        counters.Connection(isMaker, +1);
        Task writing = WriteAsync();
        Task watching = WatchAsync(mayRenew, writing);
        try
        {
            await ReadAsync(take).ConfigureAwait(false);
            return new ConnectionEnd(Volatile.Read(ref closedFor) ?? "the other node has closed it", false, isRenewed);
        }
        catch (RefusedException refused)
        {
            if (refused.IsOurs)
            {
                counters.Refuse(refused.Name);
                await SayLastWordAsync(refused.Name, writing).ConfigureAwait(false);
            }
            else
            {
                counters.RefusedBy(refused.Name);
            }

            return new ConnectionEnd(refused.Name, true);
        }
#pragma warning disable CA1031 // Whatever it is, the connection has ended; who holds it goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new ConnectionEnd(Volatile.Read(ref closedFor) ?? e.Message, false, isRenewed);
        }
        finally
        {
            await closing.CancelAsync().ConfigureAwait(false);
            await writing.ConfigureAwait(false);
            await watching.ConfigureAwait(false);
            counters.Connection(isMaker, -1);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        closing.Dispose();
        reader.Dispose();
        stream.Dispose();
    }

    private async Task ReadAsync(Action<PeerPacket> take)
    {
        while (await reader.ReadAsync(gone).ConfigureAwait(false) is { } packet)
        {
            switch (packet.Kind)
            {
                case PeerFrameKind.Ping:
                    Writer.Pong();
                    break;
                case PeerFrameKind.Pong:
                    break;
                case PeerFrameKind.Refusal:
                    if (!PeerRefusal.TryDecode(packet.Body.Span, out string name))
                        throw new RefusedException(PeerRefusal.Malformed);
                    throw new RefusedException(name, isOurs: false);
                default:
                    take(packet);
                    break;
            }
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await Writer.RunAsync(gone).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is, nothing more can be written.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Close(e.Message);
        }
    }

    // Who made the connection asks each second; who took it hears that. A node that is stopped, or a network that is
    // cut, is found on both ends.
    private async Task WatchAsync(Func<bool>? mayRenew, Task writing)
    {
        using PeriodicTimer timer = new(limits.PingTime);
        try
        {
            while (await timer.WaitForNextTickAsync(gone).ConfigureAwait(false))
            {
                bool isStuck = Writer.Writing > limits.SilenceTime;
                if (isStuck || reader.Silence > limits.SilenceTime)
                {
                    string name = isStuck ? PeerRefusal.DoesNotRead : PeerRefusal.Silent;
                    counters.Refuse(name);
                    Close(name);
                    return;
                }

                if (isMaker) Writer.Ping();
                if (Math.Max(Writer.Records, reader.Records) > limits.RecordsMax && mayRenew?.Invoke() == true)
                {
                    await RenewAsync(mayRenew, writing).ConfigureAwait(false);
                    return;
                }
            }
        }
#pragma warning disable CA1031 // Whatever it is (OpenSSL's errors have a type of their own), the connection has ended.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Close(e.Message);
        }
    }

    // Who takes the connection reads what is on its way, then closes; the link makes another one.
    private async Task RenewAsync(Func<bool> mayRenew, Task writing)
    {
        closing.CancelAfter(limits.SilenceTime);
        Writer.Stop();
        await writing.WaitAsync(gone).ConfigureAwait(false);

        // A call may have gone out just before the writer stopped: its reply comes on this connection or never.
        while (!mayRenew()) await Task.Delay(ReplyCheckTime, gone).ConfigureAwait(false);
        isRenewed = true;
        await stream.ShutdownAsync().WaitAsync(gone).ConfigureAwait(false);
    }

    private async Task SayLastWordAsync(string name, Task writing)
    {
        using CancellationTokenSource time = CancellationTokenSource.CreateLinkedTokenSource(gone);
        time.CancelAfter(LastWordTime);
        try
        {
            Writer.Refuse(name);
            await writing.WaitAsync(time.Token).ConfigureAwait(false);
            await stream.ShutdownAsync().WaitAsync(time.Token).ConfigureAwait(false);
            await reader.DrainAsync(time.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception)
#pragma warning restore CA1031
        {
            // It was told as well as could be.
        }
    }
}
