using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;
using static Curia.Tests.Consensus.Given;

namespace Curia.Tests.Consensus;

/// <summary>docs/consensus.md, "Snapshots".</summary>
public sealed class SnapshotTests
{
    private static readonly Configuration Three = First(3);
    private static readonly SnapshotInfo Snapshot = new(At(2, 4), Digest.Of([1]), 3, Three);

    [Fact]
    public void A_node_that_needs_forgotten_blocks_gets_a_snapshot_part_by_part()
    {
        OneReplica primary = Forgetful();
        Assert.Equal(Chunk(0), Sent(primary.Receive(3, Refusal(At(2, 4), TxId.Zero))));
        Assert.Equal(Chunk(1), Sent(primary.Receive(3, Progress(1))));

        // It sends one part again while there is no answer.
        Assert.Equal(Chunk(1), Sent(primary.Tick(1)));
        Assert.Equal(Chunk(2), Sent(primary.Receive(3, Progress(2))));
        Assert.Empty(To3(primary.Receive(3, Progress(2))));
        Assert.Empty(To3(primary.Receive(3, Progress(3))));
        Assert.Equal(At(2, 4), Assert.IsType<ReplicaMessage.Append>(Sent(primary.Tick(1))).End);
        primary.Propose(Block(2, 5, 6));
        Assert.Equal(SeqNo.Zero, primary.Replica.MatchedOf(Id(3)));

        // With its acknowledgement it goes on with blocks.
        ReplicaMessage.Append next = Assert.IsType<ReplicaMessage.Append>(
            Sent(primary.Receive(3, Appended(2, At(2, 4)))));
        Assert.Equal((At(2, 4), At(2, 6)), (next.Previous, next.End));
        Assert.Equal(new SeqNo(4), primary.Replica.MatchedOf(Id(3)));
    }

    // The primary of view 3 begins its memory with 2.4; the backup has 1.5, of a view before that.
    [Fact]
    public void A_node_whose_log_parts_where_memory_begins_gets_a_snapshot()
    {
        OneReplica primary = Forgetful();
        primary.Propose(Block(2, 5, 6));
        Assert.Equal(Chunk(0), Sent(primary.Receive(3, Refusal(At(2, 6), At(1, 5)))));
    }

    // What a slow disk has not reported yet is acknowledged later, by the block ends that are remembered.
    [Fact]
    public void What_is_not_on_disk_yet_is_not_forgotten()
    {
        OneReplica backup = new(1, Three, Options with { CommittedBlocksKept = 0 }) { HasSlowDisk = true };
        backup.Receive(2, Append(2, TxId.Zero, Log(2, 2)) with { Committed = At(2, 2) });
        Assert.Equal(At(2, 2), backup.Replica.Committed);
        Assert.Equal(
            [new ReplicaEffect.Send(Id(2), Appended(2, At(2, 1)))], backup.Step(new ReplicaInput.Stored(1)));
    }

    [Fact]
    public void A_part_is_kept_in_its_turn_and_once()
    {
        OneReplica backup = new(1, Three);
        Assert.Equal(Progress(0), backup.Answer(2, Chunk(1)));
        Assert.Equal(
            [new ReplicaEffect.KeepChunk(Snapshot, 0), new ReplicaEffect.Send(Id(2), Progress(1))],
            backup.Receive(2, Chunk(0)).Where(effect => effect is not ReplicaEffect.RoleChanged));
        Assert.Equal([new ReplicaEffect.Send(Id(2), Progress(1))], backup.Receive(2, Chunk(0)));
        Assert.Equal([new ReplicaEffect.Send(Id(2), Progress(1))], backup.Receive(2, Chunk(2)));
        backup.Receive(2, Chunk(1));
        Assert.Contains(new ReplicaEffect.InstallSnapshot(Snapshot), backup.Receive(2, Chunk(2)));
    }

    [Fact]
    public void Another_snapshot_begins_at_its_first_part()
    {
        OneReplica backup = new(1, Three);
        backup.Receive(2, Chunk(0));
        SnapshotInfo other = Snapshot with { At = At(2, 8), Digest = Digest.Of([2]) };
        Assert.Equal(
            new ReplicaMessage.SnapshotProgress(View(2), At(2, 8), 0),
            backup.Answer(2, new ReplicaMessage.SnapshotChunk(View(2), other, 1)));
    }

    // A snapshot proves what it has: 2.5 and 2.6, which the backup has too, it says nothing about.
    [Fact]
    public void A_snapshot_is_acknowledged_up_to_its_own_place()
    {
        OneReplica backup = Installing();
        Assert.Equal(
            [new ReplicaEffect.Send(Id(2), Appended(2, At(2, 4)))],
            backup.Step(new ReplicaInput.SnapshotInstalled(At(2, 4))));
        Assert.Equal((At(2, 4), At(2, 4)), (backup.Replica.Committed, backup.Replica.LastTxId));
        Assert.Equal([Three], backup.Replica.Configurations);
        Assert.Equal(Appended(2, At(2, 5)), backup.Answer(2, Append(2, At(2, 4), Block(2, 5, 5))));
    }

    [Fact]
    public void While_a_snapshot_is_installed_nothing_is_appended()
    {
        OneReplica backup = Installing();
        Assert.Equal(
            [new ReplicaEffect.Send(Id(2), Appended(2, TxId.Zero))],
            backup.Receive(2, Append(2, TxId.Zero, Log(2))));
        Assert.Equal(TxId.Zero, backup.Replica.LastTxId);
    }

    [Fact]
    public void A_snapshot_that_is_refused_leaves_the_log_and_comes_again_from_its_first_part()
    {
        OneReplica backup = Installing();
        Assert.Empty(backup.Step(new ReplicaInput.SnapshotRefused(At(2, 4))));
        Assert.Equal(TxId.Zero, backup.Replica.LastTxId);
        ReplicaMessage refusal = backup.Answer(2, Append(2, At(2, 4)));
        Assert.IsType<ReplicaMessage.NotAppended>(refusal);
        Assert.Equal(Progress(1), backup.Answer(2, Chunk(0)));

        OneReplica primary = Forgetful();
        primary.Receive(3, Refusal(At(2, 4), TxId.Zero));
        for (int next = 1; next <= 3; next++) primary.Receive(3, Progress(next));
        primary.Tick(1);
        Assert.Equal(Chunk(0), Sent(primary.Receive(3, refusal)));
    }

    [Fact]
    public void A_snapshot_of_what_is_here_already_is_acknowledged_at_once()
    {
        OneReplica backup = OneReplica.Backup(3, 2, Block(2, 1, 2), Block(2, 3, 4), Block(2, 5, 6));
        backup.Receive(3, Append(3, TxId.Zero));
        Assert.Equal(
            Appended(3, At(2, 4)), backup.Answer(3, new ReplicaMessage.SnapshotChunk(View(3), Snapshot, 0)));
        Assert.Equal(At(2, 6), backup.Replica.LastTxId);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 3)]
    [InlineData(3, -1)]
    public void A_part_that_no_snapshot_has_is_left_alone(int chunks, int chunk)
    {
        OneReplica backup = OneReplica.Backup(3, 2);
        string before = backup.State;
        OneReplica.AssertIgnored(
            backup.Receive(2, new ReplicaMessage.SnapshotChunk(View(2), Snapshot with { Chunks = chunks }, chunk)),
            MessageRefusal.Malformed);
        OneReplica.AssertIgnored(
            backup.Receive(2, new ReplicaMessage.SnapshotChunk(View(2), Snapshot with { At = At(3, 4) }, 0)),
            MessageRefusal.Malformed);
        Assert.Equal(before, backup.State);
    }

    [Fact]
    public void A_snapshot_that_nobody_sent_stops_the_node() =>
        Assert.Throws<InvariantException>(
            () => new OneReplica(1, Three).Step(new ReplicaInput.SnapshotInstalled(At(2, 4))));

    [Fact]
    public void A_node_far_behind_catches_up_by_snapshot_and_blocks()
    {
        ReplicaGroup group = new(3, Options with { CommittedBlocksKept = 1 });
        group.Elect(1);
        group.Cut(3);
        group.Propose(1);
        group.Settle();
        group.Propose(1);
        group.Settle();
        group.Step(1, new ReplicaInput.SnapshotMade(Snapshot));
        group.Propose(1);
        group.Settle();
        group.Heal();
        group.Tick(1);
        group.Tick(1);
        group.Step(3, new ReplicaInput.SnapshotInstalled(At(2, 4)));
        group.Settle();
        group.Tick(1);
        Assert.Equal((6UL, 6UL), (group.Committed(1), group.Committed(3)));
    }

    // The primary of view 2 has committed two blocks with node 2 and forgotten them; node 3 was away.
    private static OneReplica Forgetful()
    {
        OneReplica primary = OneReplica.Primary(Three, Options with { CommittedBlocksKept = 0 });
        primary.Propose(Block(2, 1, 2));
        primary.Propose(Block(2, 3, 4));
        primary.Receive(2, Appended(2, At(2, 4)));
        Assert.Equal(At(2, 4), primary.Replica.Committed);
        primary.Step(new ReplicaInput.SnapshotMade(Snapshot));
        return primary;
    }

    private static OneReplica Installing()
    {
        OneReplica backup = new(1, Three);
        for (int chunk = 0; chunk < Snapshot.Chunks; chunk++) backup.Receive(2, Chunk(chunk));
        return backup;
    }

    private static ReplicaMessage.SnapshotChunk Chunk(int chunk) => new(View(2), Snapshot, chunk);

    private static ReplicaMessage.SnapshotProgress Progress(int next) => new(View(2), Snapshot.At, next);

    private static ReplicaMessage.NotAppended Refusal(TxId refused, TxId hint) => new(View(2), refused, hint, 0);

    private static IEnumerable<ReplicaMessage> To3(IEnumerable<ReplicaEffect> effects) =>
        OneReplica.Sent<ReplicaMessage>(effects).Where(sent => sent.To == Id(3)).Select(sent => sent.Message);

    private static ReplicaMessage Sent(IEnumerable<ReplicaEffect> effects) => Assert.Single(To3(effects));
}
