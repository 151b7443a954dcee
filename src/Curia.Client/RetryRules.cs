using System;
using System.Collections.Generic;

namespace Curia.Client;

/// <summary>What may be sent again, and when. A write is repeated only when no node can have executed it.</summary>
internal static class RetryRules
{
    // The refusals with which a node says that it wrote nothing. A 503 of any other code may hide a write.
    private static readonly HashSet<string> NothingHappened =
    [
        "SessionCapExhausted", "TooManyRequests", "FrontendNotOpen", "TooManyPendingTransactions",
        "TransactionCommitAttemptsExceedLimit",
    ];

    private static readonly TimeSpan PauseFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(2);

    /// <summary>Whether an answer invites the same request again.</summary>
    public static bool MayRepeat(CallRequest request, CallResult result)
    {
        if (result.Status != 503) return false;
        if (request.IsRead) return true;

        return result.ErrorCode is string code && NothingHappened.Contains(code);
    }

    /// <summary>Whether a request that brought no answer may be sent again.</summary>
    public static bool MayRepeat(CallRequest request, ClientFailure failure) => failure switch
    {
        ClientFailure.Unreachable => true, // nothing was sent
        ClientFailure.Interrupted => request.IsRead,
        _ => false,
    };

    /// <summary>The pause before the next attempt: what the node asks for, else doubling with a random part.</summary>
    public static TimeSpan Pause(int attempt, TimeSpan? retryAfter)
    {
        if (retryAfter is TimeSpan asked) return asked < PauseMax ? asked : PauseMax;
        double doubled = PauseFirst.TotalMilliseconds * Math.Pow(2, attempt - 1) * (0.5 + Random.Shared.NextDouble());
        return TimeSpan.FromMilliseconds(Math.Min(doubled, PauseMax.TotalMilliseconds));
    }
}
