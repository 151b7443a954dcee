using System;
using System.IO;
using System.Net.Security;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Peers;

/// <summary>What both ends say before the first message (docs/node-protocol.md, "Hello").</summary>
internal static class Greeting
{
    /// <summary>Whoever answers: only a probe may be for it.</summary>
    public static NodeId Anybody { get; } = new(Digest.Zero);

    /// <summary>The part of who made the connection.</summary>
    /// <exception cref="RefusedException">One of the ends does not want to talk.</exception>
    public static async Task SayAsync(LocalNode self, TlsSession session, FrameReader reader, NodeId to,
        PeerPurpose purpose, CancellationToken cancellation)
    {
        // Before a word is said: who is there may be another node by now.
        NodeId reached = new(session.Certificate.KeyDigest);
        if (to == Anybody) to = reached;
        if (reached != to) throw new RefusedException(PeerRefusal.NotMe);
        if (self.Settings.Trust(reached, session.Certificate.Der) is string name) throw new RefusedException(name);

        byte[] frame = new byte[PeerFrame.HeaderSize + PeerHello.Size];
        PeerFrame.Whole(PeerFrameKind.Hello, PeerHello.Size).Encode(frame);
        PeerHello hello = new(PeerFrame.Version, PeerFrame.Version, purpose, self.Id, to, self.Network);
        hello.Encode(frame.AsSpan(PeerFrame.HeaderSize));
        await session.Stream.WriteAsync(frame, cancellation).ConfigureAwait(false);

        reader.Allow(PeerFrameKind.HelloAnswer, PeerFrameKind.Refusal);
        PeerPacket answer = await reader.ReadAsync(cancellation).ConfigureAwait(false)
            ?? throw new IOException("the other node has closed the connection instead of an answer to the hello");
        if (answer.Kind == PeerFrameKind.Refusal)
        {
            if (!PeerRefusal.TryDecode(answer.Body.Span, out string reason)) reason = PeerRefusal.Malformed;
            throw new RefusedException(reason, isOurs: false);
        }

        if (answer.Body.Span[0] != PeerFrame.Version) throw new RefusedException(PeerRefusal.UnknownVersion);
        if (purpose == PeerPurpose.Messages) reader.Allow(PeerFrameKind.Pong, PeerFrameKind.Refusal);
        else reader.Allow(PeerFrameKind.Reply, PeerFrameKind.Pong, PeerFrameKind.Refusal);
    }

    /// <summary>The part of who took the connection, up to its answer.</summary>
    /// <param name="self">This node.</param>
    /// <param name="certificate">Whose key the other end has proved to hold.</param>
    /// <param name="reader">Reads from it.</param>
    /// <param name="find">Finds a peer by its id.</param>
    /// <param name="source">The address of the other end, without a port.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="RefusedException">The other end is not to be talked to.</exception>
    public static async Task<(PeerHello Hello, IVisitor Visitor)> HearAsync(LocalNode self, Certificate certificate,
        FrameReader reader, Func<NodeId, Peer?> find, string source, CancellationToken cancellation)
    {
        reader.Allow(PeerFrameKind.Hello);
        PeerPacket packet = await reader.ReadAsync(cancellation).ConfigureAwait(false)
            ?? throw new IOException("the other node has closed the connection instead of a hello");
        if (!PeerHello.TryDecode(packet.Body.Span, out PeerHello? hello))
            throw new RefusedException(PeerRefusal.Malformed);
        NodeId id = new(certificate.KeyDigest);
        if (hello!.LowestVersion > PeerFrame.Version) throw new RefusedException(PeerRefusal.NoCommonVersion);
        if (hello.From != id) throw new RefusedException(PeerRefusal.WrongNodeId);
        if (hello.To != self.Id) throw new RefusedException(PeerRefusal.NotMe);
        if (!LocalNode.AreOneNetwork(hello.Network, self.Network))
            throw new RefusedException(PeerRefusal.OtherNetwork);
        if (hello.Purpose == PeerPurpose.Probe)
        {
            if (self.Settings.OnProbe is null) throw new RefusedException(PeerRefusal.UnknownNode);
            reader.Allow(PeerFrameKind.Call, PeerFrameKind.Ping);
            reader.AllowBytes(Stranger.CallBytesMax);
            return (hello, new Stranger(self, id, source));
        }

        IVisitor peer = find(id) ?? throw new RefusedException(PeerRefusal.UnknownNode);
        if (self.Settings.Trust(id, certificate.Der) is string name) throw new RefusedException(name);
        if (hello.Purpose == PeerPurpose.Messages) reader.Allow(PeerFrameKind.Message, PeerFrameKind.Ping);
        else reader.Allow(PeerFrameKind.Call, PeerFrameKind.Ping);
        return (hello, peer);
    }

    /// <summary>Agrees to talk.</summary>
    public static async Task AnswerAsync(SslStream stream, CancellationToken cancellation)
    {
        byte[] frame = new byte[PeerFrame.HeaderSize + 1];
        PeerFrame.Whole(PeerFrameKind.HelloAnswer, 1).Encode(frame);
        frame[^1] = PeerFrame.Version;
        await stream.WriteAsync(frame, cancellation).ConfigureAwait(false);
        await stream.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Refuses to talk.</summary>
    public static async Task RefuseAsync(
        SslStream stream, FrameReader reader, string name, CancellationToken cancellation)
    {
        byte[] reason = PeerRefusal.Encode(name);
        byte[] frame = new byte[PeerFrame.HeaderSize + reason.Length];
        PeerFrame.Whole(PeerFrameKind.Refusal, reason.Length).Encode(frame);
        reason.CopyTo(frame.AsSpan(PeerFrame.HeaderSize));
        await stream.WriteAsync(frame, cancellation).ConfigureAwait(false);
        await stream.ShutdownAsync().WaitAsync(cancellation).ConfigureAwait(false);
        await reader.DrainAsync(cancellation).ConfigureAwait(false);
    }
}
