using System.Threading.Tasks;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>A request that waits for the loop. The loop completes it once: with the node's last word, or with null when
/// the time was up or the node ended.</summary>
internal sealed class PendingReply : TaskCompletionSource<Answer?>
{
    /// <summary>Begins to wait.</summary>
    /// <param name="ticket">The number under which the node answers.</param>
    /// <param name="untilFinished">Whether <see cref="Answer.Ordered"/> is not enough.</param>
    /// <param name="deadline">When to give up, in milliseconds of <see cref="System.Environment.TickCount64"/>.</param>
    // Continuations write responses to sockets; on the loop's thread they would hold up every other transaction.
    public PendingReply(long ticket, bool untilFinished, long deadline)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        Ticket = ticket;
        UntilFinished = untilFinished;
        Deadline = deadline;
    }

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
}
