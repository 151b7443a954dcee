namespace Curia.Simulation;

/// <summary>What enough seeds must reach, or they prove nothing about it. Printed in words.</summary>
internal enum CoreSituation
{
    // With and without faults.
    BlockCommitted,
    NodeJoinedFromNothing,
    LearnerPromoted,
    SeveralNodesChangedAtOnce,
    NodeRetired,
    PrimaryRetiredItself,
    HandOverWorked,
    ConfirmAnswered,
    SnapshotInstalled,
    SnapshotInstalledDuringReconfiguration,
    BlocksRecalled,
    ProposalRefused,
    TwoRulesActive,

    // With faults alone.
    ElectionOverUncommittedReconfiguration,
    OldBlockCommittedThroughNewer,
    StoredByMajorityAndTakenBack,
    QuorumLostAndSteppedDown,
    CandidateFailed,
    ConflictTruncated,
    ConfigurationTakenBack,
    StoreForTruncatedBlockReported,
    StaleAcknowledgementIgnored,
    OlderAcknowledgementIgnored,
    PreVoteRefused,
    VoteRefused,
    NotAppended,
    SnapshotRefused,
    OldDiskJoined,
    StoreFailed,
    GivenUp,
    PrimaryCrashedAfterProposal,
    PrimaryCutOffAfterProposal,
    MinorityLost,
    MajorityLost,
    BridgePartition,
    OneWayPartition,
    ClockStopped,
    StalePrimaryAsked,
    TwoPrimariesAtOnce,
}
