using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Security.Cryptography;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>The one committed ledger: every node's committed blocks are a prefix of it, each block was synced on a
/// majority of each configuration when it committed, and is signed with the right root.</summary>
internal sealed class CommitChecker
{
    private readonly NetworkWorld world;
    private readonly Dictionary<View, NodeId> primaries = [];
    private readonly List<ImmutableSortedDictionary<NodeId, NodeRecord>> nodesAfter = [];
    private readonly HashSet<NodeId> everTrusted = [];
    private readonly NaiveTree tree = new();
    private ImmutableSortedSet<NodeId> voters = [];
    private bool isDiverse;

    public CommitChecker(NetworkWorld world)
    {
        this.world = world;
        tree.Append(new byte[Digest.Size]); // leaf 0 stands for nothing
    }

    public List<BlockFacts> Blocks { get; } = [];

    /// <summary>All committed entries, the one with seqno 1 first.</summary>
    public List<LedgerEntry> Entries { get; } = [];

    public Certificate? Service { get; private set; }

    public Digest Genesis => Blocks[0].Digest;

    public SeqNo Last => new((ulong)Entries.Count);

    public View View => Blocks.Count > 0 ? Blocks[^1].Block.View : default;

    /// <summary>The nodes as the newest committed block has them.</summary>
    public ImmutableSortedDictionary<NodeId, NodeRecord> Nodes =>
        nodesAfter.Count > 0 ? nodesAfter[^1] : ImmutableSortedDictionary<NodeId, NodeRecord>.Empty;

    public bool Has(TxId txId) =>
        txId.SeqNo > SeqNo.Zero && txId.SeqNo <= Last && Entries[(int)txId.SeqNo.Value - 1].TxId == txId;

    /// <summary>A transaction at a place or before it whose receipt names it: that of a signature transaction does
    /// not.</summary>
    public TxId ReceiptAt(int index)
    {
        while (Entries[index].Type == EntryType.Signature) index--;
        return Entries[index].TxId;
    }

    /// <summary>The status of a node, as a node with so many committed blocks knows it.</summary>
    public string? StatusOf(NodeId node, int committedBlocks) =>
        committedBlocks > 0 && nodesAfter[committedBlocks - 1].TryGetValue(node, out NodeRecord? record)
            ? record.Status
            : null;

    /// <summary>A node joins with blocks that it takes for committed.</summary>
    public void Joins(NodeProcess process)
    {
        for (int index = 0; index < process.Ledger.Count; index++)
        {
            if (index >= Blocks.Count || Blocks[index].Digest != process.Ledger[index].Digest)
            {
                throw new Violation(
                    NetworkRules.PrefixesAgree,
                    $"{process} joins with {process.Ledger[index].LastTxId}, which is not committed");
            }
        }
    }

    public void AfterStep(NodeProcess process)
    {
        NodeView view = process.Node.View;
        if (view.Role == ReplicaRole.Primary && !primaries.TryAdd(view.View, process.Id)
            && primaries[view.View] != process.Id)
        {
            throw new Violation(NetworkRules.OnePrimary, $"{process} is a second primary of view {view.View}");
        }

        while (process.CommittedBlocks < process.Ledger.Count
            && process.Ledger[process.CommittedBlocks].Block.Last <= view.Committed.SeqNo)
        {
            Commits(process, process.Ledger[process.CommittedBlocks], view);
            process.CommittedBlocks++;
        }

        TxId known = process.CommittedBlocks > 0 ? process.Ledger[process.CommittedBlocks - 1].LastTxId : TxId.Zero;
        if (view.Committed != known)
            throw new Violation(Rules.CommitGrows, $"{process} says {view.Committed}, its ledger has {known}");
        if (view.Last.SeqNo < view.Committed.SeqNo)
            throw new Violation(Rules.NodeHolds, $"{process}: {view.Committed} is beyond the end {view.Last}");
    }

    private void Commits(NodeProcess process, BlockFacts facts, NodeView view)
    {
        if (process.CommittedBlocks < Blocks.Count)
        {
            if (Blocks[process.CommittedBlocks].Digest == facts.Digest) return;
            throw new Violation(
                NetworkRules.PrefixesAgree,
                $"{process} commits {facts.LastTxId} where {Blocks[process.CommittedBlocks].LastTxId} was committed");
        }

        IsStored(process, facts);
        IsSigned(facts);
        if (facts.Block.View < view.View) world.Situations.Reached("block of an older view committed");
        Blocks.Add(facts);
        foreach (LedgerEntry entry in facts.Block.Entries)
        {
            Entries.Add(entry);
            tree.Append(NaiveLeaf(entry));
        }

        if (!facts.Block.Signature.Acknowledgements.IsEmpty) world.Situations.Reached("acknowledgements recorded");
        world.Served.Committed(facts.Block);
    }

    private void IsStored(NodeProcess process, BlockFacts facts)
    {
        ImmutableSortedDictionary<NodeId, NodeRecord> nodes = Nodes;
        foreach ((SeqNo _, NodeId node, NodeRecord? record) in facts.Nodes)
            nodes = record is null ? nodes.Remove(node) : nodes.SetItem(node, record);
        nodesAfter.Add(nodes);
        if (Blocks.Count > 0) HasMajority(process, facts, voters);
        if (facts.Nodes.Count == 0 && !facts.BeginsRule) return;
        isDiverse |= facts.BeginsRule;
        if (facts.BeginsRule) world.Situations.Reached("diversity rule in force");
        voters = [.. nodes.Where(node => node.Value.Status == NodeRecord.Trusted).Select(node => node.Key)];
        everTrusted.UnionWith(voters);
        HasMajority(process, facts, voters);
    }

    private void HasMajority(NodeProcess process, BlockFacts facts, ImmutableSortedSet<NodeId> voters)
    {
        int stored = voters.Count(facts.SyncedBy.Contains);
        int owners = voters.Where(facts.SyncedBy.Contains).Select(node => nodesAfter[^1].GetValueOrDefault(node)?.Owner)
            .Distinct().Count();
        if (stored > voters.Count / 2 && (!isDiverse || owners > 1)) return;
        throw new Violation(
            NetworkRules.CommitIsStored,
            $"{process} commits {facts.LastTxId}, which {stored} of {voters.Count} voters, of {owners} owners, "
                + "have synced");
    }

    private void IsSigned(BlockFacts facts)
    {
        Block block = facts.Block;
        if (Blocks.Count == 0)
        {
            Require(GenesisBlock.TryRead(block, out GenesisBlock? genesis), block, "is no genesis block");
            Service = genesis!.ServiceCertificate;
        }

        Require(block.First == Last.Next, block, $"does not follow {Last}");
        Require(everTrusted.Contains(block.NodeId), block, "was sealed by a node that nobody trusts");
        byte[] root = tree.RootWith([.. block.Entries[..^1].Select(NaiveLeaf)]);
        SignatureTransaction signature = block.Signature;
        Require(signature.Root == new Digest(root), block, "signs another root");
        Require(
            Certificate.TryFromDer(signature.NodeCertificate.Span, out Certificate? node)
                && new NodeId(node!.KeyDigest) == block.NodeId && node.IsIssuedBy(Service!),
            block,
            "is signed by a node without a certificate of the service");
        Require(node!.Key.VerifyHash(root, signature.NodeSignature.Span), block, "has a wrong node signature");
        Require(signature.Cose.Verify(Service!.Key, root), block, "has a wrong service signature");
    }

    // docs/ledger-format.md, "Leaf": from the bytes alone; claims digest at 18, evidence digest at 50.
    private static byte[] NaiveLeaf(LedgerEntry entry)
    {
        ReadOnlySpan<byte> bytes = entry.Bytes.Span;
        return SHA256.HashData([.. SHA256.HashData(bytes), .. bytes.Slice(50, 32), .. bytes.Slice(18, 32)]);
    }

    private static void Require(bool holds, Block block, string problem)
    {
        if (!holds) throw new Violation(Rules.BlocksAreSigned, $"block {block.First} to {block.Last} {problem}");
    }
}
