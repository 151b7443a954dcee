using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Governance;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>What is looked at after every step of a node, and at what leaves it.</summary>
internal sealed class NetworkChecks(NetworkWorld world)
{
    private readonly SortedDictionary<int, (ReplicaRole Role, View View)> roles = [];
    private Digest? told;

    public CommitChecker Commit { get; } = new(world);

    public void AfterStep(NodeProcess process)
    {
        NoteRole(process);
        Commit.AfterStep(process);
        NoClosedVoter(process);
        world.Served.AfterStep(process);
    }

    /// <summary>A block goes to the disk of a node: its own or a received one.</summary>
    public BlockFacts Stored(NodeProcess process, Effect.StoreBlock store)
    {
        BlockFacts facts = world.Book.Look(store.Bytes);
        SeqNo end = process.Ledger.Count > 0 ? process.Ledger[^1].Block.Last : SeqNo.Zero;
        if (facts.Block.First != end.Next || facts.Block.First != store.First || facts.Block.Last != store.Last)
            throw new Violation(Rules.NodeHolds, $"{process} appends {store.First} to {store.Last} after {end}");
        world.Damages.Remember(facts.Block.NodeId);
        if (facts.Nodes.Count > 0 && facts.Block.NodeId == process.Id)
            world.Situations.Reached("nodes changed");
        return facts;
    }

    /// <summary>A node takes blocks back.</summary>
    public void Truncated(NodeProcess process, SeqNo last)
    {
        int count = process.Ledger.FindLastIndex(block => block.Block.Last <= last) + 1;
        if (count < process.CommittedBlocks)
        {
            throw new Violation(
                NetworkRules.PrefixesAgree, $"{process} takes back to {last} what it has committed");
        }

        if (count == process.Ledger.Count) return;
        world.Situations.Reached("block truncated on a backup");
        if (process.Ledger.Skip(count).Any(block => block.Nodes.Count > 0))
            world.Situations.Reached("configuration truncated");
        if (process.IsJoining) world.Situations.Reached("block truncated on a node that joins");
        process.Ledger.RemoveRange(count, process.Ledger.Count - count);
    }

    public void SecretsSealed(NodeProcess process, Effect.StoreSecrets store)
    {
        if (!SealedSecrets.TryOpen(store.Bytes.Span, Platform.SealingKey, out SealedSecrets? secrets))
            throw new Violation(Rules.SecretsAreSealed, $"those of {process} do not open");
        using (secrets)
        {
            if (secrets.NodeId != process.Id)
                throw new Violation(Rules.SecretsAreSealed, $"those of {process} are of another node");
            byte[] secret = secrets.Periods[^1].Secret.Reveal().ToArray();
            byte[] serviceKey = secrets.ServiceKey.Reveal().ToArray();
            Digest both = Digest.Of([.. secret, .. serviceKey]);
            if (told is { } known && known != both)
                throw new Violation(Rules.SecretsAreSealed, $"{process} was told other secrets than the others have");
            told = both;
            world.Markers.Hide(secret);
            world.Markers.Hide(serviceKey);
            world.Markers.NothingPrivate(store.Bytes.Span, "a file of sealed secrets");
            world.Served.Knows(new LedgerSecret(new Cryptography.SecretBytes(secret)));
        }
    }

    public void SecretsSent(NodeProcess from, NodeId to)
    {
        string? status = Commit.StatusOf(to, from.CommittedBlocks);
        if (status is not (NodeRecord.Pending or NodeRecord.Trusted or NodeRecord.Learner))
        {
            throw new Violation(
                NetworkRules.SecretsAfterAdmission,
                $"{from} tells them to {NetworkDescribe.Short(to)}, which is {status ?? "unknown"} there");
        }

        if (from.Node.View.Role != ReplicaRole.Primary) world.Situations.Reached("secrets given by a backup");
    }

    // Before its first block a founder has nothing to open.
    private void NoClosedVoter(NodeProcess process)
    {
        if (process.IsOpen || process.CommittedBlocks == 0) return;
        if (Commit.StatusOf(process.Id, process.CommittedBlocks) == NodeRecord.Trusted)
            throw new Violation(NetworkRules.VotersCanLead, $"{process} votes and cannot open the ledger");
    }

    private void NoteRole(NodeProcess process)
    {
        NodeView view = process.Node.View;
        bool isKnown = roles.TryGetValue(process.Number, out (ReplicaRole Role, View View) before);
        if (isKnown && before == (view.Role, view.View)) return;
        roles[process.Number] = (view.Role, view.View);
        world.Trace.Add(world.Agenda.Now, $"{process} is {view.Role} in view {view.View}");
        world.Situations.Reached($"role {view.Role}");
        bool was = isKnown && before.Role == ReplicaRole.Primary;
        if (view.Role == ReplicaRole.Retired)
            world.Situations.Reached(was ? "primary retired" : "backup retired");
        else if (was && view.Role != ReplicaRole.Primary)
            world.Situations.Reached("primary deposed");
        if (view.Role != ReplicaRole.Primary || view.View.Value <= 2) return;
        world.Situations.Reached("election won");
        if (view.Configurations.Count > 1) world.Situations.Reached("election over an uncommitted reconfiguration");
        if (process.Ledger.Count - process.CommittedBlocks > 1)
            world.Situations.Reached("election over uncommitted blocks");
        if (world.Processes.Any(other => !other.IsDead && other.IsJoining))
            world.Situations.Reached("election while a node joins");
    }
}
