namespace Curia.Simulation;

/// <summary>What must hold in every run. A violation names its rule, and each mutant names the rule that must catch
/// it.</summary>
internal static class Rules
{
    public const string CommitGrows = "committed never goes back";
    public const string CommitIsDurable = "what is committed is synced to disk";
    public const string StatusesAreFinal = "a final status never changes and no status lies";
    public const string BlocksAreSigned = "every block is signed and its root is right";
    public const string NoncesAreUsedOnce = "no key and nonce pair is used twice";
    public const string PrivateIsSealed = "private bytes never reach the disk in clear";
    public const string StateIsSerial = "answers are those of the naive model in commit order";
    public const string ReceiptsVerify = "receipts are given for committed transactions only and verify";
    public const string HistoryIsTrue = "history is what was written, whatever the disk says";
    public const string AuditPasses = "the ledger on disk passes the audit";
    public const string AcknowledgedSurvives = "what was acknowledged as committed survives a crash";
    public const string GoesOn = "a process goes on from whatever a crash left";
    public const string EpochsChain = "a new process opens an epoch that goes on from the one before";
    public const string IdentitiesAreNew = "node, service key and ledger secret of a process were never there before";
    public const string SecretsAreSealed = "sealed secrets come first, hold what is needed and open here alone";
    public const string ForksShow = "two processes from copies of one disk are told apart";
    public const string FailedStoreStops = "after a failed store the node stops and acknowledges nothing";
    public const string SnapshotsHoldTheState = "a snapshot holds the state of its seqno, sealed and recorded";
    public const string EverythingEnds = "once faults stop, everything commits and every client is answered";
    public const string NodeHolds = "the node keeps its own promises";
    public const string RunsRepeat = "a run repeats from its seed";
}
