using Curia.Vocabulary;

namespace Curia.KeyValue;

/// <summary>What became of a transaction that was handed in for commit.</summary>
public abstract record CommitOutcome
{
    private CommitOutcome()
    {
    }

    /// <summary>The transaction has its place in the order and its writes are in the current state.</summary>
    public sealed record Committed(TxId Id, WriteSet Changes) : CommitOutcome;

    /// <summary>Something it read has changed since; nothing was written. Run it again on a new snapshot.</summary>
    /// <param name="Map">The first map, in order of name, that reads differently now.</param>
    public sealed record Conflict(string Map) : CommitOutcome;

    /// <summary>It wrote more than one transaction may; nothing was written, and running it again will not
    /// help.</summary>
    public sealed record TooLarge(long Bytes, long BytesMax) : CommitOutcome
    {
        /// <summary>What is too large: <c>key</c>, <c>value</c> or <c>write set</c>.</summary>
        public string Part { get; init; } = "write set";
    }

    /// <summary>It wrote nothing, so it takes no place in the order.</summary>
    /// <param name="ReadVersion">The state that it read; the current one when it read nothing.</param>
    public sealed record NothingToCommit(TxId ReadVersion) : CommitOutcome;
}
