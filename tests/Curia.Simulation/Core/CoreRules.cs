namespace Curia.Simulation;

/// <summary>What must hold of consensus in every run: docs/consensus.md in checkable words.</summary>
internal static class CoreRules
{
    public const string OnePrimary = "a view has one primary";
    public const string OneVote = "a node votes once in a view";
    public const string ElectedByMajorities = "a primary has votes of a majority of each active configuration";
    public const string VotesForNewer = "a vote goes to a log that is not older";
    public const string PrefixesAgree = "committed prefixes are equal";
    public const string CommitGrows = "committed never goes back";
    public const string CommitIsStored = "what is committed is stored by a quorum of each configuration it counts for";
    public const string CommitIsOfThisView = "a primary commits up to a block of its own view";
    public const string CommittedStays = "what is committed is in the log of every later primary and never taken back";
    public const string LogsMatch = "logs that share a block share all before it";
    public const string AcknowledgedStays = "what was acknowledged in a view is not taken back in it";
    public const string AcknowledgedIsStored = "an acknowledgement claims what is stored";
    public const string AcknowledgedIsProved = "an acknowledgement claims what the primary of the view has";
    public const string SeqNosAreUsedOnce = "a seqno is proposed once in a view";
    public const string ConfirmsAreTrue = "a confirmed primary knows all that was committed before the question";
    public const string SendsWhatItHas = "a node sends what it has";
    public const string RetiresLast = "a node retires when a committed configuration has it no longer";
    public const string ProposalsAreTaken = "a primary that can propose takes a block";
    public const string GoesOn = "once faults stop, a new block commits within ten election timeouts";
    public const string ReturnDisturbsNobody = "a node that comes back does not depose a healthy primary";
    public const string StepsDown = "a primary that cannot commit steps down";
    public const string CoreHolds = "the core keeps its own promises";
    public const string RunsRepeat = "a run repeats from its seed";
}
