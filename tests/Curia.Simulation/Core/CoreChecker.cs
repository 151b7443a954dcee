using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Runtime.CompilerServices;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Checks the rules after every step, from effects, messages and disks alone: it believes nothing that a
/// replica says of itself, and counts every quorum anew and naively.</summary>
internal sealed partial class CoreChecker(
    List<CoreNode> nodes, CoreCounts counts, TxId beginning, Configuration first)
{
    /// <summary>A block that was proposed: where it hangs, and the newest configuration at it.</summary>
    private sealed record Proposed(BlockInfo Block, TxId Parent, Configuration Configuration, long At);

    private readonly Dictionary<TxId, Proposed> proposed = [];
    private readonly List<TxId> committedNow = [];

    // In which view each block of the chain was committed first; a primary of an older view need not have it.
    private readonly List<View> committedIn = [];
    private ReplicaRole roleBefore;
    private TxId committedBefore;
    private bool isPrimary;

    /// <summary>All that any node reported as committed.</summary>
    public CoreLog Chain { get; } = new(beginning);

    /// <summary>When the newest proposal that is committed was proposed.</summary>
    public long NewestCommittedAt { get; private set; } = -1;

    /// <summary>Blocks that were proposed.</summary>
    public int Blocks => proposed.Count;

    /// <summary>The newest configuration in the chain that ends here.</summary>
    public Configuration ConfigurationAt(TxId txId) =>
        proposed.TryGetValue(txId, out Proposed? at) ? at.Configuration : first;

    /// <summary>Those that count for a log of which so much is committed, oldest first.</summary>
    public List<Configuration> ActiveConfigurations(CoreLog log, TxId committed)
    {
        List<Configuration> active = [];
        if (committed != TxId.Zero || log.Count == 0 || log[0].Configuration is null)
            active.Add(ConfigurationAt(committed));
        for (int index = log.CountThrough(committed.SeqNo); index < log.Count; index++)
        {
            if (log[index].Configuration is { } made) active.Add(made);
        }

        return active;
    }

    /// <summary>Every configuration that may still come to count, wherever it is.</summary>
    public IEnumerable<Configuration> PossibleConfigurations()
    {
        yield return ConfigurationAt(Chain.Last);
        foreach (CoreNode node in nodes)
        {
            for (int index = node.Log.Count - 1; index >= 0 && node.Log[index].Last > Chain.Last.SeqNo; index--)
            {
                if (node.Log[index].Configuration is { } made) yield return made;
            }
        }
    }

    /// <summary>Whether a log has a block; what comes before its start it has when that is committed.</summary>
    public bool Holds(CoreLog log, TxId txId) =>
        txId.SeqNo >= log.Start.SeqNo ? log.Contains(txId) : txId == TxId.Zero || Chain.Contains(txId);

    public void Before(CoreNode node)
    {
        committedNow.Clear();
        roleBefore = node.Replica.Role;
        committedBefore = node.Committed;
        isPrimary = roleBefore == ReplicaRole.Primary;
    }

    public void After(CoreNode node, ReplicaInput input)
    {
        Expect(node.Replica.LastTxId == node.Log.Last, CoreRules.LogsMatch, node, "the effects made another log");
        Expect(
            node.Replica.Committed == node.Committed, CoreRules.CommitGrows, node, "effects tell another commit");
        if (committedNow.Count > 0 && isPrimary) CheckCommitOfPrimary(node);
        CountSteps(node, input);
    }

    public void Propose(CoreNode node, BlockInfo block, long now)
    {
        bool isNew = Proposals(block.View) < block.First;
        Expect(isNew, CoreRules.SeqNosAreUsedOnce, node, $"{block.LastTxId} is proposed again");
        lastProposed[block.View] = block.Last;
        TxId parent = node.Log.Last;
        proposed.Add(
            block.LastTxId,
            new Proposed(block, parent, block.Configuration ?? ConfigurationAt(parent), now));
        PrimaryLogOf(block.View, node).Append(block);
    }

    public void Store(CoreNode node, BlockInfo block)
    {
        bool isKnown = proposed.TryGetValue(block.LastTxId, out Proposed? known) && known.Block.Equals(block);
        Expect(isKnown, CoreRules.LogsMatch, node, $"{block.LastTxId} is no block that was proposed");
        Expect(
            known!.Parent == node.Log.Last,
            CoreRules.LogsMatch,
            node,
            $"{block.LastTxId} follows {known.Parent} elsewhere and {node.Log.Last} here");
    }

    /// <summary>To be called while the log still has what is taken back.</summary>
    public void Truncate(CoreNode node, TxId after)
    {
        int kept = node.Log.CountThrough(after.SeqNo);
        Expect(node.Log.Contains(after), CoreRules.LogsMatch, node, $"nothing ends at {after}");
        Expect(after.SeqNo >= node.Committed.SeqNo, CoreRules.CommittedStays, node, $"is cut after {after}");
        if (node.Acknowledged.View == node.Replica.View)
        {
            Expect(
                after.SeqNo >= node.Acknowledged.Last,
                CoreRules.AcknowledgedStays,
                node,
                $"{node.Acknowledged.Last} was acknowledged and the log is cut after {after}");
        }

        for (int index = kept; index < node.Log.Count; index++)
        {
            BlockInfo lost = node.Log[index];
            Expect(
                !Chain.Contains(lost.LastTxId),
                CoreRules.CommittedStays,
                node,
                $"{lost.LastTxId} is committed and is taken back");
            counts.Reached(CoreSituation.ConflictTruncated);
            if (lost.Configuration is not null) counts.Reached(CoreSituation.ConfigurationTakenBack);
            if (IsStoredBy(ConfigurationAt(lost.LastTxId), lost.LastTxId))
                counts.Reached(CoreSituation.StoredByMajorityAndTakenBack);
        }
    }

    public void Commit(CoreNode node, TxId txId, long now)
    {
        Expect(txId.SeqNo > node.Committed.SeqNo, CoreRules.CommitGrows, node, $"{txId} after {node.Committed}");
        int at = node.Log.CountThrough(node.Committed.SeqNo);
        Expect(
            at < node.Log.Count && node.Log[at].LastTxId == txId,
            CoreRules.PrefixesAgree,
            node,
            $"{txId} does not follow on {node.Committed} in its log");
        if (txId.SeqNo <= Chain.Last.SeqNo)
        {
            Expect(Chain.Contains(txId), CoreRules.PrefixesAgree, node, $"{txId} is not what others committed");
        }
        else
        {
            Expect(isPrimary, CoreRules.CommitIsStored, node, $"{txId} was committed by no primary");
            Expect(node.Committed == Chain.Last, CoreRules.PrefixesAgree, node, $"{txId} leaves {Chain.Last} out");
            Chain.Append(node.Log[at]);
            NewestCommittedAt = Math.Max(NewestCommittedAt, proposed[txId].At);
            committedIn.Add(node.Replica.View);
            ExpectInPrimaries(txId, node.Replica.View);
            counts.Reached(CoreSituation.BlockCommitted);
            CountPromotions(node.Log[at]);
        }

        committedNow.Add(txId);
        node.Committed = txId;
    }

    /// <summary>What a snapshot stands for, before it replaces the log.</summary>
    public void Install(CoreNode node, SnapshotInfo snapshot)
    {
        Expect(
            Chain.Contains(snapshot.At) && snapshot.Configuration.Equals(ConfigurationAt(snapshot.At)),
            CoreRules.PrefixesAgree,
            node,
            $"a snapshot of {snapshot.At} is of nothing that was committed");
        node.Committed = snapshot.At;
        counts.Reached(CoreSituation.SnapshotInstalled);
        if (nodes.Exists(one => one.IsAlive && one.Replica.Configurations.Count > 1))
            counts.Reached(CoreSituation.SnapshotInstalledDuringReconfiguration);
    }

    /// <summary>What a majority of live nodes must still have.</summary>
    public void ExpectNothingLost()
    {
        Configuration newest = ConfigurationAt(Chain.Last);
        HashSet<NodeId> alive = [.. nodes.Where(node => node.IsAlive).Select(node => node.Id)];
        if (newest.Voters.Count(alive.Contains) < newest.Majority || Chain.Count == 0) return;
        bool isThere = nodes.Exists(node =>
            node.IsAlive && newest.Voters.Contains(node.Id) && Holds(node.Disk, Chain.Last));
        if (!isThere) throw new Violation(CoreRules.CommittedStays, $"{Chain.Last} is on no live disk");
    }

    // From the newest block of its own view that was committed before: all that lies between commits by the next one.
    private void CheckCommitOfPrimary(CoreNode node)
    {
        View view = node.Replica.View;
        TxId from = committedBefore;
        foreach (TxId txId in committedNow)
        {
            if (txId.View != view)
            {
                counts.Reached(CoreSituation.OldBlockCommittedThroughNewer);
                continue;
            }

            foreach (Configuration configuration in ConfigurationsBetween(node.Log, from, txId))
            {
                Expect(
                    IsStoredBy(configuration, txId),
                    CoreRules.CommitIsStored,
                    node,
                    $"{txId} is not stored by the configuration of {configuration.From}");
            }

            from = txId;
        }

        Expect(
            committedNow[^1].View == view,
            CoreRules.CommitIsOfThisView,
            node,
            $"{committedNow[^1]} was committed in view {view}");
    }

    private IEnumerable<Configuration> ConfigurationsBetween(CoreLog log, TxId from, TxId through)
    {
        yield return ConfigurationAt(from);
        for (int index = log.CountThrough(from.SeqNo); index < log.CountThrough(through.SeqNo); index++)
        {
            if (log[index].Configuration is { } made) yield return made;
        }
    }

    private bool IsStoredBy(Configuration configuration, TxId txId)
    {
        int holders = 0;
        HashSet<string> platforms = [];
        HashSet<string> operators = [];
        foreach (CoreNode node in nodes)
        {
            if (!configuration.Voters.Contains(node.Id) || !Holds(node.Disk, txId)) continue;
            holders++;
            if (!configuration.Rule.Kinds.TryGetValue(node.Id, out VoterKind? kind)) continue;
            platforms.Add(kind.Platform);
            operators.Add(kind.Operator);
        }

        return 2 * holders > configuration.Voters.Count
            && (configuration.Rule.Platforms < 2 || platforms.Count >= configuration.Rule.Platforms)
            && (configuration.Rule.Operators < 2 || operators.Count >= configuration.Rule.Operators);
    }

    private void ExpectInPrimaries(TxId txId, View committedIn)
    {
        foreach (CoreNode node in nodes)
        {
            if (!node.IsAlive || node.Replica.Role != ReplicaRole.Primary || node.Replica.View < committedIn) continue;
            Expect(
                Holds(node.Log, txId),
                CoreRules.CommittedStays,
                node,
                $"{txId} is committed and not in the log of the primary of view {node.Replica.View}");
        }
    }

    private static void Expect(
        [DoesNotReturnIf(false)] bool holds,
        string rule,
        CoreNode node,
        [InterpolatedStringHandlerArgument(nameof(holds))] ref CoreDetail detail)
    {
        if (!holds) throw new Violation(rule, $"{node}: {detail.Finish()}");
    }

    private static void Expect([DoesNotReturnIf(false)] bool holds, string rule, CoreNode node, string detail)
    {
        if (!holds) throw new Violation(rule, $"{node}: {detail}");
    }
}

/// <summary>What is wrong, put together only when it is: most steps check a dozen rules.</summary>
[InterpolatedStringHandler]
internal ref struct CoreDetail
{
    private DefaultInterpolatedStringHandler text;

    public CoreDetail(int literalLength, int formattedCount, bool holds, out bool isBroken)
    {
        isBroken = !holds;
        text = holds ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount);
    }

    public void AppendLiteral(string words) => text.AppendLiteral(words);

    public void AppendFormatted<T>(T value) => text.AppendFormatted(value);

    public string Finish() => text.ToStringAndClear();
}
