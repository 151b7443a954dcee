using System;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>What the last entry of a block says: the Merkle root over everything before it, signed by the node and by
/// the service, and the frontier with which the block alone gives receipts for all its entries.</summary>
/// <remarks>Immutable; docs/ledger-format.md, "Signature transaction".</remarks>
public sealed class SignatureTransaction
{
    /// <summary>The version of a record without acknowledgements.</summary>
    public const byte FormatVersion = 1;

    /// <summary>The version of a record with acknowledgements, which only a network with a diversity rule
    /// writes.</summary>
    public const byte AcknowledgedVersion = 2;

    private CoseSign1? cose;

    private SignatureTransaction(
        Digest root, ReadOnlyMemory<byte> nodeCertificate, ReadOnlyMemory<byte> nodeSignature, CoseSign1? cose,
        ReadOnlyMemory<byte> coseSignature, SignatureHeader header, MerkleFrontier frontier,
        ImmutableArray<BlockAcknowledgements> acknowledgements)
    {
        Acknowledgements = acknowledgements;
        Root = root;
        NodeCertificate = nodeCertificate;
        NodeSignature = nodeSignature;
        this.cose = cose;
        CoseSignature = coseSignature;
        Header = header;
        Frontier = frontier;
    }

    /// <summary>The root over all leaves before this transaction's own.</summary>
    public Digest Root { get; }

    /// <summary>The certificate of the signing node, issued by the service key; DER.</summary>
    public ReadOnlyMemory<byte> NodeCertificate { get; }

    /// <summary>ECDSA of the node key over the root taken as a digest; r and s of fixed size.</summary>
    public ReadOnlyMemory<byte> NodeSignature { get; }

    /// <summary>COSE_Sign1 of the service key with the root as detached payload, encoded.</summary>
    public ReadOnlyMemory<byte> CoseSignature { get; }

    /// <summary>The same, decoded: by who verifies it, and not by the node for each block that it signs.</summary>
    public CoseSign1 Cose => cose ??= DecodeOwn();

    /// <summary>Its protected header.</summary>
    public SignatureHeader Header { get; }

    /// <summary>The tree before the first entry of the block.</summary>
    public MerkleFrontier Frontier { get; }

    /// <summary>Who has acknowledged the blocks that <see cref="Committed"/> names for the first time, where a rule
    /// asks for it and it is known; in order of the blocks.</summary>
    public ImmutableArray<BlockAcknowledgements> Acknowledgements { get; }

    /// <summary>The highest TxID that the signing node knew as committed.</summary>
    public TxId Committed => Header.Committed;

    /// <summary>The time of signing as the node saw it.</summary>
    public DateTimeOffset Time => Header.Time;

    /// <summary>Signs a root with both keys.</summary>
    /// <param name="txId">The signature transaction itself.</param>
    /// <param name="root">The root over all leaves before it.</param>
    /// <param name="before">The tree before the first entry of the block.</param>
    /// <param name="nodeKey">The key of the node whose certificate follows.</param>
    /// <param name="nodeCertificateDer">Issued by the service key; at most 65,535 bytes.</param>
    /// <param name="serviceKey">The service key.</param>
    /// <param name="committed">The highest TxID known as committed; <see cref="TxId.Zero"/> when there is none.</param>
    /// <param name="time">From 1970 on; cut to whole milliseconds.</param>
    /// <param name="issuer">CWT claim 1; 1 to 256 bytes of UTF-8.</param>
    /// <param name="subject">CWT claim 2; 1 to 256 bytes of UTF-8.</param>
    /// <param name="acknowledgements">Recorded behind the signatures; the service signature covers their digest. Within
    /// the bounds of <see cref="BlockAcknowledgements"/>.</param>
    /// <exception cref="InvariantException">A value is outside its bounds.</exception>
    public static SignatureTransaction Sign(
        TxId txId, Digest root, MerkleFrontier before, Signer nodeKey, ReadOnlyMemory<byte> nodeCertificateDer,
        Signer serviceKey, TxId committed, DateTimeOffset time, string issuer, string subject,
        ImmutableArray<BlockAcknowledgements> acknowledgements = default)
    {
        ArgumentNullException.ThrowIfNull(before);
        if (acknowledgements.IsDefault) acknowledgements = [];
        ArgumentNullException.ThrowIfNull(nodeKey);
        ArgumentNullException.ThrowIfNull(serviceKey);
        Invariant.Holds(SignatureHeader.AreNames(issuer, subject), "issuer and subject are names");
        Invariant.Holds(nodeCertificateDer.Length is > 0 and <= ushort.MaxValue,
            "the node certificate has its size in 16 bits");
        Invariant.Holds(time >= DateTimeOffset.UnixEpoch, "a signature is made after 1970");
        DateTimeOffset whole = DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
        SignatureHeader header = new(
            serviceKey.Curve, Digest.Of(serviceKey.SubjectPublicKeyInfo.Span), issuer, subject, txId, committed, whole)
        {
            Acknowledgements = BlockAcknowledgements.DigestOf(acknowledgements),
        };
        Span<byte> rootBytes = stackalloc byte[Digest.Size];
        root.CopyTo(rootBytes);
        byte[] cose = CoseSign1.Sign(serviceKey, header.Encode(), rootBytes, detached: true);
        return new SignatureTransaction(
            root, nodeCertificateDer, nodeKey.SignHash(rootBytes), cose: null, cose, header, before,
            acknowledgements);
    }

    /// <summary>The public part of the signature entry.</summary>
    public byte[] Encode()
    {
        byte[] bytes = new byte[1 + Digest.Size + 3 * sizeof(ushort) + NodeCertificate.Length + NodeSignature.Length
            + CoseSignature.Length + Frontier.EncodedBytes
            + (Acknowledgements.IsEmpty ? 0 : BlockAcknowledgements.BytesOf(Acknowledgements))];
        ByteWriter writer = new(bytes);
        writer.U8(Acknowledgements.IsEmpty ? FormatVersion : AcknowledgedVersion);
        writer.Digest(Root);
        writer.U16(checked((ushort)NodeCertificate.Length));
        writer.Bytes(NodeCertificate.Span);
        writer.U16(checked((ushort)NodeSignature.Length));
        writer.Bytes(NodeSignature.Span);
        writer.U16(checked((ushort)CoseSignature.Length));
        writer.Bytes(CoseSignature.Span);
        Frontier.Write(ref writer);
        if (!Acknowledgements.IsEmpty) BlockAcknowledgements.Write(ref writer, Acknowledgements);
        return bytes;
    }

    /// <summary>Reads a record that <see cref="Encode"/> could have written; it keeps the memory. Verifies no
    /// signature.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out SignatureTransaction? signature)
    {
        signature = null;
        ByteReader reader = new(bytes.Span);
        byte version = reader.U8();
        Digest root = reader.Digest();
        ReadOnlyMemory<byte> nodeCertificate = Take(bytes, ref reader);
        ReadOnlyMemory<byte> nodeSignature = Take(bytes, ref reader);
        ReadOnlyMemory<byte> cose = Take(bytes, ref reader);
        MerkleFrontier? frontier = MerkleFrontier.Read(ref reader);
        int end = reader.Offset;
        ImmutableArray<BlockAcknowledgements> acknowledgements = [];
        if (version is not (FormatVersion or AcknowledgedVersion) || frontier is null
            || (version == AcknowledgedVersion
                && !BlockAcknowledgements.TryRead(bytes, ref reader, out acknowledgements))
            || !reader.IsComplete
            || !TryReadCose(cose, out CoseSign1? decoded)
            || decoded is null || !SignatureHeader.TryDecode(decoded.ProtectedHeader, out SignatureHeader? header)
            || header.Acknowledgements != (acknowledgements.IsEmpty ? null : Digest.Of(bytes.Span[end..])))
        {
            return false;
        }

        signature = new SignatureTransaction(
            root, nodeCertificate, nodeSignature, decoded, cose, header, frontier, acknowledgements);
        return true;
    }

    private CoseSign1 DecodeOwn()
    {
        bool isOne = TryReadCose(CoseSignature, out CoseSign1? own);
        Invariant.Holds(isOne, "COSE_Sign1 reads what it wrote");
        return own!;
    }

    private static ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> bytes, ref ByteReader reader)
    {
        int length = reader.U16();
        int start = reader.Offset;
        return reader.Bytes(length).Length == length ? bytes.Slice(start, length) : default;
    }

    // One value has one encoding, so that no byte of a signature can be changed unseen: tagged, in the shortest form,
    // payload detached, nothing unprotected.
    private static bool TryReadCose(ReadOnlyMemory<byte> bytes, out CoseSign1? cose) =>
        CoseSign1.TryDecode(bytes, out cose) && cose is not null
        && CoseShape.Detached(cose.ProtectedHeader.Span, cose.Signature.Span).AsSpan().SequenceEqual(bytes.Span);
}
