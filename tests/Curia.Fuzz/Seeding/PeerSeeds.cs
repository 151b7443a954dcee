using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Linq;
using System.Text;
using System.Text.Json;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Ledger;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Fuzz.Seeding;

/// <summary>Messages between nodes, and what members sign.</summary>
internal static class PeerSeeds
{
    private static readonly MadeService service = new();
    private static readonly View view = new(4);
    private static readonly TxId known = new(new View(2), new SeqNo(9));
    private static readonly TxId last = new(View.Max, SeqNo.Max);

    public static List<byte[]> Messages() =>
    [
        Append(TxId.Zero, []),
        Append(last, Reference.Blocks[..1]),
        Append(known, Reference.Blocks),
        Append(known, [Decoded(service.Block(SeqNo.Max.Value - 1, 1))]),
        [.. Append(known, [], announced: 1), .. Reference.Blocks[0].Bytes.Span],
        Append(known, [], announced: 1024),
        [.. Append(known, [], announced: 1), .. EpochBlockAlone()],
        PeerCodec.Encode(new ReplicaMessage.Appended(view, known, 7)),
        PeerCodec.Encode(new ReplicaMessage.Appended(View.Max, last, ulong.MaxValue)),
        Signed(known, 1),
        Signed(last, PeerMessage.SignedBlocksMax),
        PeerCodec.Encode(new ReplicaMessage.NotAppended(view, known, TxId.Zero, 7)),
        PeerCodec.Encode(new ReplicaMessage.VoteRequest(view, true, known)),
        PeerCodec.Encode(new ReplicaMessage.VoteRequest(View.Max, false, last)),
        PeerCodec.Encode(new ReplicaMessage.Vote(view, true, false)),
        PeerCodec.Encode(new ReplicaMessage.Vote(view, false, true)),
        PeerCodec.Encode(new ReplicaMessage.HandOver(view)),
        PeerCodec.AskForSecrets(),
        PeerCodec.CanOpen(),
        .. EpochSeeds.Secrets().Select(secrets => PeerCodec.GiveSecrets(secrets)),
    ];

    public static List<byte[]> Claims()
    {
        NodeId node = new(Digest.Of("a node"u8));
        RestartClaim claim = new(
            Digest.Zero, known, node, "node1:1", ["node1:2"], [node], last, [[node]], view);
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(claim, JsonFormat.Options);
        byte[] one = [0, 0, (byte)(text.Length >> 8), (byte)text.Length, .. text, .. new byte[64]];
        return [one, one[..^64], one[..^65], [0, 0, 0, 2, .. "{}"u8], [0xFF, .. one[1..]]];
    }

    public static List<byte[]> MemberMessages()
    {
        MemberId member = new(service.ServiceCertificate.Fingerprint);
        DateTimeOffset now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
        byte[] request = Seeds.Text($$"""
            {"network":"{{Digest.Zero}}","action":"add_node","node_id":"{{Digest.Zero}}","platform":"virtual",
            "peer_address":"node1:1","published_addresses":["node1:2"],"role":"voter"}
            """);
        using EcdsaSigner wide = EcdsaSigner.Generate(new SystemEntropy(), SigningCurve.P384);
        byte[] whole = MemberMessage.Sign(service.ServiceKey, member, MemberMessage.ProposalType, now, request);
        return
        [
            whole,
            whole[1..],
            MemberMessage.Sign(wide, member, "ballot", DateTimeOffset.UnixEpoch, []),
            MemberMessage.Sign(wide, member, "", DateTimeOffset.MaxValue, "{}"u8),
            Signed(CoseSign1.KeyIdLabel, member.ToString().ToUpperInvariant(), 0, detached: false),
            Signed(1000, member.ToString(), 0, detached: false),
            Signed(CoseSign1.KeyIdLabel, member.ToString(), 0, detached: true),
            Signed(CoseSign1.KeyIdLabel, member.ToString(), -1, detached: false),
            Signed(CoseSign1.KeyIdLabel, member.ToString(), long.MaxValue, detached: false),
        ];
    }

    private static byte[] Signed(TxId matched, int blocks) => PeerCodec.Encode(
        new ReplicaMessage.Appended(view, matched, 7), service.ServiceKey.SubjectPublicKeyInfo.Span,
        [.. Enumerable.Range(1, blocks).Select(
            number => new SignedBlock(new TxId(view, new SeqNo((ulong)number)), new byte[64]))]);

    private static byte[] Append(TxId previous, ImmutableArray<Block> blocks, int announced = 0)
    {
        byte[] header = PeerCodec.Encode(new ReplicaMessage.Append(view, previous, [], known, 7));
        header[^1] = (byte)(announced + blocks.Length);
        header[^2] = (byte)(announced >> 8);
        return [.. header, .. blocks.SelectMany(block => block.Bytes.ToArray())];
    }

    private static byte[] EpochBlockAlone()
    {
        ReadOnlyMemory<byte> rest = EpochSeeds.Blocks;
        while (true)
        {
            Must.Hold(Block.TryReadLength(rest.Span, out int length), "a block that was made begins");
            if (length == rest.Length) return rest.ToArray();
            rest = rest[length..];
        }
    }

    private static Block Decoded(byte[] bytes)
    {
        Must.Hold(Block.TryDecode(bytes, out Block? block), "a block that was made is read");
        return block;
    }

    // All of the headers, one of them critical.
    private static byte[] Signed(long keyLabel, string keyId, long createdAt, bool detached)
    {
        CborWriter writer = new(CborConformanceMode.Lax);
        writer.WriteStartMap(5);
        writer.WriteInt64(CoseSign1.AlgorithmLabel);
        writer.WriteInt64(CoseSign1.AlgorithmOf(service.ServiceKey.Curve));
        writer.WriteInt64(keyLabel);
        writer.WriteByteString(Encoding.ASCII.GetBytes(keyId));
        writer.WriteInt64(CoseSign1.CriticalLabel);
        writer.WriteStartArray(1);
        writer.WriteTextString("ccf.gov.msg.type");
        writer.WriteEndArray();
        writer.WriteTextString("ccf.gov.msg.type");
        writer.WriteTextString(MemberMessage.ProposalType);
        writer.WriteTextString("ccf.gov.msg.created_at");
        writer.WriteInt64(createdAt);
        writer.WriteEndMap();
        return CoseSign1.Sign(service.ServiceKey, writer.Encode(), "{}"u8, detached);
    }
}
