using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using CsCheck;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>docs/ledger-format.md, "Torn tail": what a crash can do to a ledger is repaired without losing what was
/// durable, and nothing else is taken for it.</summary>
public sealed class TornTailTests : IDisposable
{
    private const int SectorBytes = 512;

    private readonly SampleLedger ledger = SampleLedger.Written();

    public void Dispose() => ledger.Dispose();

    // Blocks that share one fsync: any of their sectors may be lost, and the file may end anywhere among them.
    [Fact]
    public void Whatever_a_crash_leaves_is_cut_to_a_whole_ledger_with_everything_durable()
    {
        TxId durable = ledger.Last;
        int durableLength = ledger.Files()[1].Bytes.Length;
        WriteUnsynced(durable, 900, 20, 1700, 0);
        List<(string Name, byte[] Bytes)> written = ledger.Files();
        int unsynced = written[1].Bytes.Length - durableLength;
        int sectors = written[1].Bytes.Length / SectorBytes + 1;
        int torn = 0;
        Gen.Select(Gen.Bool.Array[sectors], Gen.Int[0, unsynced], Gen.Int[0, 3]).Sample((lost, cut, how) =>
        {
            byte[] crashed = written[1].Bytes[..(durableLength + (how == 0 ? unsynced : cut))];
            if (how != 1) Lose(crashed, durableLength, lost);
            (string, byte[])[] files = [written[0], (written[1].Name, crashed)];
            AuditReport report = SampleLedger.Audit(files);
            Assert.True(report.LastTxId.SeqNo >= durable.SeqNo, $"{report.LastTxId} is left of {durable}");
            if (report.Ok) return;
            torn++;
            Assert.Equal(AuditProblemKind.TornTail, Assert.Single(report.Problems).Kind);
            Assert.Equal(report.LastTxId.SeqNo.Next, report.Tail!.First);
            AuditReport repaired = SampleLedger.Audit(Repaired(files, report.Tail));
            Assert.True(repaired.Ok);
            Assert.Equal(report.LastTxId, repaired.LastTxId);
        }, iter: 200, threads: 1);
        Assert.True(torn > 50, $"only {torn} of these crashes tore anything");
    }

    [Fact]
    public void Files_behind_a_torn_block_belong_to_the_tail()
    {
        TxId durable = ledger.Last;
        WriteUnsynced(durable, 900, 20, 1700);
        string next = LedgerChunk.OpenName(ledger.Blocks[5].First);
        List<(string Name, byte[] Bytes)> files = [.. ledger.Files()[..1],
            (ledger.Files()[1].Name, SampleLedger.Chunk([.. ledger.Blocks.Skip(2).Take(3)])),
            (next, SampleLedger.Chunk([.. ledger.Blocks.Skip(5)]))];
        Assert.True(SampleLedger.Audit(files).Ok);
        files[1] = (files[1].Name, files[1].Bytes[..^1]);
        AuditReport report = SampleLedger.Audit(files);
        int whole = SampleLedger.Chunk([.. ledger.Blocks.Skip(2).Take(2)]).Length;
        Assert.Equal((files[1].Name, whole, durable.SeqNo.Next),
            (report.Tail!.File, report.Tail.Offset, report.Tail.First));
        Assert.Equal(next, Assert.Single(report.Tail.LaterFiles));
        Assert.Equal(AuditProblemKind.TornTail, Assert.Single(report.Problems).Kind);
        Assert.Equal((durable, durable.SeqNo.Value, 4ul), (report.LastTxId, report.Transactions, report.Signatures));
        Assert.True(SampleLedger.Audit(Repaired(files, report.Tail)).Ok);
    }

    // What looks torn was whole once, when somebody signed later that it had committed.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_hole_under_a_block_that_knew_it_as_committed_is_damage(bool headerLost)
    {
        TxId durable = ledger.Last;
        int at = ledger.Files()[1].Bytes.Length;
        WriteUnsynced(durable, 3000, 20);
        TxId committed = ledger.Last;
        WriteUnsynced(durable, 20);
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        Assert.NotNull(SampleLedger.Audit(WithHole(files, at, headerLost)).Tail);

        WriteUnsynced(committed, 20);
        files = ledger.Files();
        AuditReport report = SampleLedger.Audit(WithHole(files, at, headerLost));
        Assert.Null(report.Tail);
        AuditProblem problem = Assert.Single(report.Problems);
        Assert.Equal((AuditProblemKind.Damaged, files[1].Name, durable.SeqNo.Next),
            (problem.Kind, problem.File, problem.SeqNo!.Value));
        Assert.Equal(ledger.Last, report.LastTxId);
    }

    [Fact]
    public void A_hole_in_or_before_a_file_that_has_its_final_name_is_damage()
    {
        TxId durable = ledger.Last;
        int at = ledger.Files()[1].Bytes.Length;
        WriteUnsynced(durable, 3000, 20);
        (string open, byte[] bytes) = WithHole(ledger.Files(), at, headerLost: false)[1];
        (string, byte[]) first = ledger.Files()[0];
        Assert.NotNull(SampleLedger.Audit([first, (open, bytes)]).Tail);
        string closed = LedgerChunk.ClosedName(ledger.Blocks[2].First, ledger.Last.SeqNo);
        Assert.Null(SampleLedger.Audit([first, (closed, bytes)]).Tail);

        SeqNo next = ledger.Last.SeqNo.Next;
        WriteUnsynced(durable, 20);
        byte[] later = SampleLedger.Chunk(ledger.Blocks[^1]);
        Assert.NotNull(SampleLedger.Audit([first, (open, bytes), (LedgerChunk.OpenName(next), later)]).Tail);
        string laterClosed = LedgerChunk.ClosedName(next, ledger.Last.SeqNo);
        Assert.Null(SampleLedger.Audit([first, (open, bytes), (laterClosed, later)]).Tail);
    }

    // Every sector is there, so no crash did this.
    [Fact]
    public void A_changed_bit_at_the_end_is_damage()
    {
        WriteUnsynced(ledger.Last, 3000, 20);
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        int from = files[1].Bytes.Length - ledger.Blocks[^1].Bytes.Length - ledger.Blocks[^2].Bytes.Length;
        for (int at = from; at < files[1].Bytes.Length; at += 13)
        {
            files[1].Bytes[at] ^= 0x10;
            AuditReport report = SampleLedger.Audit(files);
            Assert.True(report.Tail is null && report.Problems[0].Kind == AuditProblemKind.Damaged, $"byte {at}");
            files[1].Bytes[at] ^= 0x10;
        }
    }

    [Fact]
    public void A_header_that_never_came_is_a_tail_from_its_first_byte_on()
    {
        (string Name, byte[] Bytes)[] files = [.. ledger.Files()];
        foreach (byte[] bytes in new byte[][] { [], files[1].Bytes[..16], new byte[9000] })
        {
            AuditReport report = SampleLedger.Audit([files[0], (files[1].Name, bytes)]);
            Assert.Equal((files[1].Name, 0, new SeqNo(7)),
                (report.Tail!.File, report.Tail.Offset, report.Tail.First));
            Assert.Equal(AuditProblemKind.TornTail, Assert.Single(report.Problems).Kind);
        }
    }

    // Nothing was ever answered from such a ledger: a node may make a new one.
    [Fact]
    public void A_genesis_block_that_never_became_durable_leaves_no_ledger()
    {
        byte[] genesis = SampleLedger.Chunk(ledger.Blocks[0]);
        foreach (byte[] bytes in new byte[][] { [], genesis[..12], genesis[..17], genesis[..300], WithoutLastSector() })
        {
            AuditReport report = SampleLedger.Audit([(LedgerChunk.OpenName(new SeqNo(1)), bytes)]);
            Assert.Equal(TxId.Zero, report.LastTxId);
            Assert.Null(report.GenesisDigest);
            if (bytes.Length == LedgerChunk.HeaderSize) continue; // a whole file without blocks
            Assert.Equal(AuditProblemKind.TornTail, Assert.Single(report.Problems).Kind);
            Assert.Equal(new SeqNo(1), report.Tail!.First);
        }

        byte[] WithoutLastSector()
        {
            byte[] bytes = [.. genesis];
            bytes.AsSpan(bytes.Length / SectorBytes * SectorBytes).Clear();
            return bytes;
        }
    }

    [Fact]
    public void What_stands_only_in_the_tail_is_missed_by_anchors()
    {
        TxId durable = ledger.Last;
        WriteUnsynced(durable, 20, 20);
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        files[1] = (files[1].Name, files[1].Bytes[..^1]);
        TxId whole = new(ledger.Blocks[^2].View, ledger.Blocks[^2].Last);
        Assert.Single(SampleLedger.Audit(files, new AuditOptions { Expect = whole }).Problems);
        AuditReport report = SampleLedger.Audit(files, new AuditOptions { Expect = ledger.Last });
        Assert.Equal([AuditProblemKind.TornTail, AuditProblemKind.Anchor],
            report.Problems.Select(problem => problem.Kind));
    }

    // Bytes that look like the beginnings of later blocks, thousands of them, in the private part of a torn block.
    [Fact]
    public void Look_alikes_of_later_blocks_do_not_keep_an_audit_busy()
    {
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        byte[] header = [.. ledger.Blocks[^1].Bytes.Span[..(Block.HeaderSize + LedgerEntry.HeaderSize)]];
        byte[] alike = [.. Enumerable.Repeat(header, 30_000).SelectMany(one => one)];
        byte[] torn = [.. files[1].Bytes[..^1], .. alike];
        AuditReport report = SampleLedger.Audit([files[0], (files[1].Name, torn)]);
        Assert.False(report.Ok);
        Assert.Equal(new SeqNo(7), report.LastTxId.SeqNo);
    }

    private void WriteUnsynced(TxId committed, params int[] messageBytes)
    {
        foreach (int bytes in messageBytes)
        {
            OpenBlock open = new(new View(3), ledger.Last.SeqNo.Next);
            byte[] message = Encoding.ASCII.GetBytes(new string('m', bytes));
            if (bytes > 0)
                open.Add(new TxId(open.View, open.Next), EntryType.WriteSet, ClaimsDigest.None, message, message);
            ledger.Seal(open, committed);
        }
    }

    private static void Lose(byte[] bytes, int from, bool[] lost)
    {
        for (int sector = from / SectorBytes; sector * SectorBytes < bytes.Length; sector++)
        {
            int start = Math.Max(from, sector * SectorBytes);
            if (lost[sector]) bytes.AsSpan(start, Math.Min((sector + 1) * SectorBytes, bytes.Length) - start).Clear();
        }
    }

    private static List<(string Name, byte[] Bytes)> WithHole(
        List<(string Name, byte[] Bytes)> files, int block, bool headerLost)
    {
        byte[] bytes = [.. files[1].Bytes];
        int sector = (block / SectorBytes + (headerLost ? 0 : 2)) * SectorBytes;
        int start = Math.Max(block, sector);
        bytes.AsSpan(start, sector + SectorBytes - start).Clear();
        return [files[0], (files[1].Name, bytes), .. files.Skip(2)];
    }

    private static List<(string Name, byte[] Bytes)> Repaired(
        IEnumerable<(string Name, byte[] Bytes)> files, AuditTail tail) =>
    [
        .. files.Where(file => !tail.LaterFiles.Contains(file.Name) && (file.Name != tail.File || tail.Offset > 0))
            .Select(file => file.Name == tail.File ? (file.Name, file.Bytes[..tail.Offset]) : file),
    ];
}
