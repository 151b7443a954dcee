using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using CsCheck;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Node.Peers;
using Curia.Tests.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Node.Peers;

/// <summary>One message has one encoding (docs/node-protocol.md, "Messages"), and nothing else is one.</summary>
public sealed class PeerCodecTests : IDisposable
{
    private const int FieldSize = sizeof(ulong);

    private static readonly View At = new(0x0102);
    private static readonly TxId One = new(new View(3), new SeqNo(4));
    private static readonly TxId Other = new(new View(5), new SeqNo(6));

    private static readonly Dictionary<string, ReplicaMessage> Messages = new(StringComparer.Ordinal)
    {
        ["append"] = new ReplicaMessage.Append(At, One, [], Other, 7),
        ["appended"] = new ReplicaMessage.Appended(At, One, 7),
        ["not appended"] = new ReplicaMessage.NotAppended(At, One, Other, 7),
        ["vote request"] = new ReplicaMessage.VoteRequest(At, true, One),
        ["vote"] = new ReplicaMessage.Vote(At, false, true),
        ["hand over"] = new ReplicaMessage.HandOver(At),
    };

    private readonly SampleLedger ledger = SampleLedger.Written();

    /// <summary>Kind, and for each field the last value that is one.</summary>
    public static TheoryData<string, ulong[]> Fields => new()
    {
        { "append", [ViewMax, ViewMax, SeqNoMax, ViewMax, SeqNoMax, ulong.MaxValue, 0] },
        { "appended", [ViewMax, ViewMax, SeqNoMax, ulong.MaxValue] },
        { "not appended", [ViewMax, ViewMax, SeqNoMax, ViewMax, SeqNoMax, ulong.MaxValue] },
        { "vote request", [ViewMax, 1, ViewMax, SeqNoMax] },
        { "vote", [ViewMax, 1, 1] },
        { "hand over", [ViewMax] },
    };

    private static ulong ViewMax => View.Max.Value;

    private static ulong SeqNoMax => SeqNo.Max.Value;

    public void Dispose() => ledger.Dispose();

    [Theory]
    [InlineData("append", "0101 0102 3 4 5 6 7 0")]
    [InlineData("appended", "0102 0102 3 4 7")]
    [InlineData("not appended", "0103 0102 3 4 5 6 7")]
    [InlineData("vote request", "0104 0102 1 3 4")]
    [InlineData("vote", "0105 0102 0 1")]
    [InlineData("hand over", "0106 0102")]
    public void A_message_of_consensus_has_the_bytes_of_the_page(string name, string page)
    {
        string[] words = page.Split(' ');
        string expected = words[0] + string.Concat(words.Skip(1).Select(word => word.PadLeft(16, '0')));
        byte[] bytes = PeerCodec.Encode(Messages[name]);
        Assert.Equal(expected, Convert.ToHexStringLower(bytes));
        PeerMessage.Consensus read = Assert.IsType<PeerMessage.Consensus>(Read(bytes));
        Assert.Equal(Messages[name], read.Message);
        Assert.Empty(read.Blocks);
    }

    [Fact]
    public void A_question_for_secrets_is_two_bytes()
    {
        byte[] bytes = PeerCodec.AskForSecrets();
        Assert.Equal([1, 7], bytes);
        Assert.IsType<PeerMessage.AskForSecrets>(Read(bytes));
        AssertRefused([.. bytes, 0], "its kind 7 has other fields");
    }

    [Fact]
    public void Word_that_the_ledger_can_be_opened_is_two_bytes()
    {
        byte[] bytes = PeerCodec.CanOpen();
        Assert.Equal([1, 10], bytes);
        Assert.IsType<PeerMessage.CanOpen>(Read(bytes));
        AssertRefused([.. bytes, 0], "its kind 10 has other fields");
    }

    [Fact]
    public void Secrets_stand_in_the_message_as_they_stand_inside_of_sealed_ones()
    {
        using SealedSecrets known = Secrets();
        using SecretBytes exported = known.Export();
        byte[] bytes = PeerCodec.GiveSecrets(exported.Reveal());
        Assert.Equal([1, 8, .. exported.Reveal()], bytes);
        using SealedSecrets read = Assert.IsType<PeerMessage.GiveSecrets>(Read(bytes)).Secrets;
        Assert.Equal(known.NodeId, read.NodeId);
        Assert.Equal(known.ServiceKey, read.ServiceKey);
        Assert.Equal(known.Periods, read.Periods);
        for (int length = 2; length < bytes.Length; length++) AssertRefused(bytes[..length], "its kind 8");
        AssertRefused([.. bytes, 0], "its kind 8 has other fields");
    }

    [Fact]
    public void Blocks_follow_an_append_as_they_are()
    {
        byte[] bytes = Append(ledger.Blocks.Select(block => block.Bytes));
        PeerMessage.Consensus read = Assert.IsType<PeerMessage.Consensus>(Read(bytes));
        Assert.Equal(ledger.Blocks.Select(block => block.Digest), read.Blocks.Select(block => block.Digest));
        Assert.Equal(
            ledger.Blocks.Select(block => block.Bytes.ToArray()), read.Blocks.Select(one => one.Block.Bytes.ToArray()));
        Assert.Equal(ledger.Tree.Frontier(), read.Blocks[^1].After);
        Assert.Equal(bytes, Encode(read));
        for (int length = 2; length < bytes.Length; length += 7) AssertRefused(bytes[..length], "");
        AssertRefused([.. bytes, 0], "something follows its last block");
    }

    [Theory]
    [MemberData(nameof(Fields))]
    public void Each_field_has_its_bounds(string name, ulong[] last)
    {
        byte[] bytes = PeerCodec.Encode(Messages[name]);
        Assert.Equal(2 + last.Length * FieldSize, bytes.Length);
        for (int index = 0; index < last.Length; index++)
        {
            byte[] changed = [.. bytes];
            Span<byte> field = changed.AsSpan(2 + index * FieldSize, FieldSize);
            foreach (ulong value in new[] { 0UL, last[index] })
            {
                BinaryPrimitives.WriteUInt64BigEndian(field, value);
                Assert.Equal(changed, Encode(Assert.IsType<PeerMessage.Consensus>(Read(changed))));
            }

            if (last[index] == ulong.MaxValue) continue;
            foreach (ulong value in new[] { last[index] + 1, ulong.MaxValue })
            {
                BinaryPrimitives.WriteUInt64BigEndian(field, value);
                AssertRefused(changed, "");
            }
        }
    }

    [Theory]
    [InlineData("append")]
    [InlineData("appended")]
    [InlineData("not appended")]
    [InlineData("vote request")]
    [InlineData("vote")]
    [InlineData("hand over")]
    public void Nothing_may_be_missing_or_follow(string name)
    {
        byte[] bytes = PeerCodec.Encode(Messages[name]);
        for (int length = 0; length < bytes.Length; length++)
            AssertRefused(bytes[..length], length < 2 ? "it is too short" : $"its kind {bytes[1]} has other fields");
        AssertRefused([.. bytes, 0], "");
        AssertRefused([.. bytes, .. bytes], "");
    }

    [Fact]
    public void A_signed_acknowledgement_is_read_as_it_was_written_and_no_other_way()
    {
        SignedBlock[] signatures =
        [
            new(new TxId(new View(2), new SeqNo(7)), new byte[64]),
            new(new TxId(new View(3), new SeqNo(9)), new byte[96]),
        ];
        ReplicaMessage.Appended said = new(new View(3), new TxId(new View(3), new SeqNo(9)), 4);
        byte[] bytes = PeerCodec.Encode(said, new byte[91], signatures);
        Assert.True(PeerCodec.TryDecode(bytes, out PeerMessage? message, out _));
        PeerMessage.SignedAppended read = Assert.IsType<PeerMessage.SignedAppended>(message);
        Assert.Equal((said, 91), (read.Message, read.NodeKey.Length));
        Assert.Equal(signatures.Select(one => one.Block), read.Signatures.Select(one => one.Block));
        for (int length = 2; length < bytes.Length; length++) AssertRefused(bytes[..length], "its kind 9");
        AssertRefused([.. bytes, 0], "its kind 9");
        AssertRefused(PeerCodec.Encode(said, new byte[91], [.. signatures.Reverse()]), "its kind 9");
        AssertRefused(PeerCodec.Encode(said, new byte[91], []), "its kind 9");
        AssertRefused(PeerCodec.Encode(said, new byte[161], signatures), "its kind 9");
        SignedBlock tooLong = signatures[0] with { Signature = new byte[133] };
        AssertRefused(PeerCodec.Encode(said, new byte[91], [tooLong]), "its kind 9");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(11)]
    [InlineData(255)]
    public void There_are_ten_kinds(byte kind)
    {
        AssertRefused([PeerCodec.Version, kind], $"there is no kind {kind}");
        AssertRefused([PeerCodec.Version, kind, .. new byte[FieldSize]], $"there is no kind {kind}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(255)]
    public void There_is_one_version(byte version)
    {
        foreach (ReplicaMessage message in Messages.Values)
            AssertRefused([version, .. PeerCodec.Encode(message)[1..]], $"its version is {version}");
        AssertRefused([version, 7], $"its version is {version}");
    }

    [Fact]
    public void The_number_of_blocks_is_that_of_the_blocks()
    {
        ReadOnlyMemory<byte> block = ledger.Blocks[0].Bytes;
        AssertRefused(Append([block], announced: 0), "something follows its last block");
        AssertRefused(Append([block], announced: 2), "a block in it has no header");
        AssertRefused(Append([], announced: 1024), "a block in it has no header");
        AssertRefused(Append([], announced: 1025), "it says that 1025 blocks follow");
        AssertRefused(Append([block], announced: ulong.MaxValue), $"it says that {ulong.MaxValue} blocks follow");
        AssertRefused(Append([block[..^1]], announced: 1), "a block in it has no header");
    }

    [Fact]
    public void What_nodes_do_not_send_is_not_written() => Assert.Throws<InvariantException>(() =>
        PeerCodec.Encode(new ReplicaMessage.SnapshotProgress(At, One, 1)));

    [Fact]
    public void Any_bytes_are_one_message_or_none() =>
        Gen.OneOf([.. Messages.Values.Select(message => Bytes.Around(PeerCodec.Encode(message))),
            Bytes.Around(Append(ledger.Blocks.Take(2).Select(block => block.Bytes)))])
            .Sample(bytes =>
            {
                bool isRead = PeerCodec.TryDecode(bytes, out PeerMessage? message, out string reason);
                if (isRead != message is not null || isRead != (reason.Length == 0)) return false;
                return message is not PeerMessage.Consensus consensus
                    || Encode(consensus).AsSpan().SequenceEqual(bytes);
            });

    private static PeerMessage Read(byte[] bytes)
    {
        Assert.True(PeerCodec.TryDecode(bytes, out PeerMessage? message, out string reason), reason);
        Assert.Equal("", reason);
        return message;
    }

    private static void AssertRefused(byte[] bytes, string begins)
    {
        Assert.False(PeerCodec.TryDecode(bytes, out PeerMessage? message, out string reason));
        Assert.Null(message);
        Assert.NotEqual("", reason);
        Assert.StartsWith(begins, reason, StringComparison.Ordinal);
    }

    private static byte[] Append(IEnumerable<ReadOnlyMemory<byte>> blocks, ulong? announced = null)
    {
        ReadOnlyMemory<byte>[] all = [.. blocks];
        byte[] header = PeerCodec.Encode(Messages["append"]);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(^FieldSize..), announced ?? (ulong)all.Length);
        return [.. header, .. all.SelectMany(block => block.ToArray())];
    }

    private static byte[] Encode(PeerMessage.Consensus consensus)
    {
        if (consensus.Message is not ReplicaMessage.Append append) return PeerCodec.Encode(consensus.Message);
        ImmutableArray<BlockInfo> infos =
        [
            .. consensus.Blocks.Select(one => new BlockInfo(
                one.Block.View, one.Block.First, one.Block.Last, one.Digest, Configuration: null)),
        ];
        return
        [
            .. PeerCodec.Encode(append with { Blocks = infos }),
            .. consensus.Blocks.SelectMany(one => one.Block.Bytes.ToArray()),
        ];
    }

    private static SealedSecrets Secrets() => new(
        new NodeId(Digest.Of("node"u8)), new SecretBytes([1, 2, 3]),
        [
            new SecretPeriod(new SeqNo(1), Digest.Of("first"u8), new SecretBytes(new byte[LedgerSecret.Size])),
            new SecretPeriod(new SeqNo(9), Digest.Of("second"u8), new SecretBytes(new byte[LedgerSecret.Size])),
        ]);
}
