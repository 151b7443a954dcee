using Curia.Peers;

namespace Curia.Tests.Peers;

/// <summary>Frames become messages again (docs/node-protocol.md, "Parts").</summary>
public sealed class FrameAssemblyTests
{
    private readonly FrameAssembly assembly = new();

    [Fact]
    public void Parts_are_joined_and_whole_ones_pass_between_them()
    {
        Assert.Null(Add(PeerFrame.Part(PeerFrameKind.Call, true, false, 2, 7, 3), 1, 2));
        Assert.Equal(PeerFrameKind.Ping, Add(PeerFrame.Whole(PeerFrameKind.Ping, 0))!.Value.Kind);
        PeerPacket other = Add(PeerFrame.Part(PeerFrameKind.Call, true, true, 1, 8, 4), 9)!.Value;
        Assert.Equal((8ul, 4), (other.Number, other.CallKind));
        Assert.Null(Add(PeerFrame.Part(PeerFrameKind.Call, false, false, 1, 7, 3), 3));
        PeerPacket whole = Add(PeerFrame.Part(PeerFrameKind.Call, false, true, 1, 7, 3), 4)!.Value;
        Assert.Equal((7ul, 3), (whole.Number, whole.CallKind));
        Assert.Equal([1, 2, 3, 4], whole.Body.ToArray());
        Assert.Equal([5], Add(PeerFrame.Part(PeerFrameKind.Message, true, true, 1), 5)!.Value.Body.ToArray());
    }

    [Fact]
    public void A_part_without_its_first_is_refused()
    {
        Refuses(PeerRefusal.Malformed, PeerFrame.Part(PeerFrameKind.Message, false, true, 1), 1);
    }

    [Fact]
    public void Only_one_may_be_in_parts()
    {
        Add(PeerFrame.Part(PeerFrameKind.Call, true, false, 1, 1), 1);
        Refuses(PeerRefusal.Malformed, PeerFrame.Part(PeerFrameKind.Call, true, false, 1, 2), 1);
        Refuses(PeerRefusal.Malformed, PeerFrame.Part(PeerFrameKind.Call, false, false, 1, 2), 1);
        Refuses(PeerRefusal.Malformed, PeerFrame.Part(PeerFrameKind.Reply, false, false, 1, 1), 1);
        Refuses(PeerRefusal.Malformed, PeerFrame.Part(PeerFrameKind.Call, false, false, 1, 1, 1), 1);
    }

    [Fact]
    public void The_largest_message_is_taken_and_no_larger_one()
    {
        byte[] payload = new byte[PeerFrame.PayloadBytesMax];
        int frames = FrameAssembly.MessageBytesMax / payload.Length;
        for (int i = 0; i < frames; i++)
            Add(PeerFrame.Part(PeerFrameKind.Message, i == 0, false, payload.Length), payload);
        Refuses(PeerRefusal.MessageTooLarge, PeerFrame.Part(PeerFrameKind.Message, false, true, 1), 1);
    }

    private PeerPacket? Add(PeerFrame frame, params byte[] payload)
    {
        Assert.True(assembly.TryAdd(frame, payload, out PeerPacket? whole, out string refusal), refusal);
        return whole;
    }

    private void Refuses(string name, PeerFrame frame, params byte[] payload)
    {
        Assert.False(assembly.TryAdd(frame, payload, out _, out string refusal));
        Assert.Equal(name, refusal);
    }
}
