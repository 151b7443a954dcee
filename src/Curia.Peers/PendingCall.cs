using System.Threading;
using System.Threading.Tasks;

namespace Curia.Peers;

/// <summary>A call of this node that has not ended: what is known of where it is.</summary>
internal sealed class PendingCall
{
    private const int Waits = 0;
    private const int IsBeingCut = 1;
    private const int IsSent = 2;
    private const int IsOver = 3;

    private readonly TaskCompletionSource<PeerReply> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int state;

    /// <summary>Done when the call has ended.</summary>
    public Task<PeerReply> Ended => ended.Task;

    /// <summary>Whether some of it may be written, and it has no reply so far.</summary>
    public bool HasBegun => Volatile.Read(ref state) is IsBeingCut or IsSent;

    /// <summary>Its first frame is about to be written. False when its caller does not wait any more.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref state, IsBeingCut, Waits) == Waits;

    /// <summary>Its last frame is about to be written: from here on it may have had its effect.</summary>
    public void Sent() => Interlocked.CompareExchange(ref state, IsSent, IsBeingCut);

    /// <summary>A reply has come.</summary>
    public void End(PeerReply reply)
    {
        if (Interlocked.Exchange(ref state, IsOver) != IsOver) ended.TrySetResult(reply);
    }

    /// <summary>The connection is gone. What waits goes on waiting for the next one.</summary>
    public void Break(string reason)
    {
        if (Volatile.Read(ref state) != Waits) GiveUp(reason, isWriting: false);
    }

    /// <summary>Ends it without an answer.</summary>
    /// <param name="reason">Why, for a log.</param>
    /// <param name="isWriting">Whether the connection goes on with what it has begun.</param>
    /// <param name="refusal">The name by which the node refused to be connected at all.</param>
    public void GiveUp(string reason, bool isWriting, string? refusal = null)
    {
        int before = Interlocked.Exchange(ref state, IsOver);
        if (before == IsOver) return;
        if (before == IsSent || (before == IsBeingCut && isWriting))
            ended.TrySetResult(new PeerReply.OutcomeUnknown(reason));
        else if (refusal is not null) ended.TrySetResult(new PeerReply.Refused(refusal));
        else ended.TrySetResult(new PeerReply.NotSent(reason));
    }
}
