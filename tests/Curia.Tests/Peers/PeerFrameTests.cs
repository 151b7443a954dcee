using System;
using System.Linq;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Tests.Peers;

/// <summary>The bytes of the protocol (docs/node-protocol.md, "Frames" and "Hello").</summary>
public sealed class PeerFrameTests
{
    private static readonly (PeerFrame Frame, string Hex)[] golden =
    [
        (PeerFrame.Whole(PeerFrameKind.Hello, 100), "01010300000000640000000000000000"),
        (PeerFrame.Whole(PeerFrameKind.HelloAnswer, 1), "01020300000000010000000000000000"),
        (PeerFrame.Whole(PeerFrameKind.Refusal, 12), "010303000000000c0000000000000000"),
        (PeerFrame.Part(PeerFrameKind.Message, true, true, 0), "01040300000000000000000000000000"),
        (PeerFrame.Part(PeerFrameKind.Message, true, false, 262144), "01040100000400000000000000000000"),
        (PeerFrame.Part(PeerFrameKind.Message, false, false, 1), "01040000000000010000000000000000"),
        (PeerFrame.Part(PeerFrameKind.Message, false, true, 65537), "01040200000100010000000000000000"),
        (PeerFrame.Part(PeerFrameKind.Call, true, true, 5, 258, 9), "01050309000000050000000000000102"),
        (PeerFrame.Part(PeerFrameKind.Reply, true, true, 5, ulong.MaxValue), "0106030000000005ffffffffffffffff"),
        (PeerFrame.RefusedReply(4, 7), "01060700000000040000000000000007"),
        (PeerFrame.Whole(PeerFrameKind.Ping, 0), "01070300000000000000000000000000"),
        (PeerFrame.Whole(PeerFrameKind.Pong, 0), "01080300000000000000000000000000"),
    ];

    [Fact]
    public void Each_kind_has_its_bytes()
    {
        foreach ((PeerFrame frame, string hex) in golden)
        {
            Assert.Equal(hex, Convert.ToHexStringLower(Encoded(frame)));
            Assert.True(PeerFrame.TryDecode(Convert.FromHexString(hex), out PeerFrame read, out string refusal));
            Assert.Equal((frame, ""), (read, refusal));
        }
    }

    [Fact]
    public void Whatever_byte_is_changed_what_is_read_is_what_is_written()
    {
        foreach (byte[] bytes in golden.Select(one => Encoded(one.Frame)))
        {
            for (int at = 0; at < bytes.Length; at++)
            {
                for (int value = 0; value < 256; value++)
                {
                    byte[] changed = [.. bytes];
                    changed[at] = (byte)value;
                    if (PeerFrame.TryDecode(changed, out PeerFrame read, out string refusal))
                        Assert.Equal(changed, Encoded(read));
                    else Assert.Contains(refusal, PeerRefusal.All);
                }
            }
        }
    }

    [Theory]
    [InlineData("00040300000000010000000000000000", PeerRefusal.UnknownVersion)]
    [InlineData("02040300000000010000000000000000", PeerRefusal.UnknownVersion)]
    [InlineData("01040300000400010000000000000000", PeerRefusal.FrameTooLarge)]
    [InlineData("01000300000000010000000000000000", PeerRefusal.Malformed)] // no kind
    [InlineData("01090300000000010000000000000000", PeerRefusal.Malformed)] // a kind of a later version
    [InlineData("01040b00000000010000000000000000", PeerRefusal.Malformed)] // an unknown flag
    [InlineData("01040301000000010000000000000000", PeerRefusal.Malformed)] // a message asks for nothing
    [InlineData("01040300000000010000000000000001", PeerRefusal.Malformed)] // nor has it a number
    [InlineData("01040700000000010000000000000000", PeerRefusal.Malformed)] // nor is it refused
    [InlineData("01040000000000000000000000000000", PeerRefusal.Malformed)] // a part without bytes
    [InlineData("01050300000000010000000000000000", PeerRefusal.Malformed)] // a call without a number
    [InlineData("01060500000000010000000000000001", PeerRefusal.Malformed)] // a refusal in parts
    [InlineData("01060700000000410000000000000001", PeerRefusal.Malformed)] // a name of 65 bytes
    [InlineData("01030300000000000000000000000000", PeerRefusal.Malformed)] // a name of none
    [InlineData("01010300000000630000000000000000", PeerRefusal.Malformed)] // a short hello
    [InlineData("01020300000000020000000000000000", PeerRefusal.Malformed)] // a long answer
    [InlineData("01070300000000010000000000000000", PeerRefusal.Malformed)] // a ping with a payload
    [InlineData("010403000000000100000000000000", PeerRefusal.Malformed)] // 15 bytes
    public void What_no_node_may_say_is_refused_by_name(string hex, string name)
    {
        Assert.False(PeerFrame.TryDecode(Convert.FromHexString(hex), out _, out string refusal));
        Assert.Equal(name, refusal);
    }

    [Fact]
    public void What_may_not_be_said_cannot_be_built()
    {
        Assert.Throws<ArgumentException>(() => PeerFrame.Whole(PeerFrameKind.Hello, 99));
        Assert.Throws<ArgumentException>(() => PeerFrame.Part(PeerFrameKind.Message, true, true, 262145));
        Assert.Throws<ArgumentException>(() => PeerFrame.Part(PeerFrameKind.Message, true, true, -1));
        Assert.Throws<ArgumentException>(() => PeerFrame.Part(PeerFrameKind.Call, true, true, 1, number: 0));
        Assert.Throws<ArgumentException>(() => PeerFrame.RefusedReply(0, 1));
    }

    [Fact]
    public void A_hello_has_its_bytes()
    {
        byte[] bytes = Encoded(Hello());
        Assert.Equal(PeerHello.Size, bytes.Length);
        Assert.Equal([1, 3, 2, 0], bytes[..4]);
        Assert.Equal(Digest.Of("from"u8).ToArray(), bytes[4..36]);
        Assert.Equal(Digest.Of("to"u8).ToArray(), bytes[36..68]);
        Assert.Equal(Digest.Of("network"u8).ToArray(), bytes[68..]);
        Assert.True(PeerHello.TryDecode(bytes, out PeerHello? read));
        Assert.Equal(Hello(), read);
    }

    [Fact]
    public void Whatever_byte_of_a_hello_is_changed_what_is_read_is_what_is_written()
    {
        byte[] bytes = Encoded(Hello());
        for (int at = 0; at < bytes.Length; at++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] changed = [.. bytes];
                changed[at] = (byte)value;
                if (PeerHello.TryDecode(changed, out PeerHello? read)) Assert.Equal(changed, Encoded(read!));
                else Assert.InRange(at, 0, 3);
            }
        }

        Assert.False(PeerHello.TryDecode(bytes.AsSpan(1), out _));
        Assert.False(PeerHello.TryDecode([.. bytes, 0], out _));
    }

    [Fact]
    public void A_name_of_a_refusal_has_letters_and_digits()
    {
        Assert.All(PeerRefusal.All, name =>
        {
            Assert.True(PeerRefusal.TryDecode(PeerRefusal.Encode(name), out string read));
            Assert.Equal(name, read);
        });
        Assert.False(PeerRefusal.TryDecode([], out _));
        Assert.False(PeerRefusal.TryDecode("Two\nlines"u8, out _));
        Assert.False(PeerRefusal.TryDecode(Enumerable.Repeat((byte)'a', 65).ToArray(), out _));
        Assert.Equal("Other"u8.ToArray(), PeerRefusal.Encode("not a name"));
        Assert.Equal("Other"u8.ToArray(), PeerRefusal.Encode(""));
    }

    private static PeerHello Hello() => new(1, 3, PeerPurpose.Calls, new NodeId(Digest.Of("from"u8)),
        new NodeId(Digest.Of("to"u8)), Digest.Of("network"u8));

    private static byte[] Encoded(PeerFrame frame)
    {
        byte[] bytes = new byte[PeerFrame.HeaderSize];
        frame.Encode(bytes);
        return bytes;
    }

    private static byte[] Encoded(PeerHello hello)
    {
        byte[] bytes = new byte[PeerHello.Size];
        hello.Encode(bytes);
        return bytes;
    }
}
