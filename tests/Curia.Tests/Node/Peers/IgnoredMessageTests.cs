using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Tests.Node.Peers;

/// <summary>Each message of another node that is of no use counts once in <c>curia.messages.ignored</c>, whatever the
/// reason, and what is of use never does (docs/node-protocol.md).</summary>
public sealed class IgnoredMessageTests : IDisposable
{
    private readonly TestNetwork network = TestNetwork.Of(3);
    private readonly TestNetwork.Member primary;
    private readonly TestNetwork.Member backup;
    private readonly TestNetwork.Member other;
    private readonly NodeId stranger = new(Digest.Of("stranger"u8));

    public IgnoredMessageTests()
    {
        primary = network.Primary;
        primary.Write("a", "1");
        network.Run(50);
        TestNetwork.Member[] backups = [.. network.Nodes.Where(node => node != primary)];
        (backup, other) = (backups[0], backups[1]);
    }

    private View View => primary.Node.View.View;

    private TxId End => primary.Node.View.Committed;

    public void Dispose() => network.Dispose();

    [Theory]
    [InlineData(MessageRefusal.StaleView)]
    [InlineData(MessageRefusal.UnknownNode)]
    [InlineData(MessageRefusal.NotAsked)]
    [InlineData(MessageRefusal.NotFromPrimary)]
    [InlineData(MessageRefusal.Malformed)]
    [InlineData(MessageRefusal.Contradiction)]
    public void Each_reason_of_consensus_counts_once_for_each_message(MessageRefusal reason)
    {
        (TestNetwork.Member to, NodeId from, ReplicaMessage message) = MessageFor(reason);
        for (int sent = 1; sent <= 3; sent++)
        {
            NodeView before = to.Node.View;
            (long all, long named) = (All(to), Of(to, $"{reason}"));
            Hear(to, from, message);
            Assert.Equal((all + 1, named + 1), (All(to), Of(to, $"{reason}")));
            NodeView now = to.Node.View;
            Assert.Equal((before.View, before.Role, before.Last), (now.View, now.Role, now.Last));
        }
    }

    [Fact]
    public void There_is_a_message_for_every_reason()
    {
        Assert.All(Enum.GetValues<MessageRefusal>(), reason => Assert.NotNull(MessageFor(reason).Message));
    }

    [Fact]
    public void An_acknowledgement_that_its_sender_has_not_signed_counts_once()
    {
        byte[] bytes = PeerCodec.Encode(
            new ReplicaMessage.Appended(View, End, Round: 1), other.Key.SubjectPublicKeyInfo.Span,
            [new SignedBlock(End, new byte[64])]);
        long before = All(primary);
        bool isRead = primary.Node.TryRead(bytes, out PeerMessage? read, out MessageProblem? wrong);
        Assert.True(isRead, $"{wrong}");
        primary.Step(new Input.Message(backup.Id, read!));
        Assert.Equal((before + 1, 1), (All(primary), Of(primary, IgnoredMessages.NotSigned)));
        Assert.Equal(
            $"node {backup.Id} sent an acknowledgement that it has not signed; it does not count", primary.Log[^1]);
    }

    [Fact]
    public void What_is_of_use_is_not_counted()
    {
        Dictionary<NodeId, long> before = network.Nodes.ToDictionary(node => node.Id, All);
        for (int write = 0; write < 20; write++)
        {
            primary.Write("a", $"{write}");
            network.Run(10);
        }

        Assert.All(network.Nodes, node => Assert.Equal(before[node.Id], All(node)));
    }

    // What each of them means is said, and tested of the replica alone, in ReplicationTests and ElectionTests.
    private (TestNetwork.Member To, NodeId From, ReplicaMessage Message) MessageFor(MessageRefusal reason) =>
        reason switch
        {
            MessageRefusal.StaleView => (primary, backup.Id,
                new ReplicaMessage.Appended(new View(View.Value - 1), End, Round: 1)),
            MessageRefusal.UnknownNode => (primary, stranger, new ReplicaMessage.Appended(View, End, Round: 1)),
            MessageRefusal.NotAsked => (backup, other.Id, new ReplicaMessage.Appended(View, End, Round: 1)),
            MessageRefusal.NotFromPrimary => (backup, other.Id,
                new ReplicaMessage.Append(View, End, [], End, Round: 1)),
            MessageRefusal.Malformed => (backup, primary.Id, new ReplicaMessage.Append(
                View, new TxId(new View(View.Value + 1), End.SeqNo), [], End, Round: 1)),
            MessageRefusal.Contradiction => (primary, backup.Id, new ReplicaMessage.Appended(
                View, new TxId(View, new SeqNo(End.SeqNo.Value + 100)), Round: 1)),
            _ => throw new ArgumentOutOfRangeException(nameof(reason)),
        };

    private static long All(TestNetwork.Member node) => node.Node.View.Counters.MessagesIgnored.Values.Sum();

    private static long Of(TestNetwork.Member node, string reason) =>
        node.Node.View.Counters.MessagesIgnored.GetValueOrDefault(reason);

    private static void Hear(TestNetwork.Member to, NodeId from, ReplicaMessage message)
    {
        bool isRead = to.Node.TryRead(PeerCodec.Encode(message), out PeerMessage? read, out MessageProblem? wrong);
        Assert.True(isRead, $"{wrong}");
        to.Step(new Input.Message(from, read!));
    }
}
