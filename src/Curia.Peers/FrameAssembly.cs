using System;
using System.Buffers;

namespace Curia.Peers;

/// <summary>A message, a call, a reply, or one of the small frames, whole.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="CallKind">What a call asks for.</param>
/// <param name="Number">Which call.</param>
/// <param name="IsRefused">Whether a reply says by a name why there is none.</param>
/// <param name="Body">Its bytes; they belong to who takes them.</param>
public readonly record struct PeerPacket(
    PeerFrameKind Kind, byte CallKind, ulong Number, bool IsRefused, ReadOnlyMemory<byte> Body);

/// <summary>Puts the frames of one direction of a connection together again.</summary>
/// <remarks>At most one message is in parts at a time: between its parts only whole ones may pass. So a connection
/// holds at most one message, and no more than twice what has come of its bytes.</remarks>
public sealed class FrameAssembly
{
    /// <summary>The largest message: the largest block (128 MiB) and what is said of it.</summary>
    public const int MessageBytesMax = 129 * 1024 * 1024;

    private ArrayBufferWriter<byte> parts = new();
    private PeerFrame open;
    private bool isOpen;

    /// <summary>The largest message that may come here.</summary>
    public int BytesMax { get; set; } = MessageBytesMax;

    /// <summary>Takes the next frame.</summary>
    /// <param name="frame">Its header.</param>
    /// <param name="payload">The bytes that follow it, exactly as many as it says.</param>
    /// <param name="whole">What is complete with it; null when more must come.</param>
    /// <param name="refusal">A name of <see cref="PeerRefusal"/> when it is refused, otherwise empty.</param>
    /// <returns>False when the frame may not come here.</returns>
    public bool TryAdd(PeerFrame frame, ReadOnlySpan<byte> payload, out PeerPacket? whole, out string refusal)
    {
        whole = null;
        refusal = "";
        if (payload.Length != frame.Length)
            throw new ArgumentException("The payload is not as long as the header says.", nameof(payload));
        if (frame.IsFirst && frame.IsLast)
        {
            whole = new PeerPacket(frame.Kind, frame.CallKind, frame.Number, frame.IsRefused, payload.ToArray());
            return true;
        }

        bool continues = isOpen && !frame.IsFirst && frame.Kind == open.Kind && frame.Number == open.Number
            && frame.CallKind == open.CallKind;
        bool begins = !isOpen && frame.IsFirst;
        if (!continues && !begins)
        {
            refusal = PeerRefusal.Malformed;
            return false;
        }

        if (payload.Length > BytesMax - parts.WrittenCount)
        {
            refusal = PeerRefusal.MessageTooLarge;
            return false;
        }

        open = frame;
        isOpen = true;
        parts.Write(payload); // as much as has come, or twice that; never what is announced
        if (frame.IsLast) whole = Close();
        return true;
    }

    private PeerPacket Close()
    {
        byte[] bytes = parts.WrittenSpan.ToArray();
        parts = new ArrayBufferWriter<byte>(); // one large message is not to hold memory for ever
        isOpen = false;
        return new PeerPacket(open.Kind, open.CallKind, open.Number, false, bytes);
    }
}
