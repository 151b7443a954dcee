namespace Curia.Node.Peers;

/// <summary>Why a message of another node is refused before it becomes an input (docs/node-protocol.md,
/// "Messages").</summary>
/// <param name="Name">One of the names below: what is counted, and what the other node is told.</param>
/// <param name="Detail">What was found, for people.</param>
public sealed record MessageProblem(string Name, string Detail)
{
    /// <summary>Its bytes are no message.</summary>
    public const string Malformed = "Malformed";

    /// <summary>The root, a signature or the node's certificate of one of its blocks is wrong.</summary>
    public const string BadBlock = "BadBlock";

    /// <summary>One of its blocks is of a ledger format that this program does not read.</summary>
    public const string FormatTooNew = "FormatTooNew";

    /// <summary>One of its blocks is of an epoch that this node has not heard of yet: who fell behind meets
    /// it.</summary>
    public const string UnknownEpoch = "UnknownEpoch";

    /// <summary>What was sent as a snapshot is not the one that the ledger records.</summary>
    public const string BadSnapshot = "BadSnapshot";

    /// <summary>Whether no honest node sends such a message: its connection is closed. The others an honest node may
    /// send to one that is behind or older.</summary>
    public bool IsDishonest => Name is Malformed or BadBlock;

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Detail}";
}
