using System;
using Curia.Vocabulary;

namespace Curia.Client;

/// <summary>Why a call brought no answer. An answer of any HTTP status is no failure but a
/// <see cref="CallResult"/>.</summary>
public enum ClientFailure
{
    /// <summary>No connection could be made, or not in time: nothing was sent, so repeating is safe.</summary>
    Unreachable,

    /// <summary>The server at the other end does not belong to the pinned service: nothing was sent.</summary>
    WrongService,

    /// <summary>The node at the other end belongs to the service, and its evidence is not what was asked for: nothing
    /// was sent.</summary>
    NotAttested,

    /// <summary>The connection broke before the whole answer was there; whether a write happened is unknown.</summary>
    Interrupted,

    /// <summary>No answer in time; whether a write happened is unknown.</summary>
    TimedOut,

    /// <summary>The answer is not what a Curia node sends.</summary>
    BadReply,
}

/// <summary>A call that brought no answer, or an answer that cannot be used.</summary>
public sealed class CuriaClientException : Exception
{
    /// <summary>Says which failure it is, and in one sentence why.</summary>
    public CuriaClientException(ClientFailure failure, string message, Exception? inner = null)
        : base(message, inner) =>
        Failure = failure;

    /// <summary>What went wrong, for a program to decide on.</summary>
    public ClientFailure Failure { get; }

    /// <summary>The transaction that the call was about, when one is known.</summary>
    public TxId? TxId { get; init; }

    /// <summary>Whether the call was a write that a node may have executed all the same.</summary>
    public bool MayHaveWritten { get; init; }
}
