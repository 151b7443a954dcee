using System;
using System.Buffers.Binary;

namespace Curia.Peers;

/// <summary>What a frame is for.</summary>
public enum PeerFrameKind : byte
{
    /// <summary>The first frame of who made the connection: a <see cref="PeerHello"/>.</summary>
    Hello = 1,

    /// <summary>The answer to a hello: one byte, the version that both speak from here on.</summary>
    HelloAnswer = 2,

    /// <summary>The last frame before the connection is closed: why, as a name (<see cref="PeerRefusal"/>).</summary>
    Refusal = 3,

    /// <summary>A part of a message that nobody answers.</summary>
    Message = 4,

    /// <summary>A part of a call, which has a number.</summary>
    Call = 5,

    /// <summary>A part of the reply to the call of the same number.</summary>
    Reply = 6,

    /// <summary>Asks for a <see cref="Pong"/>, to see that the other end lives.</summary>
    Ping = 7,

    /// <summary>Answers the pings that have come.</summary>
    Pong = 8,
}

/// <summary>The header of a frame, 16 bytes (docs/node-protocol.md, "Frames").</summary>
/// <remarks>What can be built, and what is read, is valid: lengths, flags and numbers fit the kind.</remarks>
public readonly record struct PeerFrame
{
    /// <summary>The version of this layout.</summary>
    public const byte Version = 1;

    /// <summary>The size of the header.</summary>
    public const int HeaderSize = 16;

    /// <summary>The most bytes that follow a header: at 100 Mbit/s they take 20 ms, so that is how long a small message
    /// waits for a large one.</summary>
    public const int PayloadBytesMax = 256 * 1024;

    private const byte FirstFlag = 1;
    private const byte LastFlag = 2;
    private const byte RefusedFlag = 4;

    private PeerFrame(PeerFrameKind kind, byte flags, byte callKind, int length, ulong number)
    {
        Kind = kind;
        IsFirst = (flags & FirstFlag) != 0;
        IsLast = (flags & LastFlag) != 0;
        IsRefused = (flags & RefusedFlag) != 0;
        CallKind = callKind;
        Length = length;
        Number = number;
    }

    /// <summary>What it is for.</summary>
    public PeerFrameKind Kind { get; }

    /// <summary>Whether a message, call or reply begins here.</summary>
    public bool IsFirst { get; }

    /// <summary>Whether a message, call or reply ends here.</summary>
    public bool IsLast { get; }

    /// <summary>Whether a reply says by a name why there is none.</summary>
    public bool IsRefused { get; }

    /// <summary>What a call asks for; 0 in all other frames.</summary>
    public byte CallKind { get; }

    /// <summary>How many bytes follow the header.</summary>
    public int Length { get; }

    /// <summary>Which call, from 1; 0 in all frames but those of calls and replies.</summary>
    public ulong Number { get; }

    /// <summary>A frame of the hello, a refusal, a ping or a pong: always whole.</summary>
    /// <exception cref="ArgumentException">The parts do not fit together.</exception>
    public static PeerFrame Whole(PeerFrameKind kind, int length) =>
        Checked(new PeerFrame(kind, FirstFlag | LastFlag, 0, length, 0));

    /// <summary>A part of a message, of a call or of a reply.</summary>
    /// <exception cref="ArgumentException">The parts do not fit together.</exception>
    public static PeerFrame Part(
        PeerFrameKind kind, bool isFirst, bool isLast, int length, ulong number = 0, byte callKind = 0) =>
        Checked(new PeerFrame(kind, (byte)((isFirst ? FirstFlag : 0) | (isLast ? LastFlag : 0)), callKind, length,
            number));

    /// <summary>A reply that says why there is none.</summary>
    /// <exception cref="ArgumentException">The parts do not fit together.</exception>
    public static PeerFrame RefusedReply(int length, ulong number) =>
        Checked(new PeerFrame(PeerFrameKind.Reply, FirstFlag | LastFlag | RefusedFlag, 0, length, number));

    /// <summary>Reads the header at the beginning of the bytes; what follows it is not looked at.</summary>
    /// <param name="bytes">At least <see cref="HeaderSize"/> bytes.</param>
    /// <param name="frame">What was read.</param>
    /// <param name="refusal">A name of <see cref="PeerRefusal"/> when it is refused, otherwise empty.</param>
    /// <returns>False when the header says what no node of this version may say.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out PeerFrame frame, out string refusal)
    {
        frame = default;
        refusal = PeerRefusal.Malformed;
        if (bytes.Length < HeaderSize) return false;
        if (bytes[0] != Version)
        {
            refusal = PeerRefusal.UnknownVersion;
            return false;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        if (length > PayloadBytesMax)
        {
            refusal = PeerRefusal.FrameTooLarge;
            return false;
        }

        byte flags = bytes[2];
        if ((flags & ~(FirstFlag | LastFlag | RefusedFlag)) != 0) return false;
        ulong number = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        PeerFrame read = new((PeerFrameKind)bytes[1], flags, bytes[3], (int)length, number);
        if (!read.IsValid) return false;
        frame = read;
        refusal = "";
        return true;
    }

    /// <summary>Writes the header.</summary>
    /// <param name="target">At least <see cref="HeaderSize"/> bytes.</param>
    public void Encode(Span<byte> target)
    {
        target[0] = Version;
        target[1] = (byte)Kind;
        target[2] = (byte)((IsFirst ? FirstFlag : 0) | (IsLast ? LastFlag : 0) | (IsRefused ? RefusedFlag : 0));
        target[3] = CallKind;
        BinaryPrimitives.WriteUInt32BigEndian(target[4..], (uint)Length);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], Number);
    }

    private bool IsValid
    {
        get
        {
            bool isWhole = IsFirst && IsLast;

            // Parts without bytes would let a sender keep a message open for ever at no cost.
            if (Length is < 0 or > PayloadBytesMax || (Length == 0 && !isWhole)) return false;
            if (IsRefused && !(Kind == PeerFrameKind.Reply && isWhole && IsNameLength)) return false;
            if (CallKind != 0 && Kind != PeerFrameKind.Call) return false;
            return Kind switch
            {
                PeerFrameKind.Hello => isWhole && Number == 0 && Length == PeerHello.Size,
                PeerFrameKind.HelloAnswer => isWhole && Number == 0 && Length == 1,
                PeerFrameKind.Refusal => isWhole && Number == 0 && IsNameLength,
                PeerFrameKind.Ping or PeerFrameKind.Pong => isWhole && Number == 0 && Length == 0,
                PeerFrameKind.Message => Number == 0,
                PeerFrameKind.Call or PeerFrameKind.Reply => Number > 0,
                _ => false,
            };
        }
    }

    private bool IsNameLength => Length is > 0 and <= PeerRefusal.LengthMax;

    private static PeerFrame Checked(PeerFrame frame) =>
        frame.IsValid ? frame : throw new ArgumentException($"No frame can be like this: {frame}.", nameof(frame));
}
