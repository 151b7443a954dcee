using System;
using System.Collections.Immutable;
using System.Formats.Cbor;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The proof inside a COSE receipt (draft-ietf-scitt-receipts-ccf-profile): <c>{1: leaf, 2:
/// path}</c>.</summary>
internal sealed record InclusionProof(ReceiptLeaf Leaf, MerkleProof Path)
{
    /// <summary>The label of the verifiable data structure, and its value for ours
    /// (draft-ietf-cose-merkle-tree-proofs).</summary>
    public const long StructureLabel = 395;
    public const long CcfLedgerSha256 = 2;

    /// <summary>The label of the proofs, and that of inclusion proofs among them.</summary>
    public const long ProofsLabel = 396;
    private const long InclusionLabel = -1;

    /// <summary>The most proofs of one receipt. Real ones have one.</summary>
    public const int ProofsMax = 16;

    private const int LeafLabel = 1;
    private const int PathLabel = 2;

    /// <summary>The unprotected header with this proof alone.</summary>
    public byte[] EncodeHeader()
    {
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartMap(1);
        writer.WriteInt64(ProofsLabel);
        writer.WriteStartMap(1);
        writer.WriteInt64(InclusionLabel);
        writer.WriteStartArray(1);
        writer.WriteByteString(Encode());
        writer.WriteEndArray();
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>Reads the proofs of a receipt.</summary>
    /// <returns>None when there are none; null when something there is no proof.</returns>
    public static ImmutableArray<InclusionProof>? ReadAll(CoseHeaders unprotected)
    {
        if (!unprotected.TryGet(ProofsLabel, out ReadOnlyMemory<byte> value)) return [];
        if (!CoseHeaders.TryDecode(value, out CoseHeaders? proofs)) return null;
        if (!proofs!.TryGet(InclusionLabel, out ReadOnlyMemory<byte> inclusion)) return [];
        try
        {
            CborReader reader = new(inclusion, CborConformanceMode.Strict);
            int count = reader.ReadStartArray() ?? int.MaxValue;
            if (count > ProofsMax) return null;
            ImmutableArray<InclusionProof>.Builder read = ImmutableArray.CreateBuilder<InclusionProof>(count);
            for (int i = 0; i < count; i++)
            {
                if (Read(reader.ReadDefiniteLengthByteString()) is not { } proof) return null;
                read.Add(proof);
            }

            return read.MoveToImmutable();
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException)
        {
            return null;
        }
    }

    private byte[] Encode()
    {
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartMap(2);
        writer.WriteInt32(LeafLabel);
        writer.WriteStartArray(3);
        writer.WriteByteString(Leaf.WriteSetDigest.ToArray());
        writer.WriteTextString(Leaf.Evidence.Text);
        writer.WriteByteString(Leaf.Claims.Value.ToArray());
        writer.WriteEndArray();
        writer.WriteInt32(PathLabel);
        writer.WriteStartArray(Path.Steps.Length);
        foreach (MerkleStep step in Path.Steps)
        {
            writer.WriteStartArray(2);
            writer.WriteBoolean(step.IsLeft);
            writer.WriteByteString(step.Sibling.ToArray());
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static InclusionProof? Read(ReadOnlyMemory<byte> bytes)
    {
        if (!CborBounds.Hold(bytes.Span)) return null;
        CborReader reader = new(bytes, CborConformanceMode.Strict);
        ReceiptLeaf? leaf = null;
        MerkleProof? path = null;
        if (reader.ReadStartMap() != 2) return null;
        for (int i = 0; i < 2; i++)
        {
            int label =
                reader.PeekState() == CborReaderState.UnsignedInteger ? (int)Math.Min(reader.ReadUInt64(), 9) : 9;
            if (label == LeafLabel) leaf = ReadLeaf(reader);
            else if (label == PathLabel) path = ReadPath(reader);
            if (label == LeafLabel ? leaf is null : path is null) return null;
        }

        return leaf is not null && path is not null ? new InclusionProof(leaf, path) : null;
    }

    private static ReceiptLeaf? ReadLeaf(CborReader reader)
    {
        if (reader.ReadStartArray() != 3 || ReadDigest(reader) is not { } writeSet) return null;
        if (!CommitEvidence.TryParse(reader.ReadTextString(), out CommitEvidence? evidence)) return null;
        if (ReadDigest(reader) is not { } claims) return null;
        reader.ReadEndArray();
        return new ReceiptLeaf(writeSet, evidence!, new ClaimsDigest(claims));
    }

    private static MerkleProof? ReadPath(CborReader reader)
    {
        int count = reader.ReadStartArray() ?? int.MaxValue;
        if (count > MerkleProof.StepsMax) return null;
        ImmutableArray<MerkleStep>.Builder steps = ImmutableArray.CreateBuilder<MerkleStep>(count);
        for (int i = 0; i < count; i++)
        {
            if (reader.ReadStartArray() != 2) return null;
            bool isLeft = reader.ReadBoolean();
            if (ReadDigest(reader) is not { } sibling) return null;
            reader.ReadEndArray();
            steps.Add(new MerkleStep(isLeft, sibling));
        }

        reader.ReadEndArray();
        return new MerkleProof(steps.MoveToImmutable());
    }

    private static Digest? ReadDigest(CborReader reader)
    {
        ReadOnlyMemory<byte> bytes = reader.ReadDefiniteLengthByteString();
        return bytes.Length == Digest.Size ? new Digest(bytes.Span) : null;
    }
}
