using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Fuzz.Seeding;

/// <summary>What nodes say to each other when all is well, and a little of when it is not.</summary>
internal static class FrameSeeds
{
    public static List<byte[]> Frames()
    {
        byte[] hello = Hello(PeerPurpose.Messages);
        byte[] ping = Frame(PeerFrame.Whole(PeerFrameKind.Ping, 0));
        byte[] name = PeerRefusal.Encode(PeerRefusal.Busy);
        return
        [
            Frame(PeerFrame.Whole(PeerFrameKind.Hello, hello.Length), hello),
            Frame(PeerFrame.Whole(PeerFrameKind.HelloAnswer, 1), 1),
            Frame(PeerFrame.Whole(PeerFrameKind.Refusal, name.Length), name),
            [
                .. Frame(PeerFrame.Part(PeerFrameKind.Message, true, true, 3), 1, 2, 3), .. ping,
                .. Frame(PeerFrame.Part(PeerFrameKind.Message, true, true, 0)),
            ],
            [
                .. Frame(PeerFrame.Part(PeerFrameKind.Message, true, false, 2), 1, 2), .. ping,
                .. Frame(PeerFrame.Part(PeerFrameKind.Message, true, true, 1), 9),
                .. Frame(PeerFrame.Part(PeerFrameKind.Message, false, false, 1), 3),
                .. Frame(PeerFrame.Part(PeerFrameKind.Message, false, true, 1), 4),
            ],
            [
                .. Frame(PeerFrame.Part(PeerFrameKind.Call, true, false, 1, 1, 7), 1),
                .. Frame(PeerFrame.Part(PeerFrameKind.Call, false, true, 1, 1, 7), 2),
                .. Frame(PeerFrame.Part(PeerFrameKind.Call, true, true, 0, 2)),
            ],
            [
                .. Frame(PeerFrame.Part(PeerFrameKind.Reply, true, true, 1, 1), 5),
                .. Frame(PeerFrame.RefusedReply(name.Length, 2), name),
                .. Frame(PeerFrame.Whole(PeerFrameKind.Pong, 0)),
            ],
            Frame(PeerFrame.Part(PeerFrameKind.Message, false, true, 1), 4),
        ];
    }

    public static List<byte[]> Hellos() =>
    [
        Hello(PeerPurpose.Messages), Hello(PeerPurpose.Calls),
        .. PeerRefusal.All.Order(StringComparer.Ordinal).Take(4).Select(PeerRefusal.Encode),
    ];

    private static byte[] Hello(PeerPurpose purpose)
    {
        byte[] bytes = new byte[PeerHello.Size];
        new PeerHello(1, 2, purpose, new NodeId(Digest.Of("from"u8)), new NodeId(Digest.Of("to"u8)), Digest.Zero)
            .Encode(bytes);
        return bytes;
    }

    private static byte[] Frame(PeerFrame frame, params byte[] payload)
    {
        byte[] header = new byte[PeerFrame.HeaderSize];
        frame.Encode(header);
        return [.. header, .. payload];
    }
}
