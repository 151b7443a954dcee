using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>Whatever a host does to the files of a ledger is named where it was done; what leaves a valid ledger is
/// found by anchors.</summary>
public sealed class TamperingTests : IDisposable
{
    private readonly ChunkedLedger ledger = new();

    public void Dispose() => ledger.Dispose();

    [Fact]
    public void The_ledger_is_valid_until_somebody_touches_it()
    {
        AuditReport report = SampleLedger.Audit(ledger.Files());
        Assert.Empty(report.Problems);
        Assert.Equal((13ul, 6ul, 2ul), (report.Transactions, report.Signatures, report.Epochs));
    }

    [Fact]
    public void Whatever_is_done_to_entries_blocks_chunks_and_keys_is_named_where_it_was_done()
    {
        IReadOnlyList<Tampering> all = Tampering.Of(ledger);
        Assert.All(all, one => AssertNamed(one.Name, SampleLedger.Audit(one.Files), one.File, one.From, one.To));
        Assert.Equal(all.Count, all.Select(one => one.Name).Distinct().Count());
    }

    // One bit of every byte. A block is named by its first seqno, a file by that of its name.
    [Fact]
    public void Every_changed_byte_is_named_where_it_is() => ChangeEveryByte(allBits: false);

    // What a start looks at: roots, and the last signature of each epoch. Which block it names is not always the one
    // that was changed, so it asks the full audit then.
    [Fact]
    public void A_changed_byte_is_seen_with_the_last_signatures_alone()
    {
        AuditOptions options = new() { Signatures = AuditSignatures.LastOfEachEpoch };
        Assert.True(SampleLedger.Audit(ledger.Files(), options).Ok);
        for (int file = 0; file < 3; file++)
        {
            int which = file;
            Parallel.For(0, ledger.Files()[file].Bytes.Length / 5, ledger.Files, (fifth, _, files) =>
            {
                byte bit = (byte)(1 << (fifth % 8));
                files[which].Bytes[5 * fifth] ^= bit;
                Assert.False(SampleLedger.Audit(files, options).Ok, $"byte {5 * fifth} of {files[which].Name}");
                files[which].Bytes[5 * fifth] ^= bit;
                return files;
            }, _ => { });
        }
    }

    [Fact]
    public void Whatever_is_done_is_seen_with_the_last_signatures_alone()
    {
        AuditOptions options = new() { Signatures = AuditSignatures.LastOfEachEpoch };
        Assert.All(Tampering.Of(ledger), one => Assert.False(SampleLedger.Audit(one.Files, options).Ok, one.Name));
    }

    // Eight times as long, so it runs when it is asked for.
    [Fact(Explicit = true)]
    public void Every_changed_bit_is_named_where_it_is() => ChangeEveryByte(allBits: true);

    [Fact]
    public void A_ledger_made_again_with_other_keys_is_found_by_what_tells_of_the_first_one()
    {
        using ChunkedLedger other = new("other keys");
        List<(string, byte[])> files = other.Files();
        Assert.True(SampleLedger.Audit(files).Ok);
        AssertAnchored(files, new AuditOptions { Genesis = ledger.Sample.GenesisDigest });
        AssertAnchored(files, new AuditOptions { ServiceCertificate = ledger.First.ServiceCertificate });
        AssertAnchored(files, new AuditOptions { ServiceCertificate = ledger.Sample.ServiceCertificate });
        AssertAnchored(files, ReceiptsOf(ledger, 3));
        // A TxID says nothing of the content: this is no anchor against another ledger of the same length.
        Assert.True(SampleLedger.Audit(files, new AuditOptions { Expect = ledger.Sample.Last }).Ok);
    }

    [Fact]
    public void A_fork_by_the_same_keys_is_found_by_receipts_of_the_other_branch()
    {
        foreach (int common in (int[])[3, ChunkedLedger.EpochBlockAt])
        {
            using ChunkedLedger fork = ledger.Fork(common);
            List<(string, byte[])> files = fork.Files();
            AuditOptions same = new()
            {
                Genesis = ledger.Sample.GenesisDigest,
                ServiceCertificate = ledger.Sample.ServiceCertificate,
                Expect = ledger.Sample.Last,
            };
            Assert.True(SampleLedger.Audit(files, same) is { Ok: true, Anchored: true });
            Assert.True(SampleLedger.Audit(files, ReceiptsOf(ledger, 3)).Ok); // of what both have in common
            AssertAnchored(files, ReceiptsOf(ledger, ledger.Blocks[common].First.Value));
            AssertAnchored(files, ReceiptsOf(ledger, 11));
        }
    }

    [Fact]
    public void An_older_copy_of_the_whole_ledger_is_found_by_what_was_known_later()
    {
        for (int blocks = 1; blocks < ledger.Blocks.Length; blocks++)
        {
            string name = LedgerChunk.OpenName(new SeqNo(1));
            List<(string, byte[])> files = [(name, SampleLedger.Chunk(ledger.Blocks[..blocks]))];
            Assert.True(SampleLedger.Audit(files, ReceiptsOf(ledger, 1)).Ok);
            AssertAnchored(files, new AuditOptions { Expect = ledger.Sample.Last });
            AssertAnchored(files, ReceiptsOf(ledger, ledger.Blocks[^1].First.Value));
        }
    }

    private static AuditOptions ReceiptsOf(ChunkedLedger of, ulong seqNo)
    {
        SealedBlock holder = of.Blocks.Single(one => one.First.Value <= seqNo && seqNo <= one.Last.Value);
        Assert.True(Block.TryDecode(holder.Bytes, out Block? block));
        LedgerEntry entry = block.EntryAt(new SeqNo(seqNo));
        return new AuditOptions
        {
            Leaves = [new ExpectedLeaf(entry.TxId, entry.Leaf, "receipt.json")],
            Roots = [new ExpectedRoot(block.Signature.Root, "receipt.json")],
        };
    }

    private static void AssertAnchored(List<(string, byte[])> files, AuditOptions options)
    {
        AuditReport report = SampleLedger.Audit(files, options);
        Assert.False(report.Ok);
        Assert.True(report.Anchored);
        Assert.Contains(report.Problems, problem => problem.Kind == AuditProblemKind.Anchor
            && problem.File.Length == 0 || problem.Reason.Contains("genesis digest", StringComparison.Ordinal));
    }

    private static void AssertNamed(string what, AuditReport report, string file, ulong from, ulong to)
    {
        Assert.True(!report.Ok, $"{what}: not seen");
        AuditProblem first = report.Problems[0];
        Assert.True(first.File == file && first.SeqNo?.Value >= from && first.SeqNo?.Value <= to,
            $"{what}: {first} instead of {file}, {from} to {to}");
        Assert.NotEmpty(first.Reason);
        Assert.True(report.Tail is null, $"{what}: taken for a torn tail");
    }

    private void ChangeEveryByte(bool allBits)
    {
        int tried = 0;
        for (int file = 0; file < 3; file++)
        {
            int which = file;
            Parallel.For(0, ledger.Files()[file].Bytes.Length, ledger.Files, (at, _, files) =>
            {
                for (int bit = 0; bit < 8; bit++)
                {
                    if (!allBits && bit != at % 8) continue;
                    files[which].Bytes[at] ^= (byte)(1 << bit);
                    Interlocked.Increment(ref tried);
                    AssertChange(files, which, at, bit);
                    files[which].Bytes[at] ^= (byte)(1 << bit);
                }

                return files;
            }, _ => { });
        }

        Assert.Equal(ledger.Files().Sum(file => file.Bytes.Length) * (allBits ? 8 : 1), tried);
    }

    private void AssertChange(List<(string Name, byte[] Bytes)> files, int file, int at, int bit)
    {
        string what = $"bit {bit} of byte {at} of {files[file].Name}";
        (SealedBlock block, int offset) = ledger.Places().Where(place => place.File == file)
            .Select(place => (place.Block, place.Offset)).LastOrDefault(place => place.Offset <= at);
        AuditReport report = SampleLedger.Audit(files.Take(file + 1)); // no later file is needed to see it
        if (block is null)
        {
            ulong first = ledger.Places().First(place => place.File == file).Block.First.Value;
            AssertNamed(what, report, files[file].Name, first, first);
        }
        else if (report.Tail is { } tail)
        {
            // The one byte of a block that stands in a sector of its own is zero now, as if it had never come.
            byte[] bytes = files[file].Bytes;
            int from = Math.Max(offset, at / 512 * 512);
            Assert.True(bytes.AsSpan(from..Math.Min(bytes.Length, at / 512 * 512 + 512)).IndexOfAnyExcept((byte)0) < 0,
                $"{what} is taken for a torn tail");
            Assert.Equal((files[file].Name, offset, block.First), (tail.File, tail.Offset, tail.First));
        }
        else
        {
            AssertNamed(what, report, files[file].Name, block.First.Value, block.Last.Value);
        }
    }
}
