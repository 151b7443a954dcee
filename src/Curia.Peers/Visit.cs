using System;
using System.Net.Security;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Peers;

/// <summary>A connection that a peer has made: its messages, or its calls and their answers.</summary>
internal sealed class Visit
{
    // Answers are bounded by the calls in progress; refusals to be busy come on top.
    private const int BusyRepliesMax = 1024;

    private readonly LocalNode self;
    private readonly IVisitor peer;
    private readonly PeerPurpose purpose;
    private readonly PeerCallHandler answer;
    private readonly SendQueue replies;
    private Timer? idle;

    public Visit(LocalNode self, IVisitor peer, PeerHello hello, SslStream stream, FrameReader reader)
    {
        this.self = self;
        this.peer = peer;
        purpose = hello.Purpose;
        answer = purpose == PeerPurpose.Probe ? self.Settings.OnProbe! : self.Settings.OnCall;
        replies = new SendQueue(self.Limits.CallsInProgressMax + BusyRepliesMax, long.MaxValue);
        Connection = new PeerConnection(stream, reader, replies, isMaker: false, self.Counters, self.Limits,
            self.Settings.Warning);
    }

    /// <summary>The connection.</summary>
    public PeerConnection Connection { get; }

    /// <summary>Serves it until it ends.</summary>
    public async Task<ConnectionEnd> RunAsync()
    {
        using Timer? end = purpose != PeerPurpose.Probe ? null : new Timer(
            _ => Connection.Close(PeerRefusal.TooSlow), null, self.Limits.ProbeTime, Timeout.InfiniteTimeSpan);
        using Timer? idling = purpose != PeerPurpose.Probe ? null : new Timer(
            _ => Connection.Close(PeerRefusal.TooSlow), null, self.Limits.ProbeIdleTime, Timeout.InfiniteTimeSpan);
        idle = idling;
        try
        {
            return await Connection.RunAsync(Take, mayRenew: null).ConfigureAwait(false);
        }
        finally
        {
            peer.Release(purpose, Connection);
            foreach (Outgoing left in replies.Close()) left.Finish();
        }
    }

    private void Take(PeerPacket packet)
    {
        if (packet.Kind == PeerFrameKind.Message) TakeMessage(packet.Body);
        else TakeCall(packet);
    }

    private void TakeMessage(ReadOnlyMemory<byte> message)
    {
        self.Counters.MessageReceived();
        string? refusal = null;
        try
        {
            refusal = self.Settings.OnMessage(peer.Id, message);
        }
#pragma warning disable CA1031 // What takes messages is ours: its failure is not the fault of who sent one.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Failed("A message", e);
        }

        if (refusal is not null) throw new RefusedException(refusal);
    }

    private void TakeCall(PeerPacket call)
    {
        self.Counters.CallReceived();
        if (peer.TryBeginCall(call.Body.Length))
        {
            MayRest(Timeout.InfiniteTimeSpan);
            _ = Task.Run(() => AnswerAsync(call));
            return;
        }

        self.Counters.Refuse(PeerRefusal.Busy);
        if (!replies.TryAdd(Refusal(call, PeerRefusal.Busy, null)))
            throw new RefusedException(PeerRefusal.DoesNotRead);
    }

    private async Task AnswerAsync(PeerPacket call)
    {
        Outgoing reply;
        Action finished = () =>
        {
            peer.EndCall(call.Body.Length);
            MayRest(self.Limits.ProbeIdleTime);
        };
        try
        {
            ReadOnlyMemory<byte> body = await answer(peer.Id, call.CallKind, call.Body, Connection.Gone)
                .ConfigureAwait(false);
            reply = body.Length > FrameAssembly.MessageBytesMax
                ? Refusal(call, PeerRefusal.Failed, finished)
                : new Outgoing(PeerFrameKind.Reply, new PeerMessage(body, mayPass: true), call.Number)
                {
                    Finished = finished,
                };
        }
#pragma warning disable CA1031 // The caller is told; what answers calls is ours.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (e is not OperationCanceledException) Failed($"A call of kind {call.CallKind}", e);
            reply = Refusal(call, PeerRefusal.Failed, finished);
        }

        if (!replies.TryAdd(reply)) reply.Finish();
    }

    private static Outgoing Refusal(PeerPacket call, string name, Action? finished) =>
        new(PeerFrameKind.Reply, new PeerMessage(PeerRefusal.Encode(name), mayPass: true), call.Number)
        {
            IsRefused = true,
            Finished = finished,
        };

    private void MayRest(TimeSpan time)
    {
        try
        {
            idle?.Change(time, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The connection has ended.
        }
    }

    private void Failed(string what, Exception e) => self.WarnOfFailure(what,
        $"{what} of node {peer.Id} is lost, what takes it has failed: {e.GetType().Name}: {e.Message}");
}
