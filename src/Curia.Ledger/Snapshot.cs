using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The state after one transaction, as a file: read and believed only with its receipt.</summary>
/// <remarks>
/// Immutable; any thread. Three things are compared by who reads it: its digest with the claims digest of the receipt,
/// the receipt with the service certificate, and the state digest of the header with that of the imported state. The
/// whole file is in memory, so it is bounded by what one array holds (2 GiB). docs/ledger-format.md, "Snapshot".
/// </remarks>
public sealed class Snapshot
{
    private const string Prefix = "snapshot_";
    private const string CommittedSuffix = ".committed";

    private readonly ImmutableArray<ReadOnlyMemory<byte>> sealedFrames;
    private readonly ReadOnlyMemory<byte> headerFrame;

    private Snapshot(
        SnapshotHeader header, ReadOnlyMemory<byte> headerFrame, ImmutableArray<ReadOnlyMemory<byte>> publicFrames,
        ImmutableArray<ReadOnlyMemory<byte>> sealedFrames, ClaimsDigest digest, ReadOnlyMemory<byte> receipt)
    {
        Header = header;
        this.headerFrame = headerFrame;
        Public = publicFrames;
        this.sealedFrames = sealedFrames;
        Digest = digest;
        Receipt = receipt;
    }

    /// <summary>The first eight bytes of every snapshot file.</summary>
    public static ReadOnlySpan<byte> Magic => "CURIASNP"u8;

    /// <summary>Where the snapshot stands in the ledger.</summary>
    public SnapshotHeader Header { get; }

    /// <summary>The frames of the public domain, for the import of the state.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Public { get; }

    /// <summary>The number of frames of the private domain.</summary>
    public int PrivateCount => sealedFrames.Length;

    /// <summary>SHA-256 over everything up to the end frame: the claims digest of the evidence transaction.</summary>
    public ClaimsDigest Digest { get; }

    /// <summary>The JSON receipt of the evidence transaction; empty while that has not committed.</summary>
    public ReadOnlyMemory<byte> Receipt { get; }

    /// <summary>The name of a snapshot file.</summary>
    /// <param name="seqNo">The transaction after which the state was taken.</param>
    /// <param name="evidence">The transaction that claims the digest.</param>
    /// <param name="committed">Whether the receipt is part of the file.</param>
    public static string FileName(SeqNo seqNo, SeqNo evidence, bool committed) =>
        $"{Prefix}{seqNo}_{evidence}{(committed ? CommittedSuffix : string.Empty)}";

    /// <summary>Reads a file name without its folder, in its one spelling.</summary>
    /// <returns>False for the name of any other file.</returns>
    public static bool TryParseFileName(string fileName, out SeqNo seqNo, out SeqNo evidence, out bool committed)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        seqNo = evidence = SeqNo.Zero;
        committed = fileName.EndsWith(CommittedSuffix, StringComparison.Ordinal);
        if (!fileName.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        ReadOnlySpan<char> numbers = fileName.AsSpan(Prefix.Length);
        if (committed) numbers = numbers[..^CommittedSuffix.Length];
        int separator = numbers.IndexOf('_');
        if (separator < 0
            || !ulong.TryParse(numbers[..separator], NumberStyles.None, CultureInfo.InvariantCulture, out ulong first)
            || !ulong.TryParse(
                numbers[(separator + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ulong second))
        {
            return false;
        }

        seqNo = new SeqNo(first);
        evidence = new SeqNo(second);
        return first > 0 && second > first && evidence <= SeqNo.Max
            && FileName(seqNo, evidence, committed) == fileName;
    }

    /// <summary>Reads a whole file; trailing bytes are refused. The snapshot keeps the memory. Nothing is opened or
    /// believed yet.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> file, [NotNullWhen(true)] out Snapshot? snapshot)
    {
        snapshot = null;
        ReadOnlyMemory<byte> rest = file;
        if (!rest.Span.StartsWith(Magic)) return false;
        rest = rest[Magic.Length..];
        if (!SnapshotFrames.TryTake(ref rest, out SnapshotFrameType type, out ReadOnlyMemory<byte> headerFrame)
            || type != SnapshotFrameType.Header
            || !SnapshotHeader.TryDecode(Content(headerFrame).Span, out SnapshotHeader? header))
        {
            return false;
        }

        ImmutableArray<ReadOnlyMemory<byte>>.Builder publicFrames =
            ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        ImmutableArray<ReadOnlyMemory<byte>>.Builder sealedFrames =
            ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        if (!TryTakeState(ref rest, publicFrames, sealedFrames)) return false;
        ClaimsDigest digest = new(Vocabulary.Digest.Of(file.Span[..^rest.Length]));
        ReadOnlyMemory<byte> receipt = default;
        if (!rest.IsEmpty)
        {
            if (!SnapshotFrames.TryTake(ref rest, out type, out ReadOnlyMemory<byte> frame)
                || type != SnapshotFrameType.Receipt || !rest.IsEmpty)
            {
                return false;
            }

            receipt = Content(frame);
        }

        snapshot = new Snapshot(header, headerFrame, publicFrames.ToImmutable(), sealedFrames.ToImmutable(), digest,
            receipt);
        return true;
    }

    /// <summary>Opens the frames of the private domain, for the import of the state.</summary>
    /// <param name="secret">The ledger secret of the period that holds the TxID.</param>
    /// <param name="frames">The frames in order; empty when one cannot be opened.</param>
    /// <returns>False when the secret is another or a frame or the header was changed.</returns>
    public bool TryOpen(LedgerSecret secret, out IReadOnlyList<byte[]> frames)
    {
        ArgumentNullException.ThrowIfNull(secret);
        frames = [];
        using AeadKey key = SnapshotFrames.Key(secret, Header.NodeId, headerFrame.Span);
        List<byte[]> opened = new(sealedFrames.Length);
        Span<byte> nonce = stackalloc byte[AeadKey.NonceSize];
        for (int i = 0; i < sealedFrames.Length; i++)
        {
            ReadOnlySpan<byte> frame = sealedFrames[i].Span;
            SnapshotFrames.WriteNonce(nonce, (uint)i);
            byte[] plaintext = new byte[frame.Length - SnapshotFrames.HeaderSize - AeadKey.TagSize];
            if (!key.TryOpen(nonce, frame[SnapshotFrames.HeaderSize..^AeadKey.TagSize], frame[^AeadKey.TagSize..],
                frame[..SnapshotFrames.HeaderSize], plaintext))
            {
                return false;
            }

            opened.Add(plaintext);
        }

        frames = opened;
        return true;
    }

    // Public frames, private frames, end: in this order, and as many as the end says.
    private static bool TryTakeState(
        ref ReadOnlyMemory<byte> rest,
        ImmutableArray<ReadOnlyMemory<byte>>.Builder publicFrames,
        ImmutableArray<ReadOnlyMemory<byte>>.Builder sealedFrames)
    {
        while (SnapshotFrames.TryTake(ref rest, out SnapshotFrameType type, out ReadOnlyMemory<byte> frame))
        {
            ReadOnlyMemory<byte> content = Content(frame);
            switch (type)
            {
                case SnapshotFrameType.Public when sealedFrames.Count == 0:
                    publicFrames.Add(content);
                    break;
                case SnapshotFrameType.Private when content.Length > AeadKey.TagSize:
                    sealedFrames.Add(frame);
                    break;
                case SnapshotFrameType.End:
                    return content.Length == 2 * sizeof(uint)
                        && BinaryPrimitives.ReadUInt32BigEndian(content.Span) == publicFrames.Count
                        && BinaryPrimitives.ReadUInt32BigEndian(content.Span[sizeof(uint)..]) == sealedFrames.Count;
                default:
                    return false;
            }
        }

        return false;
    }

    private static ReadOnlyMemory<byte> Content(ReadOnlyMemory<byte> frame) => frame[SnapshotFrames.HeaderSize..];
}
