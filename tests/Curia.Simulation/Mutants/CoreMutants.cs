using System.Collections.Generic;
using System.Linq;

namespace Curia.Simulation;

/// <summary>The mutants of the core. What others got wrong is among them, and what this simulation found in
/// ours.</summary>
internal static class CoreMutants
{
    public static IReadOnlyList<CoreMutant> All { get; } =
        [.. OfElections(), .. OfCommit(), .. OfBackups(), .. OfLiveness(), .. OnceReal()];

    /// <summary>Those that the search must find, each in one of its models.</summary>
    public static IEnumerable<(CoreMutant Mutant, string Model)> ForSearch =>
    [
        (Named("half of the voters are a quorum"), "a third gets a vote"),
        (Named("a vote does not look at the log"), "three vote"),
        (Named("a node votes for everybody"), "three vote"),
        (Named("votes are counted over the union of configurations"), "one is left"),
        (Named("a block of an older view commits by itself"), "three vote for long"),
        (Named("a quorum is counted over those that answered"), "three vote"),
        (Named("a configuration counts when it commits, not when it is appended"), "one is left"),
        (Named("the newest configuration alone commits"), "one is left"),
        (Named("the block before is compared by its seqno alone"), "three vote"),
        (Named("a stale message takes back what follows it"), "three vote, pipelined"),
    ];

    private static CoreMutant Named(string name) => All.Single(mutant => mutant.Name == name);

    private static IEnumerable<CoreMutant> OfElections() =>
    [
        new(
            "half of the voters are a quorum",
            [CoreRules.ElectedByMajorities, CoreRules.CommitIsStored, CoreRules.OnePrimary],
            new CoreEdit("Configuration.cs", "Voters.Count / 2 + 1", "(Voters.Count + 1) / 2")),
        new(
            "a vote does not look at the log",
            [CoreRules.VotesForNewer],
            new CoreEdit("Replica.Elections.cs", "=> last >= log.Last;", "=> last >= TxId.Zero;")),
        new(
            "a node votes for everybody",
            [CoreRules.OneVote],
            new CoreEdit("Replica.Elections.cs", "(votedFor is null || votedFor == candidate)", "candidate != self")),
        new(
            "a candidate that gave up votes again",
            [CoreRules.OneVote],
            new CoreEdit("Replica.Elections.cs", "primary = leader;", "primary = leader; votedFor = null;")),
        new(
            "votes are counted over the union of configurations",
            [CoreRules.ElectedByMajorities],
            new CoreEdit(
                "Quorum.cs",
                "if (!configuration.HasMajority(granted)) return false;",
                """
                HashSet<NodeId> all = [.. configuration.Voters];
                foreach (Configuration one in configurations) all.UnionWith(one.Voters);
                int voters = all.Count;
                all.IntersectWith(granted);
                return 2 * all.Count > voters;
                """)),
    ];

    private static IEnumerable<CoreMutant> OfCommit() =>
    [
        new(
            "a block of an older view commits by itself",
            [CoreRules.CommitIsOfThisView],
            new CoreEdit("Replica.Primary.cs", "if (log[index].View != View) return null;", "")),
        new(
            "a refusal counts as an acknowledgement",
            [CoreRules.CommitIsStored],
            new CoreEdit(
                "Replica.Primary.cs",
                "Heard(peer, refused.Round);",
                "Heard(peer, refused.Round); peer.Acknowledge(log.BestMatch(refused.Hint).SeqNo);")),
        new(
            "a quorum is counted over those that answered",
            [CoreRules.CommitIsStored],
            new CoreEdit(
                "Quorum.cs",
                "int place = stored.Length - configuration.Majority;",
                """
                stored = Array.FindAll(stored, one => one > SeqNo.Zero);
                if (stored.Length == 0) return SeqNo.Zero;
                int place = (stored.Length - 1) / 2;
                """)),
        new(
            "a configuration counts when it commits, not when it is appended",
            [CoreRules.CommitIsStored, CoreRules.ElectedByMajorities],
            new CoreEdit("Replica.cs", "        configurations.Add(block.Configuration);\n", ""),
            new CoreEdit(
                "Replica.cs",
                "configurations.RemoveAll(configuration => configuration.From < newest.From);",
                """
                configurations.Clear();
                configurations.Add(newest);
                if (Role == ReplicaRole.Primary) MeetPeers(Last);
                """)),
        new(
            "the newest configuration alone commits",
            [CoreRules.CommitIsStored],
            new CoreEdit(
                "Replica.Primary.cs",
                "bool counts = index == 0 || configurations[index].From <= last;",
                "bool counts = index == reached.Length - 1;")),
        new(
            "the diversity rule is left out",
            [CoreRules.CommitIsStored],
            new CoreEdit(
                "Quorum.cs",
                "if (!configuration.Rule.IsStricterThanMajority) return stored[place];",
                "if (place >= 0) return stored[place];")),
        new(
            "a read is confirmed without a round",
            [CoreRules.ConfirmsAreTrue],
            new CoreEdit(
                "Replica.Primary.cs",
                "round = System.Math.Min(round, Quorum.StoredBy(majority, answered).Value);",
                "round = Round;")),
        new(
            "a read is confirmed before a block of the own view has committed",
            [CoreRules.ConfirmsAreTrue],
            new CoreEdit("Replica.Primary.cs", " || Committed.View != View) return;", ") return;")),
    ];

    private static IEnumerable<CoreMutant> OfBackups() =>
    [
        new(
            "the block before is compared by its seqno alone",
            [CoreRules.LogsMatch, CoreRules.AcknowledgedIsProved],
            new CoreEdit("Replica.Backup.cs", "!log.EndsABlock(append.Previous))", "append.Previous.SeqNo > Last)")),
        new(
            "an acknowledgement does not wait for the disk",
            [CoreRules.AcknowledgedIsStored],
            new CoreEdit(
                "Replica.Backup.cs", "SeqNo both = stored < verified ? stored : verified;", "SeqNo both = verified;")),
        new(
            "an acknowledgement claims more than the messages proved",
            [CoreRules.AcknowledgedIsProved],
            new CoreEdit(
                "Replica.Backup.cs", "SeqNo both = stored < verified ? stored : verified;", "SeqNo both = stored;")),
        new(
            "a stale message takes back what follows it",
            [CoreRules.AcknowledgedStays, CoreRules.CommittedStays, CoreRules.CoreHolds],
            new CoreEdit(
                "Replica.Backup.cs",
                "if (known == blocks.Length) return true;",
                """
                if (known == blocks.Length)
                {
                    if (known > 0 && blocks[^1].Last >= Committed.SeqNo && blocks[^1].Last < Last)
                        TruncateAfter(blocks[^1].LastTxId);
                    return true;
                }
                """)),
        new(
            "a snapshot that is installed counts for all that follows it",
            [CoreRules.CommitIsStored],
            new CoreEdit(
                "Replica.Primary.cs",
                "peer.ExpectAt(appended.Matched.SeqNo.Next);",
                "peer.ExpectAt(appended.Matched.SeqNo.Next); peer.Acknowledge(Last);")),
        new(
            "a late report of a block that was taken back counts",
            [CoreRules.AcknowledgedIsStored, CoreRules.CommitIsStored],
            new CoreEdit("Replica.cs", "if (store.Last.SeqNo <= last.SeqNo) storing", "storing")),
    ];

    private static IEnumerable<CoreMutant> OfLiveness() =>
    [
        new(
            "a pre-vote raises the view",
            [CoreRules.ReturnDisturbsNobody],
            new CoreEdit(
                "Replica.Elections.cs",
                "Become(ReplicaRole.PreCandidate);",
                "EnterView(View.Next); Become(ReplicaRole.PreCandidate);")),
        new(
            "a primary does not ask whether it is heard",
            [CoreRules.StepsDown],
            new CoreEdit("Replica.Primary.cs", "if (!HearsAQuorum())", "if (options.HeartbeatTicks == 0)")),
        new(
            "a node retires with the first transaction",
            [CoreRules.RetiresLast],
            new CoreEdit(
                "Replica.cs",
                "configurations.Exists(configuration => configuration.Has(self))",
                "configurations.Exists(configuration => configuration.Voters.Contains(self))")),
    ];

    private static IEnumerable<CoreMutant> OnceReal() =>
    [
        new(
            "the block that opens a view can be one too many",
            [CoreRules.GoesOn],
            new CoreEdit(
                "Replica.cs", "options.UncommittedBlocksMax && log.Last.View == View", "options.UncommittedBlocksMax")),
        new(
            "a backup forgets what it has not stored",
            [CoreRules.AcknowledgedIsStored],
            new CoreEdit(
                "Replica.cs",
                "log.Forget(stored < Committed.SeqNo ? stored : Committed.SeqNo,",
                "log.Forget(Committed.SeqNo,")),
        new(
            "a refusal that names nothing known is asked again",
            [CoreRules.GoesOn],
            new CoreEdit(
                "Replica.Primary.cs", "else if (refused.Hint.View < log.Start.View) next = log.Start.SeqNo;", "")),
        new(
            "a node that leaves never stands",
            [CoreRules.GoesOn],
            new CoreEdit("Replica.cs", "(isLeaving || configurations.Exists", "(configurations.Exists")),
    ];
}
