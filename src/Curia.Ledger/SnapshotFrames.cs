using System;
using System.Buffers.Binary;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>What a frame of a snapshot holds. The numbers are part of the format.</summary>
internal enum SnapshotFrameType : byte
{
    Header = 1,
    Public = 2,
    Private = 3,
    End = 4,
    Receipt = 5,
}

/// <summary>Frames: version, type, length, content. The same code for who writes and who reads.</summary>
internal static class SnapshotFrames
{
    public const byte FormatVersion = 1;

    public const int HeaderSize = 1 + 1 + 4;

    // A frame of exported state has at most 32 MiB (docs/ledger-format-write-sets.md); sealed it has a tag besides.
    public const int PayloadBytesMax = 33 * 1024 * 1024;

    public static byte[] Encode(SnapshotFrameType type, ReadOnlySpan<byte> payload)
    {
        Invariant.Holds(payload.Length <= PayloadBytesMax, $"a snapshot frame of {payload.Length} bytes");
        byte[] frame = new byte[HeaderSize + payload.Length];
        WriteHeader(frame, type, payload.Length);
        payload.CopyTo(frame.AsSpan(HeaderSize));
        return frame;
    }

    public static void WriteHeader(Span<byte> frame, SnapshotFrameType type, int length)
    {
        frame[0] = FormatVersion;
        frame[1] = (byte)type;
        BinaryPrimitives.WriteUInt32BigEndian(frame[2..], (uint)length);
    }

    /// <summary>Takes the next frame off the bytes.</summary>
    public static bool TryTake(ref ReadOnlyMemory<byte> bytes, out SnapshotFrameType type,
        out ReadOnlyMemory<byte> frame)
    {
        type = default;
        frame = default;
        ByteReader reader = new(bytes.Span);
        byte version = reader.U8();
        type = (SnapshotFrameType)reader.U8();
        uint length = reader.U32();
        if (reader.Failed || version != FormatVersion || length > PayloadBytesMax
            || length > (uint)(bytes.Length - HeaderSize))
            return false;

        frame = bytes[..(HeaderSize + (int)length)];
        bytes = bytes[frame.Length..];
        return true;
    }

    // The header frame holds node, TxID, state digest and frame size, and the state is exported in one way only. So
    // whoever arrives at this key again seals the same frames again, and no nonce is used for two contents.
    public static AeadKey Key(LedgerSecret secret, NodeId nodeId, ReadOnlySpan<byte> headerFrame)
    {
        Span<byte> context = stackalloc byte[2 * Digest.Size];
        nodeId.Value.CopyTo(context);
        Digest.Of(headerFrame).CopyTo(context[Digest.Size..]);
        using SecretBytes snapshotKey = secret.SnapshotKey();
        using SecretBytes frameKey = KeyDerivation.Derive(snapshotKey, "curia snapshot frame key", context);
        return new AeadKey(frameKey);
    }

    public static void WriteNonce(Span<byte> nonce, uint frameIndex)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(nonce[8..], frameIndex);
    }
}
