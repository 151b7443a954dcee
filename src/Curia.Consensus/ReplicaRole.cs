namespace Curia.Consensus;

/// <summary>What a replica is in its view.</summary>
public enum ReplicaRole
{
    /// <summary>Follows; proposes nothing.</summary>
    Backup,

    /// <summary>Asks whether it would get votes; has not left its view (Raft thesis, section 9.6).</summary>
    PreCandidate,

    /// <summary>Asks for votes in a new view.</summary>
    Candidate,

    /// <summary>Orders transactions; at most one node per view.</summary>
    Primary,

    /// <summary>A committed configuration no longer has it: it may end, and takes no part any more.</summary>
    Retired,

    /// <summary>Could not store a block: takes no part any more, for good. The process ends.</summary>
    Stopped,
}
