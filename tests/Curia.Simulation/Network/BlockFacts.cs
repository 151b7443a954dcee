using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>What is known of a block that a node has handed to its disk, read once however many nodes have
/// it.</summary>
internal sealed class BlockFacts(Block block, Digest digest)
{
    public Block Block => block;

    public Digest Digest => digest;

    public TxId LastTxId => block.Entries[^1].TxId;

    /// <summary>On whose disks it was synced.</summary>
    public HashSet<NodeId> SyncedBy { get; } = [];

    /// <summary>What its transactions say of nodes, in order: read from public parts, naively.</summary>
    public IReadOnlyList<(SeqNo At, NodeId Node, NodeRecord? Record)> Nodes { get; } = [.. NodesOf(block)];

    /// <summary>Whether it is the one that brings a diversity rule into force, read naively.</summary>
    public bool BeginsRule { get; } = block.Entries.Any(entry =>
        System.Text.Encoding.UTF8.GetString(entry.Public.Span) is var text
        && text.Contains(GenesisMaps.CommitRule.Name, StringComparison.Ordinal)
        && text.Contains("\"in_force\":true", StringComparison.Ordinal));

    private static IEnumerable<(SeqNo At, NodeId Node, NodeRecord? Record)> NodesOf(Block block)
    {
        foreach (LedgerEntry entry in block.Entries)
        {
            ReadOnlyMemory<byte> bytes = entry.Public;
            if (entry.Type == EntryType.Signature) continue;
            if (entry.Type == EntryType.Genesis && !GenesisBlock.TryDecodePublic(entry.Public, out _, out bytes))
                throw new Violation(Rules.BlocksAreSigned, "a genesis block cannot be read");
            if (!WriteSet.TryDecode(bytes.Span, default, out WriteSet? writes))
                throw new Violation(Rules.BlocksAreSigned, $"the public part of {entry.TxId} cannot be read");
            foreach (MapWrites map in writes.Maps.Where(map => map.Name == GenesisMaps.NodeInfo.Name))
            {
                foreach (KeyWrite write in map.Writes)
                {
                    string id = System.Text.Encoding.UTF8.GetString(write.Key.Span);
                    if (!Digest.TryParseHex(id, out Digest node))
                        throw new Violation(Rules.BlocksAreSigned, $"{entry.TxId} names the node {id}");
                    yield return (entry.TxId.SeqNo, new NodeId(node), write.Value is { } value
                        ? JsonSerializer.Deserialize<NodeRecord>(value.Span, JsonFormat.Options)
                        : null);
                }
            }
        }
    }
}

/// <summary>All blocks that any node has sealed: nothing private stands in one in clear, and no node seals a seqno
/// twice in a view.</summary>
internal sealed class BlockBook(MarkerChecker markers)
{
    private readonly Dictionary<Digest, BlockFacts> known = [];
    private readonly Dictionary<(NodeId Node, TxId TxId), Digest> nonces = [];

    public BlockFacts Look(ReadOnlyMemory<byte> bytes)
    {
        Digest digest = Digest.Of(bytes.Span);
        if (known.TryGetValue(digest, out BlockFacts? facts)) return facts;
        markers.NothingPrivate(bytes.Span, "a block");
        if (!Block.TryDecode(bytes, out Block? block, out string reason))
            throw new Violation(Rules.BlocksAreSigned, reason);
        foreach (LedgerEntry entry in block.Entries)
        {
            Digest content = Digest.Of(entry.Bytes.Span);
            if (!nonces.TryAdd((block.NodeId, entry.TxId), content) && nonces[(block.NodeId, entry.TxId)] != content)
                throw new Violation(Rules.NoncesAreUsedOnce, $"{entry.TxId} was sealed twice by {block.NodeId}");
        }

        known.Add(digest, facts = new BlockFacts(block, digest));
        return facts;
    }
}

/// <summary>Searches what leaves nodes for what must never be there in clear.</summary>
internal sealed class MarkerChecker(Situations situations, params byte[][] markers)
{
    private readonly List<byte[]> hidden = [.. markers];

    /// <summary>These bytes must never be found from now on.</summary>
    public void Hide(byte[] secret)
    {
        if (!hidden.Exists(known => known.AsSpan().SequenceEqual(secret))) hidden.Add(secret);
    }

    public void NothingPrivate(ReadOnlySpan<byte> bytes, string what)
    {
        foreach (byte[] secret in hidden)
        {
            if (bytes.IndexOf(secret) >= 0)
                throw new Violation(Rules.PrivateIsSealed, $"{what} holds a private value or a key in clear");
        }

        situations.Reached("searched for private bytes");
    }
}
