namespace Curia.Consensus;

/// <summary>What a replica is in its view.</summary>
public enum ReplicaRole
{
    /// <summary>Follows; proposes nothing.</summary>
    Backup,

    /// <summary>Asks for votes in a new view.</summary>
    Candidate,

    /// <summary>Orders transactions; at most one node per view.</summary>
    Primary,

    /// <summary>Could not store a block: takes no part any more, for good. The process ends.</summary>
    Stopped,
}
