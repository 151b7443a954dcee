using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Governance;
using Curia.Ledger;
using Curia.Node;

namespace Curia.Tests.Node;

/// <summary>The state of a node that joins, made from a snapshot and the blocks after it. File and disk lie.</summary>
public sealed class SnapshotReplayTests : IDisposable
{
    private readonly TestNetwork network = new(limits: new NodeLimits { SnapshotInterval = 5 });
    private readonly TestNetwork.Member joiner;
    private readonly Effect.LoadState load;

    public SnapshotReplayTests()
    {
        for (int write = 0; write < 10; write++) Write($"before{write}");
        network.HoldsLoads = true;
        joiner = network.Join();
        network.Run(100);
        load = joiner.Held!;
    }

    private byte[] File => [.. network.Snapshots[load.Snapshots[^1].SeqNo]];

    public void Dispose() => network.Dispose();

    [Fact]
    public void A_node_serves_the_state_of_the_snapshot_and_of_the_blocks_after_it()
    {
        Write("while");
        Assert.True(load.Snapshots[^1].SeqNo < load.Last);
        SnapshotReplay? replay = Read(File, joiner.Disk, out string problem);
        Assert.Equal("", problem);
        joiner.Step(new Input.StateLoaded(replay, ""));
        network.Run(50);
        Write("after");
        network.Run(20);
        foreach (string name in (string[])["before0", "before9", "while", "after"])
            Assert.Equal(name, joiner.Read(name));
        Assert.Equal(network.Primary.Node.View.Committed, joiner.Node.View.Committed);
    }

    // Sorted by what it is of the file: any bit of it makes another digest.
    [Fact]
    public void A_file_that_the_ledger_does_not_record_is_refused()
    {
        byte[] file = File;
        foreach (int at in Enumerable.Range(0, file.Length))
        {
            file[at] ^= 1;
            Assert.Null(Read(file, joiner.Disk, out string problem));
            Assert.NotEmpty(problem);
            file[at] ^= 1;
        }

        Assert.Null(Read([], joiner.Disk, out _));
        Assert.Null(Read(file[..^1], joiner.Disk, out _));
        Assert.NotNull(Read(file, joiner.Disk, out _));
    }

    [Fact]
    public void A_snapshot_that_only_others_record_is_refused()
    {
        Assert.Null(SnapshotReplay.Read(
            load with { Snapshots = [] }, File, Reader(joiner.Disk), network.Genesis, "virtual", out string problem));
        Assert.Contains("is not that of the snapshot", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_that_the_disk_changed_are_refused()
    {
        List<ReadOnlyMemory<byte>> disk = [.. joiner.Disk];
        int first = disk.FindIndex(block => Header(block).First > load.Snapshots[^1].SeqNo);
        byte[] changed = disk[first].ToArray();
        changed[^1] ^= 1;
        Refused("", [.. disk[..first], changed, .. disk[(first + 1)..]]);
        Refused("is no block that begins there", [.. disk[..first], .. disk[(first + 1)..]]);
        Refused("is not on disk", disk[..first]);
        Refused("genesis block", [disk[1], .. disk[1..]]);
    }

    [Fact]
    public void Settings_that_differ_from_the_genesis_block_are_refused()
    {
        Assert.Null(SnapshotReplay.Read(
            load, File, Reader(joiner.Disk), Other("another"), "virtual", out string problem));
        Assert.Contains("genesis.name", problem, StringComparison.Ordinal);
        Assert.Null(SnapshotReplay.Read(load, File, Reader(joiner.Disk), Other("test"), "snp", out problem));
        Assert.Contains("genesis.platform", problem, StringComparison.Ordinal);
    }

    private void Refused(string why, List<ReadOnlyMemory<byte>> disk)
    {
        Assert.Null(Read(File, disk, out string problem));
        Assert.NotEmpty(problem);
        Assert.Contains(why, problem, StringComparison.Ordinal);
    }

    private SnapshotReplay? Read(byte[] file, List<ReadOnlyMemory<byte>> disk, out string problem) =>
        SnapshotReplay.Read(load, file, Reader(disk), network.Genesis, "virtual", out problem);

    private static BlockReader Reader(List<ReadOnlyMemory<byte>> disk) =>
        (from, bytesMax) => RecalledBlocksTests.Read(disk, from, bytesMax);

    private static BlockHeader Header(ReadOnlyMemory<byte> block)
    {
        Assert.True(BlockHeader.TryDecode(block.Span, out BlockHeader header, out _));
        return header;
    }

    private GenesisSettings Other(string name) => new()
    {
        Name = name,
        Members = network.Genesis.Members,
        Users = network.Genesis.Users,
    };

    private void Write(string name)
    {
        network.Primary.Write(name, name);
        network.Run(3);
    }
}
