using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Signed acknowledgements under a diversity rule: a voter signs for each block that it has stored, and the
/// primary counts what is signed, and has its next block record it (DESIGN 4, "Diversity rule"; decision 16).</summary>
/// <remarks>The loop's. Where no active configuration has a rule, nothing is signed, verified or kept.</remarks>
internal sealed class Acknowledging(Signer nodeKey, Replica replica, LedgerTail tail)
{
    private readonly NodeId self = new(Digest.Of(nodeKey.SubjectPublicKeyInfo.Span));
    private readonly Dictionary<TxId, Acknowledgement> own = [];
    private readonly Dictionary<TxId, Gathered> heard = [];
    private readonly List<Gathered> committed = [];
    private SeqNo recorded;

    private bool IsRuled
    {
        get
        {
            IReadOnlyList<Configuration> active = replica.Configurations;
            for (int index = 0; index < active.Count; index++)
            {
                if (active[index].Rule.IsStricterThanMajority) return true;
            }

            return false;
        }
    }

    /// <summary>This node orders from here on. What a block of its log calls committed has its place already.</summary>
    public void Begin()
    {
        heard.Clear();
        committed.Clear();
        recorded = tail.Committed.SeqNo;
        if (tail.Uncommitted is [.., { Received.Signature.Committed.SeqNo: var known }] && known > recorded)
            recorded = known;
    }

    /// <summary>What this node signs beside an acknowledgement: each block that it does not know as committed, up to
    /// the one that it has stored. So the primary has, for each block, the signatures that made it commit.</summary>
    /// <returns>Empty where no rule asks this node for it.</returns>
    public IReadOnlyList<SignedBlock> Sign(TxId matched, Digest genesis)
    {
        if (!IsRuled) return [];
        List<SignedBlock> signed = [];
        foreach (AppendedBlock block in tail.Uncommitted)
        {
            if (block.Info.Last > matched.SeqNo || signed.Count == PeerMessage.SignedBlocksMax) break;
            if (!IsAsked(self, block.Info.Last)) continue;
            signed.Add(new SignedBlock(block.LastTxId, OwnOf(block.LastTxId, block.Root, genesis).Signature));
        }

        return signed;
    }

    /// <summary>Takes the signatures of a voter.</summary>
    /// <returns>False when one of them is wrong: then nothing of the message counts.</returns>
    public bool TryTake(NodeId from, PeerMessage.SignedAppended message, Digest genesis)
    {
        if (new NodeId(Digest.Of(message.NodeKey.Span)) != from) return false;
        foreach (SignedBlock signed in message.Signatures)
        {
            // What is recorded already, or of another log, is nobody's business any more.
            if (!IsAsked(from, signed.Block.SeqNo) || GatheredOf(signed.Block) is not { } of) continue;
            if (of.By.ContainsKey(from)) continue;
            Acknowledgement one = new(message.NodeKey, signed.Signature);
            if (!one.Verify(genesis, signed.Block, of.Root)) return false;
            of.By.Add(from, one);
        }

        return true;
    }

    /// <summary>Up to where an acknowledgement counts: to the last block that is signed or need not be.</summary>
    public TxId Counted(NodeId from, TxId matched)
    {
        if (matched.SeqNo <= tail.Committed.SeqNo || !IsRuled || tail.Find(matched) is null) return matched;
        TxId counted = tail.Committed;
        foreach (AppendedBlock block in tail.Uncommitted)
        {
            if (block.Info.Last > matched.SeqNo) break;
            if (!IsAsked(from, block.Info.Last) || IsSigned(from, block.LastTxId)) counted = block.LastTxId;
        }

        return counted;
    }

    /// <summary>A block has committed: what is known of it goes into the next block.</summary>
    public void Committed(AppendedBlock block, bool orders)
    {
        if (own.Count > 0)
        {
            // Those of blocks that were taken back too.
            foreach (TxId past in own.Keys.Where(one => one.SeqNo <= block.Info.Last).ToArray()) own.Remove(past);
        }

        if (heard.Remove(block.LastTxId, out Gathered? of) && orders && block.Info.Last > recorded) committed.Add(of);
    }

    /// <summary>What the block that is sealed now records, with this node's own word where its disk has the block. The
    /// newest go first where there are too many.</summary>
    public ImmutableArray<BlockAcknowledgements> Take(Digest genesis)
    {
        if (committed.Count == 0) return [];
        List<BlockAcknowledgements> taken = [];
        int bytes = 1;
        foreach (Gathered of in Enumerable.Reverse(committed))
        {
            if (replica.StoredThrough >= of.Block.SeqNo && IsAsked(self, of.Block.SeqNo))
                of.By[self] = Acknowledgement.Sign(nodeKey, genesis, of.Block, of.Root);
            BlockAcknowledgements chosen = new(of.Block, Choose(of.By, replica.Configurations[^1].Rule));
            bytes += chosen.EncodedBytes;
            if (bytes > BlockAcknowledgements.BytesMax || taken.Count == BlockAcknowledgements.BlocksMax) break;
            taken.Add(chosen);
        }

        committed.Clear();
        taken.Reverse();
        return [.. taken];
    }

    // Late ones count until they are recorded.
    private Gathered? GatheredOf(TxId block)
    {
        if (heard.TryGetValue(block, out Gathered? of)) return of;
        if (tail.Find(block) is { } uncommitted) return heard[block] = new Gathered(block, uncommitted.Root);
        return committed.Find(one => one.Block == block);
    }

    // Of more than there is room for, first those that bring another kind.
    private static ImmutableArray<Acknowledgement> Choose(
        SortedDictionary<NodeId, Acknowledgement> by, CommitRule rule)
    {
        if (by.Count <= BlockAcknowledgements.NodesMax) return [.. by.Values];
        HashSet<string> kinds = [];
        bool BringsAnother(NodeId node) => rule.Kinds.TryGetValue(node, out VoterKind? kind)
            && (kinds.Add($"platform {kind.Platform}") | kinds.Add($"operator {kind.Operator}"));
        NodeId[] first = [.. by.Keys.Where(BringsAnother)];
        return
        [
            .. first.Concat(by.Keys.Except(first)).Take(BlockAcknowledgements.NodesMax).Order()
                .Select(node => by[node]),
        ];
    }

    // As the commit counts: the oldest configuration always, a later one for the blocks from its own on.
    private bool IsAsked(NodeId voter, SeqNo last)
    {
        IReadOnlyList<Configuration> active = replica.Configurations;
        for (int index = 0; index < active.Count; index++)
        {
            if ((index == 0 || active[index].From <= last) && active[index].Rule.IsStricterThanMajority
                && active[index].Voters.Contains(voter))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsSigned(NodeId by, TxId block) =>
        heard.TryGetValue(block, out Gathered? of) && of.By.ContainsKey(by);

    private Acknowledgement OwnOf(TxId block, Digest root, Digest genesis)
    {
        if (!own.TryGetValue(block, out Acknowledgement? signed))
            own[block] = signed = Acknowledgement.Sign(nodeKey, genesis, block, root);
        return signed;
    }

    private sealed record Gathered(TxId Block, Digest Root)
    {
        public SortedDictionary<NodeId, Acknowledgement> By { get; } = [];
    }
}
