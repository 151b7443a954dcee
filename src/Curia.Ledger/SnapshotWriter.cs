using System;
using System.Security.Cryptography;
using System.Text;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>Writes a snapshot frame by frame: header, public frames, private frames, end, and later the
/// receipt.</summary>
/// <remarks>One thread at a time; it may be another one than the node's, for it needs nothing of the node but the
/// secret. docs/ledger-format.md, "Snapshot".</remarks>
public sealed class SnapshotWriter : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly AeadKey key;
    private readonly byte[] start;
    private uint publicFrames;
    private uint privateFrames;
    private bool ended;

    /// <summary>A snapshot with the given first frame.</summary>
    /// <param name="header">Well-formed; its node is the sealing node.</param>
    /// <param name="secret">The ledger secret of the period that holds the TxID.</param>
    /// <exception cref="InvariantException">The header contradicts itself.</exception>
    public SnapshotWriter(SnapshotHeader header, LedgerSecret secret)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(secret);
        byte[] frame = SnapshotFrames.Encode(SnapshotFrameType.Header, header.Encode());
        key = SnapshotFrames.Key(secret, header.NodeId, frame);
        start = [.. Snapshot.Magic, .. frame];
        hash.AppendData(start);
    }

    /// <summary>The digest of the snapshot, after <see cref="End"/>: what its evidence transaction claims.</summary>
    public ClaimsDigest Digest { get; private set; }

    /// <summary>The start of the file: magic and header frame.</summary>
    public byte[] Start() => [.. start];

    /// <summary>The next frame of the public domain.</summary>
    /// <exception cref="InvariantException">A private frame was written already, or the frame is too large.</exception>
    public byte[] Public(ReadOnlySpan<byte> content)
    {
        Invariant.Holds(!ended && privateFrames == 0, "public frames come before private ones");
        publicFrames = checked(publicFrames + 1);
        return Hashed(SnapshotFrames.Encode(SnapshotFrameType.Public, content));
    }

    /// <summary>The next frame of the private domain, sealed.</summary>
    /// <exception cref="InvariantException">The end was written already, or the frame is empty or too
    /// large.</exception>
    public byte[] Private(ReadOnlySpan<byte> content)
    {
        Invariant.Holds(!ended && !content.IsEmpty, "a private frame has bytes and comes before the end");
        int length = content.Length + AeadKey.TagSize;
        Invariant.Holds(length <= SnapshotFrames.PayloadBytesMax, $"a snapshot frame of {length} bytes");
        byte[] frame = new byte[SnapshotFrames.HeaderSize + length];
        SnapshotFrames.WriteHeader(frame, SnapshotFrameType.Private, length);
        Span<byte> nonce = stackalloc byte[AeadKey.NonceSize];
        SnapshotFrames.WriteNonce(nonce, privateFrames);
        privateFrames = checked(privateFrames + 1);
        key.Seal(nonce, content, frame.AsSpan(0, SnapshotFrames.HeaderSize),
            frame.AsSpan(SnapshotFrames.HeaderSize, content.Length), frame.AsSpan(^AeadKey.TagSize..));
        return Hashed(frame);
    }

    /// <summary>The end frame, with the number of frames of both domains. <see cref="Digest"/> is set after
    /// it.</summary>
    /// <exception cref="InvariantException">The end was written already.</exception>
    public byte[] End()
    {
        Invariant.Holds(!ended, "a snapshot ends once");
        ended = true;
        byte[] counts = new byte[2 * sizeof(uint)];
        ByteWriter writer = new(counts);
        writer.U32(publicFrames);
        writer.U32(privateFrames);
        byte[] frame = Hashed(SnapshotFrames.Encode(SnapshotFrameType.End, counts));
        Digest = new ClaimsDigest(new Digest(hash.GetHashAndReset()));
        return frame;
    }

    /// <summary>The last frame, written when the evidence transaction has committed: its receipt.</summary>
    /// <param name="json">The JSON receipt of the transaction that claims <see cref="Digest"/>.</param>
    public static byte[] Receipt(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return SnapshotFrames.Encode(SnapshotFrameType.Receipt, Encoding.UTF8.GetBytes(json));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        hash.Dispose();
        key.Dispose();
    }

    private byte[] Hashed(byte[] frame)
    {
        hash.AppendData(frame);
        return frame;
    }
}
