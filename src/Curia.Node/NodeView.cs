using System;
using System.Collections.Generic;
using Curia.Consensus;
using Curia.Governance;
using Curia.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>What a node says of itself after a step. Immutable; published for any thread.</summary>
public sealed record NodeView
{
    /// <summary>The node.</summary>
    public required NodeId NodeId { get; init; }

    /// <summary>Whether the service is open: genesis is durable and requests are served.</summary>
    public required bool IsOpen { get; init; }

    /// <summary>Whether the node takes no more transactions.</summary>
    public required bool IsDraining { get; init; }

    /// <summary>Whether the process may end: it takes no more, all that it ordered is committed, and another node goes
    /// on where there is one.</summary>
    public required bool MayEnd { get; init; }

    /// <summary>Primary, backup or candidate.</summary>
    public required ReplicaRole Role { get; init; }

    /// <summary>The node that orders, as far as this one knows.</summary>
    public required NodeId? Primary { get; init; }

    /// <summary>Why nobody orders, although this node has a majority behind it: what the diversity rule asks for and
    /// does not find among those that answer. Null otherwise.</summary>
    public string? DiversityLack { get; init; }

    /// <summary>The active configurations, oldest first.</summary>
    public required IReadOnlyList<Configuration> Configurations { get; init; }

    /// <summary>The current view.</summary>
    public required View View { get; init; }

    /// <summary>The last committed transaction: always the signature transaction that ends a block.</summary>
    public required TxId Committed { get; init; }

    /// <summary>The last transaction that was ordered.</summary>
    public required TxId Last { get; init; }

    /// <summary>The views of all positions up to <see cref="Last"/>.</summary>
    public required ViewHistory Views { get; init; }

    /// <summary>The service certificate, DER; empty until the service is made.</summary>
    public required ReadOnlyMemory<byte> ServiceCertificate { get; init; }

    /// <summary>The digest of the genesis block: the network's name.</summary>
    public required Digest Genesis { get; init; }

    /// <summary>The first transaction of this epoch: genesis, or where this process went on.</summary>
    public required TxId ServiceCreated { get; init; }

    /// <summary>Whether this node orders.</summary>
    public bool IsPrimary => Role == ReplicaRole.Primary;

    /// <summary>The status of a transaction, as far as this node knows.</summary>
    public TransactionStatus StatusOf(TxId txId) => TransactionStatuses.Of(txId, Committed, Last, Views);

    /// <summary>The nodes by what has committed.</summary>
    internal NodeTable Nodes { get; init; } = NodeTable.Empty;

    /// <summary>Whether another node may hand over requests of its clients: it is trusted with the secrets, by what has
    /// committed here.</summary>
    public bool MayForward(NodeId node) => Nodes.StatusOf(node) is NodeRecord.Trusted or NodeRecord.Learner;

    /// <summary>Whether this node may answer a client that has seen a transaction (docs/http.md, "Several
    /// nodes").</summary>
    public SessionStanding StandingOf(TxId seen)
    {
        bool isThere = seen == TxId.Zero || (seen.SeqNo <= Last.SeqNo && Views.ViewAt(seen.SeqNo) == seen.View);

        // What the primary has ordered in its own view it has told its client before it is published here.
        if (isThere || (IsPrimary && seen.View == View)) return SessionStanding.Included;
        return StatusOf(seen) == TransactionStatus.Invalid ? SessionStanding.Lost : SessionStanding.Behind;
    }

    /// <summary>Counters since start, for metrics.</summary>
    public required NodeCounters Counters { get; init; }
}

/// <summary>How the state of a node stands to what a client has seen.</summary>
public enum SessionStanding
{
    /// <summary>It includes that.</summary>
    Included,

    /// <summary>It does not include it yet; whether it ever will is not known.</summary>
    Behind,

    /// <summary>That transaction is invalid: no state will ever include it.</summary>
    Lost,
}

/// <summary>What a node counts since it started.</summary>
public readonly record struct NodeCounters
{
    /// <summary>Transactions ordered, signature transactions not counted.</summary>
    public long TransactionsOrdered { get; init; }

    /// <summary>Transactions refused because what they had read was changed.</summary>
    public long Conflicts { get; init; }

    /// <summary>Blocks sealed.</summary>
    public long BlocksSealed { get; init; }

    /// <summary>Bytes of sealed blocks.</summary>
    public long BlockBytes { get; init; }

    /// <summary>Blocks proposed and not yet stored.</summary>
    public int BlocksInFlight { get; init; }

    /// <summary>Snapshots whose digest is in the ledger.</summary>
    public long Snapshots { get; init; }

    /// <summary>Blocks read back from disk for historical queries.</summary>
    public long BlocksReadBack { get; init; }

    /// <summary>Messages of other nodes that were left alone, by the names of <see cref="MessageRefusal"/> and
    /// <see cref="IgnoredMessages"/>. It goes on counting; any thread reads it.</summary>
    public IReadOnlyDictionary<string, long> MessagesIgnored { get; init; }

    /// <summary>Clients that wait for commit.</summary>
    public int WaitingReplies { get; init; }

    /// <summary>Rounds begun in which this node asked the others whether it still is the primary, for linearisable
    /// reads.</summary>
    public long ReadRounds { get; init; }
}
