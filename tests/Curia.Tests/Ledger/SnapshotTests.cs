using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

public sealed class SnapshotTests
{
    private const int FrameBytesMax = 1024 * 1024;

    private static SnapshotHeader HeaderOf(SampleLedger ledger) => new(
        ledger.Last, ledger.NodeId, Digest.Of("state"u8), FrameBytesMax,
        [new ViewStart(new View(2), new SeqNo(1)), new ViewStart(new View(3), new SeqNo(7))], ledger.Tree.Frontier());

    private static (byte[] File, ClaimsDigest Digest) Written(
        SampleLedger ledger, byte[][] publicFrames, byte[][] privateFrames, string? receipt = null)
    {
        using SnapshotWriter writer = new(HeaderOf(ledger), ledger.Secret);
        List<byte> file = [.. writer.Start()];
        foreach (byte[] frame in publicFrames) file.AddRange(writer.Public(frame));
        foreach (byte[] frame in privateFrames) file.AddRange(writer.Private(frame));
        file.AddRange(writer.End());
        if (receipt is not null) file.AddRange(SnapshotWriter.Receipt(receipt));
        return ([.. file], writer.Digest);
    }

    [Fact]
    public void A_snapshot_is_read_back_and_opened_with_the_ledger_secret()
    {
        using SampleLedger ledger = SampleLedger.Written();
        Gen.Select(Gen.Byte.Array[0, 100].Array[0, 4], Gen.Byte.Array[1, 100].Array[0, 4], Gen.Bool).Sample((clear,
            hidden, done) =>
        {
            (byte[] file, ClaimsDigest digest) = Written(ledger, clear, hidden, done ? "{}" : null);
            Assert.True(Snapshot.TryDecode(file, out Snapshot? snapshot));
            Assert.Equal(HeaderOf(ledger).Frontier, snapshot.Header.Frontier);
            Assert.Equal(HeaderOf(ledger).Views, snapshot.Header.Views);
            Assert.Equal(HeaderOf(ledger).StateDigest, snapshot.Header.StateDigest);
            Assert.Equal(digest, snapshot.Digest);
            Assert.Equal(done ? "{}"u8 : [], snapshot.Receipt.Span);
            Assert.Equal(clear, snapshot.Public.Select(frame => frame.ToArray()));
            Assert.True(snapshot.TryOpen(ledger.Secret, out IReadOnlyList<byte[]> opened));
            Assert.Equal(hidden, opened);
        }, iter: 100);
    }

    [Fact]
    public void The_digest_covers_everything_before_the_receipt()
    {
        using SampleLedger ledger = SampleLedger.Written();
        (byte[] file, ClaimsDigest digest) = Written(ledger, ["public"u8.ToArray()], ["private"u8.ToArray()]);
        Assert.Equal(Digest.Of(file), digest.Value);
        for (int i = 0; i < file.Length; i++)
        {
            byte[] changed = [.. file];
            changed[i] ^= 1;
            Assert.True(!Snapshot.TryDecode(changed, out Snapshot? snapshot) || snapshot.Digest != digest, $"byte {i}");
        }
    }

    [Fact]
    public void Two_nodes_never_share_a_key_and_neither_do_two_states()
    {
        using SampleLedger ledger = SampleLedger.Written();
        using SnapshotWriter one = new(HeaderOf(ledger), ledger.Secret);
        using SnapshotWriter otherNode = new(HeaderOf(ledger) with { NodeId = new NodeId(Digest.Of("n"u8)) },
            ledger.Secret);
        using SnapshotWriter otherState = new(HeaderOf(ledger) with { StateDigest = Digest.Of("s"u8) }, ledger.Secret);
        byte[][] frames = [one.Private("same"u8), otherNode.Private("same"u8), otherState.Private("same"u8)];
        Assert.Equal(3, frames.Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void Another_secret_or_another_order_opens_nothing()
    {
        using SampleLedger ledger = SampleLedger.Written();
        using LedgerSecret other = LedgerSecret.Generate(new SeededEntropy("other"));
        byte[][] hidden = ["first!"u8.ToArray(), "second"u8.ToArray()];
        (byte[] file, _) = Written(ledger, [], hidden);
        Assert.True(Snapshot.TryDecode(file, out Snapshot? snapshot));
        Assert.False(snapshot.TryOpen(other, out _));
        const int Frame = 6 + 6 + AeadKey.TagSize;
        const int End = 6 + 8;
        byte[] swapped = [.. file[..^(End + 2 * Frame)], .. file[^(End + Frame)..^End], .. file[^(End
            + 2 * Frame)..^(End + Frame)], .. file[^End..]];
        Assert.True(Snapshot.TryDecode(swapped, out Snapshot? reordered));
        Assert.False(reordered.TryOpen(ledger.Secret, out _));
        byte[] missing = [.. file[..^(End + Frame)], .. file[^End..]];
        Assert.False(Snapshot.TryDecode(missing, out _));
    }

    [Fact]
    public void Any_bytes_give_a_snapshot_or_none()
    {
        using SampleLedger ledger = SampleLedger.Written();
        (byte[] file, ClaimsDigest digest) = Written(ledger, ["public"u8.ToArray()], ["private"u8.ToArray()], "{}");
        Bytes.Around(file).Sample(bytes =>
        {
            if (!Snapshot.TryDecode(bytes, out Snapshot? snapshot)) return true;
            bool opened = snapshot.TryOpen(ledger.Secret, out _);
            return snapshot.Digest != digest || opened;
        }, iter: 3000);
        Assert.False(Snapshot.TryDecode((byte[])[.. file, 0], out _));
    }

    [Fact]
    public void A_header_that_contradicts_itself_is_not_written()
    {
        using SampleLedger ledger = SampleLedger.Written();
        SnapshotHeader good = HeaderOf(ledger);
        foreach (SnapshotHeader bad in (SnapshotHeader[])
        [
            good with { TxId = TxId.Zero },
            good with { Views = [] },
            good with { Views = [good.Views[1], good.Views[0]] },
            good with { Views = [good.Views[0]] },
            good with { Frontier = new MerkleFrontier(0, []) },
            good with { FrameBytesMax = 0 },
        ])
        {
            Assert.Throws<InvariantException>(() => new SnapshotWriter(bad, ledger.Secret));
        }
    }

    [Theory]
    [InlineData("snapshot_10_12", 10, 12, false)]
    [InlineData("snapshot_10_12.committed", 10, 12, true)]
    public void Names_of_snapshots_are_read_and_written(string name, ulong seqNo, ulong evidence, bool committed)
    {
        Assert.True(Snapshot.TryParseFileName(name, out SeqNo first, out SeqNo second, out bool done));
        Assert.Equal((new SeqNo(seqNo), new SeqNo(evidence), committed), (first, second, done));
        Assert.Equal(name, Snapshot.FileName(first, second, done));
        Assert.False(Snapshot.TryParseFileName("snapshot_12_10", out _, out _, out _));
        Assert.False(Snapshot.TryParseFileName("snapshot_010_12", out _, out _, out _));
        Assert.False(Snapshot.TryParseFileName("snapshot_.committed", out _, out _, out _));
        Assert.False(Snapshot.TryParseFileName("ledger_1", out _, out _, out _));
    }
}
