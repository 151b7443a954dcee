using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>One founder in a founding statement.</summary>
/// <param name="Node">The node.</param>
/// <param name="Slot">Its slot.</param>
/// <param name="Evidence">SHA-256 of its evidence.</param>
/// <param name="Endorsement">SHA-256 of its endorsement.</param>
/// <param name="LedgerFormat">The newest format of the ledger that its program reads.</param>
public sealed record FounderEntry(NodeId Node, string Slot, Digest Evidence, Digest Endorsement, int LedgerFormat)
{
    /// <summary>The entry of a founder.</summary>
    public static FounderEntry Of(NodeId node, FounderPresentation shown)
    {
        ArgumentNullException.ThrowIfNull(shown);
        return new FounderEntry(
            node, shown.Slot, FounderPresentation.DigestOf(shown.Evidence), Digest.Of(shown.Endorsement.Span),
            shown.LedgerFormat);
    }
}

/// <summary>What a founding node says once in its life: with these nodes, and no others, I found a network by this
/// charter (DESIGN 1, "Establishment agrees on processes").</summary>
/// <param name="Charter">The charter.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Founders">The founders in ascending order of their ids: the first one is primary of the first
/// view.</param>
public sealed record FoundingStatement(Digest Charter, int Attempt, IReadOnlyList<FounderEntry> Founders)
{
    private const int Version = 1;
    private const int FoundersMax = 1024;

    /// <summary>Its one encoding.</summary>
    public byte[] Encode() => CharterCbor.Encode(CharterValue.OfFields(
        ("version", CharterValue.Of(Version)),
        ("charter", CharterValue.Of(Charter)),
        ("attempt", CharterValue.Of(Attempt)),
        ("founders", CharterValue.OfList(Founders.Select(one => CharterValue.OfFields(
            ("node", CharterValue.Of(one.Node.Value)),
            ("slot", CharterValue.Of(one.Slot)),
            ("evidence", CharterValue.Of(one.Evidence)),
            ("endorsement", CharterValue.Of(one.Endorsement)),
            ("ledger_format", CharterValue.Of(one.LedgerFormat))))))));

    /// <summary>Reads an encoding and nothing behind it; nothing throws.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out FoundingStatement? statement)
    {
        statement = SignedStatement.Read(bytes, Read, read => read.Encode());
        return statement is not null;
    }

    private static FoundingStatement? Read(CharterFields fields)
    {
        if (fields.Number("version") != Version) return null;
        FoundingStatement read = new(fields.Digest("charter"), fields.Number("attempt"), fields.List(
            "founders",
            (value, path) => fields.Whole(value, path, one => new FounderEntry(
                new NodeId(one.Digest("node")), one.Text("slot"), one.Digest("evidence"), one.Digest("endorsement"),
                one.Number("ledger_format"))),
            []));
        bool isInOrder = read.Founders.Zip(read.Founders.Skip(1))
            .All(pair => pair.First.Node.Value < pair.Second.Node.Value);
        return isInOrder && read.Founders.Count is > 0 and <= FoundersMax ? read : null;
    }
}

/// <summary>A founding statement with the signature of a founder.</summary>
/// <param name="NodeKey">SubjectPublicKeyInfo of the node, DER: its SHA-256 is the node's id.</param>
/// <param name="Statement">The encoding of a <see cref="FoundingStatement"/>.</param>
/// <param name="Signature">ECDSA with the hash of the curve, r and s of fixed size, over a label and the
/// encoding.</param>
public sealed record SignedFoundingStatement(
    ReadOnlyMemory<byte> NodeKey, ReadOnlyMemory<byte> Statement, ReadOnlyMemory<byte> Signature)
{
    /// <summary>The most bytes.</summary>
    public const int SizeMax = 256 * 1024;

    private const int Version = 1;

    /// <summary>Signs a statement.</summary>
    public static SignedFoundingStatement Sign(FoundingStatement statement, Signer nodeKey)
    {
        ArgumentNullException.ThrowIfNull(statement);
        ArgumentNullException.ThrowIfNull(nodeKey);
        byte[] encoded = statement.Encode();
        return new SignedFoundingStatement(
            nodeKey.SubjectPublicKeyInfo, encoded, nodeKey.SignHash(HashOf(encoded, nodeKey.Curve)));
    }

    /// <summary>Whether a node has signed it.</summary>
    public bool IsBy(NodeId node)
    {
        if (Digest.Of(NodeKey.Span) != node.Value
            || !SignatureVerifier.TryFromSubjectPublicKeyInfo(NodeKey.Span, out SignatureVerifier? key))
        {
            return false;
        }

        using (key) return key!.VerifyHash(HashOf(Statement.Span, key.Curve), Signature.Span);
    }

    /// <summary>Its encoding.</summary>
    public byte[] Encode() => CharterCbor.Encode(CharterValue.OfFields(
        ("version", CharterValue.Of(Version)),
        ("key", CharterValue.Of(NodeKey.Span)),
        ("statement", CharterValue.Of(Statement.Span)),
        ("signature", CharterValue.Of(Signature.Span))));

    /// <summary>Reads an encoding and nothing behind it; nothing is verified, and nothing throws.</summary>
    public static bool TryDecode(
        ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out SignedFoundingStatement? statement)
    {
        statement = bytes.Length > SizeMax
            ? null
            : SignedStatement.Read(
                bytes,
                fields => fields.Number("version") == Version
                    ? new SignedFoundingStatement(
                        fields.Bytes("key"), fields.Bytes("statement"), fields.Bytes("signature"))
                    : null,
                read => read.Encode());
        return statement is not null;
    }

    private static byte[] HashOf(ReadOnlySpan<byte> statement, SigningCurve curve) =>
        EcdsaSignature.Hash(curve, [.. "curia founding statement 1\n"u8, .. statement]);
}
