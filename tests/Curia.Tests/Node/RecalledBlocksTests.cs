using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>Blocks that are read from the own disk for another node. The disk lies.</summary>
public sealed class RecalledBlocksTests
{
    private readonly List<ReadOnlyMemory<byte>> disk = Ledger();

    /// <summary>Blocks of a disk, back to back, as the shell reads them.</summary>
    public static ReadOnlyMemory<byte> Read(IEnumerable<ReadOnlyMemory<byte>> disk, SeqNo from, int bytesMax)
    {
        List<byte> read = [];
        foreach (ReadOnlyMemory<byte> block in disk)
        {
            if (BlockHeader.TryDecode(block.Span, out BlockHeader header, out _) && header.Last < from) continue;
            if (read.Count > 0 && read.Count + block.Length > bytesMax) break;
            read.AddRange(block.Span);
        }

        return read.ToArray();
    }

    [Fact]
    public void Blocks_follow_the_last_one_that_ends_there_or_before()
    {
        BlockHeader third = Header(2);
        BlockHeader fourth = Header(3);
        TxId end = new(third.View, third.Last);
        foreach (SeqNo notAfter in (SeqNo[])[third.Last, new SeqNo(fourth.Last.Value - 1)])
        {
            RecalledBlocks? read = Recall(notAfter, 2);
            Assert.Equal(end, read!.Previous);
            Assert.Equal([fourth.First, Header(4).First], read.Infos.Select(info => info.First));
            Assert.Equal(Digest.Of(disk[3].Span), read.Infos[0].Digest);
        }
    }

    [Fact]
    public void From_nothing_the_first_block_is_the_first()
    {
        RecalledBlocks? read = Recall(SeqNo.Zero, 1);
        Assert.Equal((TxId.Zero, new SeqNo(1)), (read!.Previous, Assert.Single(read.Infos).First));
    }

    [Fact]
    public void Behind_the_end_there_is_nothing()
    {
        Assert.Null(Recall(Header(disk.Count - 1).Last, 1));
        Assert.Null(Recall(new SeqNo(1_000_000), 1));
        disk.Clear();
        Assert.Null(Recall(SeqNo.Zero, 1));
    }

    [Fact]
    public void A_block_that_the_disk_has_in_part_is_not_sent()
    {
        disk[^1] = disk[^1][..^1];
        Assert.Null(Recall(Header(disk.Count - 2).Last, 1));
        Assert.Single(Recall(Header(disk.Count - 3).Last, 2)!.Infos);
    }

    [Fact]
    public void What_is_no_ledger_is_not_sent()
    {
        SeqNo notAfter = Header(1).Last;
        ReadOnlyMemory<byte> third = disk[2];
        disk[2] = new byte[100];
        Assert.Null(Recall(notAfter, 2));
        disk[2] = disk[3]; // a gap
        Assert.Null(Recall(notAfter, 1));
        disk[2] = third;
        disk[3] = disk[1]; // back again
        Assert.Null(Recall(notAfter, 2));
        disk[1] = new byte[100]; // the one before
        Assert.Null(Recall(notAfter, 1));
    }

    private RecalledBlocks? Recall(SeqNo notAfter, int count) => RecalledBlocks.Read(
        new Effect.RecallBlocks(new NodeId(Digest.Of([1])), notAfter, count),
        (from, bytesMax) => Read(disk, from, bytesMax));

    private BlockHeader Header(int index)
    {
        Assert.True(BlockHeader.TryDecode(disk[index].Span, out BlockHeader header, out _));
        return header;
    }

    private static List<ReadOnlyMemory<byte>> Ledger()
    {
        using TestNetwork network = new();
        for (int write = 0; write < 5; write++)
        {
            network.Primary.Write($"key{write}", "value");
            network.Run(1);
        }

        return network.Primary.CommittedBlocks();
    }
}
