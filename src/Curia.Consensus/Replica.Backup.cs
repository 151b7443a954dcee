using System;
using System.Collections.Immutable;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <content>The backup (docs/consensus.md, "Replication", "Snapshots").</content>
public sealed partial class Replica
{
    // Up to here the log is that of the primary of this view, as its messages have proved.
    private SeqNo verified;

    // Whether a committed configuration has had this node; only then can a later one let it go.
    private bool isMember;
    private ulong roundHeard;
    private SnapshotInfo? receiving;
    private int chunksReceived;

    // All parts of it are here; whether it is what the ledger records is being looked at.
    private SnapshotInfo? installing;

    private void ReceiveAppend(NodeId from, ReplicaMessage.Append append)
    {
        if (append.View < View)
        {
            // So that an old primary learns of the newer view.
            Send(from, new ReplicaMessage.NotAppended(View, append.Previous, Committed, append.Round));
            return;
        }

        if (!IsWellFormed(append))
        {
            Ignore(from, MessageRefusal.Malformed);
            return;
        }

        if (!HearPrimary(from)) return;
        roundHeard = append.Round;
        if (installing is not null)
        {
            // The log is about to be replaced by what is committed and newer than all of it.
            Acknowledge(from);
            return;
        }

        if (append.Previous.SeqNo > Committed.SeqNo && !log.EndsABlock(append.Previous))
        {
            Send(from, new ReplicaMessage.NotAppended(
                View, append.Previous, log.BestMatch(append.Previous), append.Round));
            return;
        }

        if (!TakeBlocks(append.Blocks))
        {
            Ignore(from, MessageRefusal.Contradiction);
            return;
        }

        // An acknowledgement never claims more than messages of this view have proved.
        if (append.End.SeqNo > verified) verified = append.End.SeqNo;
        CommitAsBackup(append.Committed.SeqNo);
        if (Role == ReplicaRole.Backup) Acknowledge(from);
    }

    private static bool IsWellFormed(ReplicaMessage.Append append)
    {
        TxId before = append.Previous;
        foreach (BlockInfo block in append.Blocks)
        {
            if (block.First != before.SeqNo.Next || block.Last < block.First || block.View < before.View) return false;
            if (block.Configuration is { } made && (made.From < block.First || made.From > block.Last)) return false;
            before = block.LastTxId;
        }

        return before.View <= append.View && append.Committed.View <= append.View;
    }

    // There is one primary in a view, and its messages end every candidacy in it.
    private bool HearPrimary(NodeId from)
    {
        if (Role == ReplicaRole.Primary || (primary is { } known && known != from))
        {
            Ignore(from, MessageRefusal.NotFromPrimary);
            return false;
        }

        if (Role != ReplicaRole.Backup || primary is null) Follow(from);
        else timer.Restart();
        ticksWithoutPrimary = 0;
        return true;
    }

    /// <summary>Appends what is new; takes back what contradicts it and is not committed.</summary>
    /// <returns>False, and nothing is changed, when no honest primary could have sent these blocks.</returns>
    private bool TakeBlocks(ImmutableArray<BlockInfo> blocks)
    {
        // The block before the first one is in the log, or committed, so nothing of it is in doubt.
        int known = 0;
        while (known < blocks.Length && blocks[known].Last <= Last)
        {
            BlockInfo block = blocks[known];
            if (block.Last > Committed.SeqNo && log.EndAtOrBefore(block.Last) != block.LastTxId) break;
            if (!log.Agrees(block)) return false;
            known++;
        }

        if (known == blocks.Length) return true;
        SeqNo first = blocks[known].First;

        // What is committed stays. And messages of one view never contradict each other, because its primary only
        // appends: a stale or early one cannot take back what was acknowledged in this view.
        if (first <= Committed.SeqNo || (first <= Last && first <= verified)) return false;
        if (!MakeNewerConfigurations(blocks.AsSpan()[known..])) return false;
        if (first <= Last) TruncateAfter(log.EndAtOrBefore(new SeqNo(first.Value - 1)));
        foreach (BlockInfo block in blocks.AsSpan()[known..]) Append(block);
        return true;
    }

    private bool MakeNewerConfigurations(ReadOnlySpan<BlockInfo> blocks)
    {
        SeqNo first = blocks[0].First;
        Configuration? newest = configurations.FindLast(made => made.From < first || ReferenceEquals(made, began));
        foreach (BlockInfo block in blocks)
        {
            if (block.Configuration is not { } made || made.Equals(newest)) continue;
            if (newest is not null && made.From <= newest.From) return false;
            newest = made;
        }

        return true;
    }

    private void CommitAsBackup(SeqNo committed)
    {
        SeqNo last = committed < verified ? committed : verified;
        if (last > Committed.SeqNo) CommitThrough(last);
    }

    // On disk, and the primary's: the lesser of the two is what it may count on.
    private void Acknowledge(NodeId to)
    {
        SeqNo both = stored < verified ? stored : verified;
        Send(to, new ReplicaMessage.Appended(View, log.EndAtOrBefore(both), roundHeard));
    }

    private void ReceiveChunk(NodeId from, ReplicaMessage.SnapshotChunk chunk)
    {
        SnapshotInfo offered = chunk.Snapshot;
        if (chunk.View < View)
        {
            Send(from, new ReplicaMessage.SnapshotProgress(View, offered.At, 0));
            return;
        }

        if (offered.Chunks < 1 || chunk.Chunk < 0 || chunk.Chunk >= offered.Chunks || offered.At.View > View)
        {
            Ignore(from, MessageRefusal.Malformed);
            return;
        }

        if (!HearPrimary(from)) return;
        if (installing is not null || offered.At.SeqNo <= Committed.SeqNo || log.EndsABlock(offered.At))
        {
            // If it is here already it is proved to be the primary's: a snapshot is of what is committed.
            if (installing is null && offered.At.SeqNo > verified) verified = offered.At.SeqNo;
            Acknowledge(from);
            return;
        }

        if (receiving is null || receiving.At != offered.At || receiving.Digest != offered.Digest)
        {
            receiving = offered;
            chunksReceived = 0;
        }

        if (chunk.Chunk == chunksReceived)
            effects.Add(new ReplicaEffect.KeepChunk(receiving, chunksReceived++));
        Send(from, new ReplicaMessage.SnapshotProgress(View, receiving.At, chunksReceived));
        if (chunksReceived < receiving.Chunks) return;
        installing = receiving;
        effects.Add(new ReplicaEffect.InstallSnapshot(installing));
    }

    private void SnapshotInstalled(TxId at)
    {
        // A newer view may have begun meanwhile; what is committed is in every one of them.
        Invariant.Holds(at.SeqNo > Committed.SeqNo, "a snapshot would take back what is committed");
        Invariant.Holds(installing is not null && installing.At == at, "a snapshot was installed that nobody sent");
        log.Reset(at);
        storing.Clear();
        stored = verified = at.SeqNo;
        Committed = at;
        configurations.Clear();
        configurations.Add(installing.Configuration);
        isMember |= installing.Configuration.Has(self);
        snapshot = installing;
        installing = receiving = null;
        if (primary is { } to && Role == ReplicaRole.Backup) Acknowledge(to);
    }

    private void SnapshotRefused(TxId at)
    {
        if (installing?.At == at) installing = receiving = null;
    }

    private void ReceiveProgress(NodeId from, ReplicaMessage.SnapshotProgress progress)
    {
        if (PeerThatAnswers(from, progress) is not { } peer) return;
        Heard(peer, peer.Round);
        if (peer.Installing is not { } sent || sent.At != progress.At || progress.Next < 0
            || progress.Next > sent.Chunks || progress.Next == peer.NextChunk)
        {
            return;
        }

        peer.NextChunk = progress.Next;
        if (peer.NextChunk < sent.Chunks) Send(from, new ReplicaMessage.SnapshotChunk(View, sent, peer.NextChunk));
    }
}
