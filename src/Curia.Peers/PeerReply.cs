using System;

namespace Curia.Peers;

/// <summary>How a call ended. Only after <see cref="OutcomeUnknown"/> may it have had an effect without an
/// answer.</summary>
public abstract record PeerReply
{
    private PeerReply()
    {
    }

    /// <summary>The other node has answered.</summary>
    /// <param name="Body">The answer; it belongs to who takes it.</param>
    public sealed record Answered(ReadOnlyMemory<byte> Body) : PeerReply;

    /// <summary>The call surely did not reach the other node: it can be made again, there or elsewhere.</summary>
    /// <param name="Reason">Why, for a log: no name that is compared.</param>
    public sealed record NotSent(string Reason) : PeerReply;

    /// <summary>The connection broke, or the time was up, after the call was sent: it may have had its effect or
    /// may still have it.</summary>
    /// <param name="Reason">Why, for a log.</param>
    public sealed record OutcomeUnknown(string Reason) : PeerReply;

    /// <summary>The other node did not take the call.</summary>
    /// <param name="Reason">A name of <see cref="PeerRefusal"/>, or one of the trust of the other node.</param>
    public sealed record Refused(string Reason) : PeerReply;
}
