using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;

namespace Curia.Peers;

/// <summary>The connection that this node makes to one other for one purpose: made when something is to be sent, and
/// made again when it breaks.</summary>
internal sealed class PeerLink : IAsyncDisposable
{
    private readonly LocalNode self;
    private readonly NodeId to;
    private readonly Func<PeerAddress> address;
    private readonly PeerPurpose purpose;
    private readonly string what;
    private readonly SendQueue queue;
    private readonly ConcurrentDictionary<ulong, PendingCall> calls = new();
    private readonly CancellationTokenSource closing = new();
    private readonly Backoff backoff;
    private readonly RareLine notReached;
    private readonly RareLine lost;
    private readonly Task running;
    private PeerConnection? connection;
    private ulong lastNumber;

    public PeerLink(LocalNode self, NodeId to, Func<PeerAddress> address, PeerPurpose purpose)
    {
        this.self = self;
        this.to = to;
        this.address = address;
        this.purpose = purpose;
        what = purpose == PeerPurpose.Messages ? "messages" : "calls";
        queue = new SendQueue(self.Limits.QueuedMessagesMax, self.Limits.QueuedBytesMax);
        backoff = new Backoff(self.Limits.BackoffMin, self.Limits.BackoffMax);
        notReached = new RareLine(self.Settings.Warning);
        lost = new RareLine(self.Settings.Warning);
        running = Task.Run(RunAsync);
    }

    /// <summary>Whether the other node has agreed to talk, and still does.</summary>
    public bool IsConnected => Volatile.Read(ref connection) is not null;

    /// <summary>Queues a message.</summary>
    /// <returns>False when the link is closed.</returns>
    public bool Send(PeerMessage message)
    {
        if (queue.Add(new Outgoing(PeerFrameKind.Message, message)) is not { } dropped) return false;
        foreach (Outgoing left in dropped) Drop(left);
        return true;
    }

    /// <summary>Calls the other node.</summary>
    public async Task<PeerReply> CallAsync(
        byte kind, ReadOnlyMemory<byte> body, TimeSpan patience, CancellationToken cancellation)
    {
        PendingCall call = new();
        ulong number = Interlocked.Increment(ref lastNumber);
        calls[number] = call;
        try
        {
            PeerMessage content = new(body, mayPass: true);
            if (!queue.TryAdd(new Outgoing(PeerFrameKind.Call, content, number, kind) { Call = call }))
                return new PeerReply.NotSent("too much waits for the node, or it is no longer one of the peers");
            return await call.Ended.WaitAsync(patience, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            call.GiveUp("the time was up", isWriting: true);
            return await call.Ended.ConfigureAwait(false);
        }
        finally
        {
            calls.TryRemove(number, out _);
        }
    }

    /// <summary>Closes it; what waits is dropped.</summary>
    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        foreach (Outgoing left in queue.Close()) Drop(left);
        Volatile.Read(ref connection)?.Close("the node is no longer one of the peers");
        await running.ConfigureAwait(false);
        closing.Dispose();
    }

    private void Drop(Outgoing left)
    {
        if (left.Kind == PeerFrameKind.Message) self.Counters.Dropped(1);
        left.Finish();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                while (queue.Count == 0) await queue.WaitAsync(closing.Token).ConfigureAwait(false);

                // Who has something to send is not to make the connection.
                await Task.Yield();
                if (await ConnectAndTalkAsync().ConfigureAwait(false)) continue;
                await Task.Delay(backoff.Next(), closing.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // It is closed.
        }
        finally
        {
            foreach (PendingCall call in calls.Values)
                call.GiveUp("the node is no longer one of the peers", isWriting: false);
        }
    }

    /// <returns>Whether it ended because it was to be renewed.</returns>
    private async Task<bool> ConnectAndTalkAsync()
    {
        PeerConnection made;
        try
        {
            made = await ConnectAsync().ConfigureAwait(false);
        }
        catch (RefusedException refused)
        {
            if (refused.IsOurs) self.Counters.Refuse(refused.Name);
            else self.Counters.RefusedBy(refused.Name);
            NotReached(refused.IsOurs ? $"refused for {refused.Name}" : $"it refuses for {refused.Name}",
                refused.IsOurs ? null : refused.Name);
            return false;
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Whatever it is, the next attempt may succeed; a link that ends is never made again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            NotReached(e.Message.TrimEnd('.'), null);
            return false;
        }

        if (notReached.Forget()) self.Settings.Info($"Node {to} is reached again at {address()} for {what}");
        using (made)
        {
            long since = Stopwatch.GetTimestamp();
            Volatile.Write(ref connection, made);
            if (closing.IsCancellationRequested) made.Close("the node is no longer one of the peers");
            ConnectionEnd end = await made.RunAsync(Take, () => calls.Values.All(call => !call.HasBegun))
                .ConfigureAwait(false);
            Volatile.Write(ref connection, null);
            foreach (PendingCall call in calls.Values) call.Break($"the connection broke: {end.Reason}");

            // One that is closed as soon as it is open has not succeeded.
            if (Stopwatch.GetElapsedTime(since) > self.Limits.BackoffMax) backoff.Reset();
            if (!closing.IsCancellationRequested && !end.IsRenewal)
                lost.Write(
                    $"The connection to node {to} at {address()} for {what} is lost: {end.Reason}. It is made again");
            return end.IsRenewal;
        }
    }

    private async Task<PeerConnection> ConnectAsync()
    {
        PeerAddress target = address();
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        TlsSession? session = null;
        FrameReader? reader = null;
        using CancellationTokenSource time = CancellationTokenSource.CreateLinkedTokenSource(closing.Token);
        try
        {
            time.CancelAfter(self.Limits.ConnectTime);
            await socket.ConnectAsync(target.Host, target.Port, time.Token).ConfigureAwait(false);
            time.CancelAfter(self.Limits.HandshakeTime);
            session = await self.Tls.ConnectAsync(new NetworkStream(socket, ownsSocket: true), time.Token)
                .ConfigureAwait(false);
            reader = new FrameReader(session.Stream, self.Counters);
            await Greeting.SayAsync(self, session, reader, to, purpose, time.Token).ConfigureAwait(false);
            return new PeerConnection(session.Stream, reader, queue, isMaker: true, self.Counters, self.Limits,
                self.Settings.Warning);
        }
        catch (Exception e)
        {
            reader?.Dispose();
            if (session is not null) await session.Stream.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            if (e is OperationCanceledException && !closing.IsCancellationRequested)
                throw new TimeoutException("it did not answer in time", e);
            throw;
        }
    }

    // Who calls would rather go elsewhere than wait; messages stay, the oldest go when there is no more room.
    private void NotReached(string reason, string? refusal)
    {
        notReached.Write($"Node {to} is not reached at {address()} for {what}: {reason}. Check that it runs and is "
            + "reached there; it is tried again");
        foreach (KeyValuePair<ulong, PendingCall> pair in calls)
            pair.Value.GiveUp($"the node is not reached: {reason}", isWriting: false, refusal);
    }

    private void Take(PeerPacket packet)
    {
        if (packet.Number > Volatile.Read(ref lastNumber)) throw new RefusedException(PeerRefusal.Malformed);

        // Who has called may have given up.
        if (!calls.TryGetValue(packet.Number, out PendingCall? call)) return;
        if (!packet.IsRefused)
        {
            call.End(new PeerReply.Answered(packet.Body));
            return;
        }

        if (!PeerRefusal.TryDecode(packet.Body.Span, out string name))
            throw new RefusedException(PeerRefusal.Malformed);
        self.Counters.RefusedBy(name);
        call.End(name == PeerRefusal.Failed ? new PeerReply.OutcomeUnknown(name) : new PeerReply.Refused(name));
    }
}
