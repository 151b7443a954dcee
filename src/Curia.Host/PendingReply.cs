using System;
using System.Threading;
using System.Threading.Tasks;
using System.Threading.Tasks.Sources;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>A request that waits for the loop. The loop completes it once: with the node's last word, or with null when
/// the time was up or the node ended.</summary>
/// <remarks>One object is the promise, the wait for it and the work item that ends the wait. What follows the wait
/// writes responses to sockets; on the loop's thread it would hold up every other transaction, so it runs on a
/// worker, some of them one after the other (<see cref="ReplyChain"/>).</remarks>
internal sealed class PendingReply : IValueTaskSource<Answer?>, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<Answer?> wait;
    private Answer? answer;
    private PendingReply? next;

    /// <summary>Begins to wait.</summary>
    /// <param name="ticket">The number under which the node answers.</param>
    /// <param name="untilFinished">Whether <see cref="Answer.Ordered"/> is not enough.</param>
    /// <param name="deadline">When to give up, in milliseconds of <see cref="System.Environment.TickCount64"/>.</param>
    public PendingReply(long ticket, bool untilFinished, long deadline)
    {
        Ticket = ticket;
        UntilFinished = untilFinished;
        Deadline = deadline;
    }

    /// <summary>The answer; awaited once.</summary>
    public ValueTask<Answer?> Answered => new(this, wait.Version);

    /// <summary>The number under which the node answers.</summary>
    public long Ticket { get; }

    /// <summary>Whether the request waits for commit, not only for its place in the ledger.</summary>
    public bool UntilFinished { get; }

    /// <summary>When to give up, in milliseconds of <see cref="System.Environment.TickCount64"/>.</summary>
    public long Deadline { get; }

    /// <summary>Whether the node ended first; set before the reply is completed with null.</summary>
    public bool NodeEnds { get; set; }

    /// <summary>The transaction's place, once it has one; also there when the time was up.</summary>
    public TxId? Ordered { get; set; }

    /// <summary>Takes the answer; the wait ends when the chain that it joins is released. Only the loop calls it,
    /// once.</summary>
    /// <param name="last">The node's last word, or null.</param>
    /// <param name="before">The reply whose wait ends before this one on the same worker; null for the first.</param>
    public void Complete(Answer? last, PendingReply? before)
    {
        answer = last;
        if (before is not null) before.next = this;
    }

    /// <summary>Ends the waits of this reply and of those that follow it.</summary>
    public void Release() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    void IThreadPoolWorkItem.Execute()
    {
        // Each is of its request again once its wait has ended: what follows is read before.
        for (PendingReply? reply = this; reply is not null;)
        {
            PendingReply? following = reply.next;
            reply.wait.SetResult(reply.answer);
            reply = following;
        }
    }

    Answer? IValueTaskSource<Answer?>.GetResult(short token) => wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Answer?>.GetStatus(short token) => wait.GetStatus(token);

    void IValueTaskSource<Answer?>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        wait.OnCompleted(continuation, state, token, flags);
}
