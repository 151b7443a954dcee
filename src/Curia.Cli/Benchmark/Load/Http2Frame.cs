using System;
using System.Buffers.Binary;

namespace Curia.Cli.Benchmark.Load;

/// <summary>Types of frames, RFC 9113 section 6.</summary>
internal enum FrameType
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    ResetStream = 3,
    Settings = 4,
    PushPromise = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// <summary>The head of a frame, RFC 9113 section 4.1.</summary>
internal readonly record struct Http2Frame(int Length, FrameType Type, byte Flags, int Stream)
{
    public const int HeadBytes = 9;

    /// <summary>The longest frame that may be sent to a peer that has not said otherwise.</summary>
    public const int LengthMaxAtFirst = 16384;

    public const byte EndStream = 1;
    public const byte Acknowledgement = 1;
    public const byte EndHeaders = 4;
    public const byte Padded = 8;
    public const byte WithPriority = 32;

    /// <summary>Whether a flag is set.</summary>
    public bool Has(byte flag) => (Flags & flag) != 0;

    /// <summary>Reads a head; false when there are too few bytes yet.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Http2Frame frame)
    {
        frame = default;
        if (bytes.Length < HeadBytes) return false;
        frame = new Http2Frame(
            (bytes[0] << 16) | (bytes[1] << 8) | bytes[2],
            (FrameType)bytes[3],
            bytes[4],
            BinaryPrimitives.ReadInt32BigEndian(bytes[5..]) & int.MaxValue);
        return true;
    }

    /// <summary>Writes the head.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteInt32BigEndian(target, (Length << 8) | (int)Type);
        target[4] = Flags;
        BinaryPrimitives.WriteInt32BigEndian(target[5..], Stream);
    }
}
