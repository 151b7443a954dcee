using System;
using System.Collections.Generic;

namespace Curia.Peers;

/// <summary>What waits to be sent: a message, a call or a reply, and how far it has been cut into frames.</summary>
/// <remarks>Once it is taken from its queue it belongs to the one task that writes.</remarks>
internal sealed class Outgoing(PeerFrameKind kind, PeerMessage content, ulong number = 0, byte callKind = 0)
{
    // Beyond it a message would hold up what it passes longer than is worth it.
    private const int PassingBytesMax = 64 * 1024;

    // Encrypting and sending this much takes less than waking somebody who does it.
    private const int AtOnceBytesMax = 16 * 1024;

    private readonly List<ReadOnlyMemory<byte>> parts = [];
    private int part;
    private int offset;
    private bool isBegun;

    /// <summary>What it is.</summary>
    public PeerFrameKind Kind => kind;

    /// <summary>A reply that says by a name why there is none.</summary>
    public bool IsRefused { get; init; }

    /// <summary>The call that it is, for who waits for its reply.</summary>
    public PendingCall? Call { get; init; }

    /// <summary>Told when it is written, or never will be.</summary>
    public Action? Finished { private get; init; }

    /// <summary>Whether it overtakes others.</summary>
    public bool Passes { get; } = content.MayPass && content is { HasLater: false, WaitingBytes: <= PassingBytesMax };

    /// <summary>Whether whoever queues it may write it itself: it is small, and nothing of it is read late.</summary>
    public bool MayBeWrittenAtOnce => content is { HasLater: false, WaitingBytes: <= AtOnceBytesMax };

    /// <summary>How much memory it holds while it waits.</summary>
    public long WaitingBytes => content.WaitingBytes;

    /// <summary>How many of its bytes are in no frame yet; after <see cref="TryRead"/>.</summary>
    public int Left { get; private set; }

    /// <summary>Whether all of it is in frames.</summary>
    public bool IsDone => isBegun && Left == 0;

    /// <summary>It is written, or never will be.</summary>
    public void Finish()
    {
        content.Forget();
        Finished?.Invoke();
    }

    /// <summary>Gets the bytes that are read late.</summary>
    /// <returns>False when there are none any more, or more than a message may have.</returns>
    public bool TryRead()
    {
        long size = 0;
        foreach (PeerPart piece in content.Parts)
        {
            if (piece.Read() is not { } bytes) return false;
            parts.Add(bytes);
            size += bytes.Length;
        }

        if (size > FrameAssembly.MessageBytesMax) return false;
        Left = (int)size;
        return true;
    }

    /// <summary>Writes its next frame.</summary>
    /// <param name="target">At least a header, and a byte of payload when some are left.</param>
    /// <returns>The size of the frame.</returns>
    public int WriteFrame(Span<byte> target)
    {
        int length = Math.Min(Left, Math.Min(PeerFrame.PayloadBytesMax, target.Length - PeerFrame.HeaderSize));
        PeerFrame frame = IsRefused
            ? PeerFrame.RefusedReply(length, number)
            : PeerFrame.Part(kind, isFirst: !isBegun, isLast: length == Left, length, number, callKind);
        frame.Encode(target);
        Copy(target.Slice(PeerFrame.HeaderSize, length));
        Left -= length;
        isBegun = true;
        return PeerFrame.HeaderSize + length;
    }

    private void Copy(Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            ReadOnlySpan<byte> rest = parts[part].Span[offset..];
            int length = Math.Min(rest.Length, target.Length);
            rest[..length].CopyTo(target);
            target = target[length..];
            offset += length;
            if (offset < parts[part].Length) continue;
            part++;
            offset = 0;
        }
    }
}
