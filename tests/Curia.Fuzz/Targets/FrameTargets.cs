using System;
using System.Collections.Generic;
using Curia.Peers;

namespace Curia.Fuzz.Targets;

/// <summary>What one node says to another.</summary>
internal static class FrameTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("peer-frames", ["PeerFrame.TryDecode", "FrameAssembly.TryAdd"], TryFrames),
        new("peer-hello", ["PeerHello.TryDecode", "PeerRefusal.TryDecode"], TryHello),
    ];

    // A whole direction of a connection: frames until one is refused, or its bytes are not all there.
    private static void TryFrames(ReadOnlyMemory<byte> input)
    {
        FrameAssembly assembly = new();
        List<byte> open = [];
        ReadOnlySpan<byte> rest = input.Span;
        while (PeerFrame.TryDecode(rest, out PeerFrame frame, out string refusal))
        {
            Must.Hold(refusal.Length == 0, "what is read is not refused");
            byte[] header = new byte[PeerFrame.HeaderSize];
            frame.Encode(header);
            Must.BeSame(header, rest[..PeerFrame.HeaderSize], "frame");
            rest = rest[PeerFrame.HeaderSize..];
            if (frame.Length > rest.Length) return;
            ReadOnlySpan<byte> payload = rest[..frame.Length];
            rest = rest[frame.Length..];
            if (!assembly.TryAdd(frame, payload, out PeerPacket? whole, out string wrong))
            {
                Must.Hold(PeerRefusal.All.Contains(wrong) && whole is null, "a frame is refused by name");
                return;
            }

            Check(frame, payload, whole, open);
        }

        Must.Hold(PeerFrame.TryDecode(rest, out _, out string name) || PeerRefusal.All.Contains(name),
            "a header is refused by name");
    }

    private static void Check(PeerFrame frame, ReadOnlySpan<byte> payload, PeerPacket? whole, List<byte> open)
    {
        bool passes = frame.IsFirst && frame.IsLast;
        if (!passes) open.AddRange(payload);
        Must.Hold(whole is null != frame.IsLast, "a message is whole with its last frame");
        if (whole is not { } packet) return;
        Must.Hold(packet.Kind == frame.Kind && packet.Number == frame.Number && packet.CallKind == frame.CallKind
            && packet.IsRefused == frame.IsRefused, "a message is what its frames say");
        Must.BeSame(packet.Body.Span, passes ? payload : [.. open], "message");
        if (!passes) open.Clear();
    }

    private static void TryHello(ReadOnlyMemory<byte> input)
    {
        if (PeerHello.TryDecode(input.Span, out PeerHello? hello))
        {
            byte[] bytes = new byte[PeerHello.Size];
            hello!.Encode(bytes);
            Must.BeSame(bytes, input.Span, "hello");
            Must.Hold(hello.LowestVersion is > 0 && hello.LowestVersion <= hello.HighestVersion,
                "versions are a range");
        }

        if (PeerRefusal.TryDecode(input.Span, out string name))
            Must.BeSame(PeerRefusal.Encode(name), input.Span, "refusal");
    }
}
