using System;
using System.Buffers.Binary;
using System.Linq;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>The entry that opens an epoch: one value has one encoding, and each promise in it is held against what
/// stands before. docs/ledger-format.md, "Epoch".</summary>
public sealed class EpochBlockTests : IDisposable
{
    private static readonly Map<string, string> Log = new("public:log", Codecs.Utf8, Codecs.Utf8);

    private readonly SampleLedger before = SampleLedger.Written("before");
    private readonly SampleLedger after;
    private readonly Block block;
    private readonly EpochBlock epoch;

    public EpochBlockTests()
    {
        after = before.NextEpoch("after", _ => Writes());
        block = Decode(after.Blocks[^1]);
        Assert.True(EpochBlock.TryRead(block, out EpochBlock? read));
        epoch = read;
    }

    public void Dispose()
    {
        after.Dispose();
        before.Dispose();
    }

    [Fact]
    public void An_epoch_reads_back_as_what_was_encoded()
    {
        Assert.Equal(new TxId(new View(before.Last.View.Value + 2), before.Last.SeqNo.Next), epoch.TxId);
        Assert.Equal(after.ServiceCertificate.Der.ToArray(), epoch.ServiceCertificate.Der.ToArray());
        Assert.Equal((before.Last, RootBefore), (epoch.Continues, epoch.Root));
        Assert.Equal((before.Last, RootBefore), (epoch.Endorsement.Continues, epoch.Endorsement.Root));
        Assert.Equal(before.ServiceCertificate.KeyDigest, epoch.PreviousCertificate.KeyDigest);
        Assert.Equal(Writes(), epoch.PublicWrites.ToArray());
        Assert.Equal(Encoded, EpochBlock.EncodePublic(
            epoch.ServiceCertificate.Der.Span, epoch.Endorsement, epoch.PreviousCertificate.Der.Span,
            epoch.PublicWrites.Span));
        Assert.True(EpochBlock.TryFindWrites(Encoded, out ReadOnlyMemory<byte> writes));
        Assert.Equal(Writes(), writes.ToArray());
        Assert.Null(FindProblem(epoch));
    }

    // Each byte is a part of the value, and all of it up to the write set is under a signature of one of the two keys;
    // the write set is under the root.
    [Fact]
    public void Every_changed_byte_is_refused_or_is_another_value_that_nobody_signed() => ChangeEveryByte(false);

    // Eight times as long, so it runs when it is asked for.
    [Fact(Explicit = true)]
    public void Every_changed_bit_is_refused_or_is_another_value_that_nobody_signed() => ChangeEveryByte(true);

    [Fact]
    public void An_epoch_that_is_cut_before_its_write_set_is_refused()
    {
        byte[] bytes = Encoded;
        int writesAt = bytes.Length - Writes().Length;
        for (int length = 0; length < writesAt; length++)
        {
            byte[] cut = bytes[..length];
            Assert.False(EpochBlock.TryDecodePublic(epoch.TxId, cut, out _), $"{length} bytes");
            Assert.False(EpochBlock.TryFindWrites(cut, out _), $"{length} bytes");
        }

        Assert.True(EpochBlock.TryDecodePublic(epoch.TxId, bytes.AsMemory(0, writesAt), out EpochBlock? bare));
        Assert.True(bare.PublicWrites.IsEmpty);
    }

    // The write set goes to the end: what is cut off there, or stands behind, makes another write set, or none.
    [Fact]
    public void A_write_set_that_is_cut_or_has_a_byte_behind_is_no_write_set()
    {
        byte[] bytes = Encoded;
        int writesAt = bytes.Length - Writes().Length;
        for (int length = writesAt + 1; length <= bytes.Length + 1; length++)
        {
            byte[] other = length > bytes.Length ? [.. bytes, 0] : bytes[..length];
            Assert.True(EpochBlock.TryDecodePublic(epoch.TxId, other, out EpochBlock? read));
            Assert.Equal(other[writesAt..], read.PublicWrites.ToArray());
            Assert.Equal(length == bytes.Length, WriteSet.TryDecode(read.PublicWrites.Span, [], out _));
        }
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(int.MaxValue)]
    [InlineData(1u << 31)]
    [InlineData(0u)]
    public void A_length_that_cannot_be_is_refused(uint length)
    {
        byte[] bytes = Encoded;
        BinaryPrimitives.WriteUInt32BigEndian(bytes, length);
        Assert.False(EpochBlock.TryDecodePublic(epoch.TxId, bytes, out _));
        Assert.True(length == 0 || !EpochBlock.TryFindWrites(bytes, out _));
    }

    [Fact]
    public void Blocks_that_open_no_epoch_are_none()
    {
        Assert.All(before.Blocks, one => Assert.False(EpochBlock.TryRead(Decode(one), out _)));
    }

    [Fact]
    public void Each_broken_promise_is_called_by_its_name()
    {
        using SampleLedger thief = new("thief");
        TxId older = new(before.Blocks[1].View, before.Blocks[1].Last);
        (EpochForgery Forgery, string Reason)[] forgeries =
        [
            (new() { Continues = older }, $"goes on from {older}, and {before.Last} is before it"),
            (new() { Root = Digest.Of("other"u8) }, "goes on from another root"),
            (new() { ViewStep = 1 }, "is not in the view 5, or a multiple of 2 above"),
            (new() { ViewStep = 3 }, "is not in the view 5, or a multiple of 2 above"),
            (new() { Endorser = thief.ServiceKey }, "did not endorse its service key"),
            (new() { ServiceCertificate = thief.ServiceCertificate }, "did not endorse its service key"),
            (new() { ServiceCertificate = SignedByAnother(thief) }, "is not signed with its own key"),
            (new() { Certified = thief.ServiceKey }, "did not certify the one before"),
            (new() { Certifier = thief }, "did not certify the one before"),
        ];
        foreach ((EpochForgery forgery, string reason) in forgeries)
        {
            using SampleLedger forged = before.NextEpoch("after", _ => Writes(), forgery);
            Assert.True(EpochBlock.TryRead(Decode(forged.Blocks[^1]), out EpochBlock? read));
            Assert.Contains(reason, FindProblem(read) ?? "no problem", StringComparison.Ordinal);
        }
    }

    // Entry and endorsement say the same twice; each is compared.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_entry_that_says_another_thing_than_its_endorsement_is_refused(bool root)
    {
        TxId older = new(before.Blocks[1].View, before.Blocks[1].Last);
        ServiceEndorsement endorsement = ServiceEndorsement.Sign(
            before.ServiceKey, after.ServiceKey.SubjectPublicKeyInfo.Span, root ? before.Last : older,
            root ? Digest.Of("other"u8) : RootBefore, "service.example.com");
        byte[] bytes = EpochBlock.EncodePublic(
            after.ServiceCertificate.Der.Span, endorsement, epoch.PreviousCertificate.Der.Span, Writes());
        int continuesAt = sizeof(uint) + after.ServiceCertificate.Der.Length;
        Encoded.AsSpan(continuesAt, 2 * sizeof(ulong) + Digest.Size).CopyTo(bytes.AsSpan(continuesAt));
        Assert.True(EpochBlock.TryDecodePublic(epoch.TxId, bytes, out EpochBlock? read));
        Assert.Equal((before.Last, RootBefore), (read.Continues, read.Root));
        Assert.Contains("did not endorse", FindProblem(read), StringComparison.Ordinal);
    }

    private void ChangeEveryByte(bool allBits)
    {
        byte[] bytes = Encoded;
        int writesAt = bytes.Length - Writes().Length;
        int read = 0;
        for (int bit = 0; bit < 8 * bytes.Length; bit += allBits || bit % 8 == 7 ? 1 : 9)
        {
            int at = bit / 8;
            byte[] changed = [.. bytes];
            changed[at] ^= (byte)(1 << (bit % 8));
            string what = $"bit {bit % 8} of byte {at}";
            if (!EpochBlock.TryDecodePublic(epoch.TxId, changed, out EpochBlock? other)) continue;
            read++;
            Assert.False(IsSame(other), $"{what} leaves the same value");
            Assert.True(at >= writesAt || FindProblem(other) is not null, $"{what} is believed");
        }

        Assert.True(read > 2 * sizeof(ulong) + Digest.Size, $"only {read} of these are an epoch");
    }

    private Digest RootBefore => Decode(before.Blocks[^1]).Signature.Root;

    private byte[] Encoded => block.Entries[0].Public.ToArray();

    private static byte[] Writes()
    {
        KeyValueStore store = new();
        Transaction transaction = store.Begin(MapAccess.Node);
        transaction.Map(Log).Put("epoch", "opened");
        return Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, new View(2)))
            .Changes.Encode(Domain.Public);
    }

    private static Block Decode(SealedBlock bytes)
    {
        Assert.True(Block.TryDecode(bytes.Bytes, out Block? decoded));
        return decoded;
    }

    // The key of the new service, so that its endorsement is right, certified by somebody else.
    private Curia.Cryptography.Certificate SignedByAnother(SampleLedger thief)
    {
        byte[] der = Curia.Cryptography.CertificateAuthority.Issue(
            thief.ServiceKey, thief.ServiceCertificate, after.ServiceKey.SubjectPublicKeyInfo.Span, "service", [],
            SampleLedger.Start, SampleLedger.Start.AddYears(1), new SeededEntropy("thief"));
        Assert.True(Curia.Cryptography.Certificate.TryFromDer(der, out var certificate));
        return certificate!;
    }

    private string? FindProblem(EpochBlock read) =>
        read.FindProblem(before.ServiceCertificate, before.Last, RootBefore);

    private bool IsSame(EpochBlock other) =>
        (other.Continues, other.Root) == (epoch.Continues, epoch.Root)
        && other.ServiceCertificate.Der.Span.SequenceEqual(epoch.ServiceCertificate.Der.Span)
        && other.Endorsement.Bytes.Span.SequenceEqual(epoch.Endorsement.Bytes.Span)
        && other.PreviousCertificate.Der.Span.SequenceEqual(epoch.PreviousCertificate.Der.Span)
        && other.PublicWrites.Span.SequenceEqual(epoch.PublicWrites.Span);
}
