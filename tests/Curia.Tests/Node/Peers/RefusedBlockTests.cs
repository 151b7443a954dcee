using System;
using System.Linq;
using Curia.Cryptography;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Tests.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Node.Peers;

/// <summary>What a node hears and does not believe is refused by name and changes nothing
/// (docs/node-protocol.md).</summary>
public sealed class RefusedBlockTests : IDisposable
{
    private readonly TestNetwork network = TestNetwork.Of(2);
    private readonly TestNetwork.Member primary;
    private readonly TestNetwork.Member follower;
    private readonly TxId end;
    private readonly MerkleFrontier after;
    private readonly Block next;

    // One block on which all agree, and one that the follower has not heard of.
    public RefusedBlockTests()
    {
        primary = network.Primary;
        follower = network.Nodes.Single(node => node != primary);
        primary.Write("a", "1");
        network.Run(50);
        end = follower.Node.View.Committed;
        after = Decode(follower.Disk[^1]).FrontierAfter();
        network.Cut(follower);
        primary.Write("a", "2");
        primary.Sync();
        next = Decode(primary.Disk[^1]);
        Assert.Equal(end, follower.Node.View.Last);
        Assert.Equal(end.SeqNo.Next, next.First);
    }

    private View View => primary.Node.View.View;

    public void Dispose() => network.Dispose();

    [Fact]
    public void The_block_itself_is_taken()
    {
        bool isRead = follower.Node.TryRead(Append(next.Bytes), out PeerMessage? message, out MessageProblem? problem);
        Assert.True(isRead, $"{problem}");
        Assert.Null(problem);
        follower.Step(new Input.Message(primary.Id, message!));
        Assert.Equal((end, next.Last), (follower.Node.View.Committed, follower.Node.View.Last.SeqNo));
        follower.Sync();
        Assert.Equal(next.Bytes.ToArray(), follower.Disk[^1].ToArray());
    }

    [Fact]
    public void Garbage_is_refused()
    {
        AssertUnread([], "it is too short", MessageProblem.Malformed);
        AssertUnread("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), "its version is 71", MessageProblem.Malformed);
        AssertUnread([1, 11], "there is no kind 11", MessageProblem.Malformed);
        AssertUnread(Append(next.Bytes)[..^1], "a block in it has no header");
        AssertUnread([.. Append(next.Bytes), 0], "something follows its last block");
    }

    [Fact]
    public void A_root_that_is_not_that_of_the_entries_is_refused()
    {
        byte[] root = next.Signature.Root.ToArray();
        AssertUnread(Append(Flipped(root)), "the Merkle root of the entries is not the signed root",
            MessageProblem.BadBlock);
        byte[] entry = next.Entries[0].Public.IsEmpty
            ? next.Entries[0].SealedPrivate.ToArray()
            : next.Entries[0].Public.ToArray();
        AssertUnread(Append(Flipped(entry)), "the Merkle root of the entries is not the signed root",
            MessageProblem.BadBlock);
    }

    [Fact]
    public void A_signature_of_the_node_that_is_wrong_is_refused() =>
        AssertUnread(
            Append(Flipped(next.Signature.NodeSignature.ToArray())), "the node's signature is wrong",
            MessageProblem.BadBlock);

    [Fact]
    public void A_signature_of_the_service_that_is_wrong_is_refused() => AssertUnread(
        Append(Flipped(next.Signature.Cose.Signature.ToArray())), "the service's COSE signature is wrong",
        MessageProblem.BadBlock);

    [Fact]
    public void Every_changed_byte_of_a_block_is_refused()
    {
        byte[] block = next.Bytes.ToArray();
        for (int index = 0; index < block.Length; index++)
        {
            block[index] ^= (byte)(1 << (index % 8));
            AssertUnread(Append(block), "");
            block[index] ^= (byte)(1 << (index % 8));
        }

        Assert.True(follower.Node.TryRead(Append(block), out _, out _));
    }

    [Fact]
    public void A_block_of_another_service_is_refused()
    {
        using SampleLedger other = new();
        using Forger forger = new(other);
        SealedBlock block = forger.Block(after, View, Writes("a", "3"));
        AssertUnread(Append(block.Bytes), "the service key did not issue the node certificate",
            MessageProblem.UnknownEpoch);
        using TestNetwork founded = new();
        founded.Deliver();
        AssertUnread(Append(founded.Primary.Disk[0]), "the service key did not issue the node certificate",
            MessageProblem.UnknownEpoch);
    }

    // It names its signer itself, so it is read; that nobody here has endorsed the signer is seen when it is taken.
    [Fact]
    public void An_epoch_that_the_service_did_not_endorse_is_refused()
    {
        using SampleLedger other = new();
        using Forger forger = new(other);
        AssertRefused(Append(Epoch(other, forger, after).Bytes), "endorse");
    }

    // Where the place of the epoch is taken already, its block is not looked at: it must not vouch for those after it.
    [Fact]
    public void A_block_behind_an_epoch_that_comes_too_late_is_refused()
    {
        using SampleLedger other = new();
        using Forger forger = new(other);
        SealedBlock epoch = Epoch(other, forger, Decode(follower.Disk[^2]).FrontierAfter());
        SealedBlock block = forger.Block(after, View, Writes("a", "3"));
        AssertRefused(
            Forger.Append(View, end, end, epoch.Bytes, block.Bytes), "is signed by the service key of another epoch");
    }

    [Fact]
    public void A_gap_is_refused()
    {
        using Forger forger = new(network);
        SealedBlock first = forger.Block(after, View, Writes("a", "3"));
        SealedBlock second = forger.Block(Decode(first.Bytes).FrontierAfter(), View, Writes("a", "4"));
        TxId last = new(second.View, second.Last);
        AssertRefused(Append(second.Bytes), $"its block {last} does not follow {end}");
        AssertRefused(Forger.Append(View, end, end, first.Bytes, first.Bytes), "does not follow");

        // Whoever knows that there is a gap is told where to begin, and nothing is taken either.
        byte[] honest = Forger.Append(View, new TxId(first.View, first.Last), end, second.Bytes);
        AssertUntouched(() => Hear(honest));
        Assert.Equal(end, follower.Node.View.Last);
    }

    [Fact]
    public void A_block_that_reaches_back_over_what_is_committed_is_refused()
    {
        using Forger forger = new(network);
        MerkleFrontier earlier = Decode(follower.Disk[^2]).FrontierAfter();
        Block last = Decode(follower.Disk[^1]);
        Assert.Equal(earlier.Size, last.First.Value);
        MerkleTree tree = MerkleTree.FromFrontier(earlier);
        tree.Append(last.Leaves()[0]);
        SealedBlock block = forger.Block(tree.Frontier(), View, Writes("a", "3"));
        Assert.True(block.First <= end.SeqNo && block.Last > end.SeqNo);
        AssertRefused(Append(block.Bytes), $"does not follow {end}");
    }

    // The same seqno after another history: only the Merkle tree tells the two apart.
    [Fact]
    public void A_block_that_follows_another_block_than_ours_is_refused()
    {
        using Forger forger = new(network);
        MerkleTree other = MerkleTree.FromFrontier(Decode(follower.Disk[^1]).Signature.Frontier);
        while (other.Size < after.Size) other.Append(Digest.Of("another history"u8));
        SealedBlock block = forger.Block(other.Frontier(), View, Writes("a", "3"));
        TxId last = new(block.View, block.Last);
        AssertRefused(Append(block.Bytes), $"the Merkle tree of its block {last} does not go on from {end}");
    }

    [Fact]
    public void Another_block_with_the_TxID_of_one_that_is_here_is_refused()
    {
        Hear(Append(next.Bytes));
        follower.Sync();
        using Forger forger = new(network);
        SealedBlock block = forger.Block(after, next.View, Writes("a", "3"));
        TxId last = new(next.View, next.Last);
        Assert.Equal(last, new TxId(block.View, block.Last));
        AssertRefused(Append(block.Bytes), $"its block {last} is not the one that is here");
    }

    [Fact]
    public void A_block_that_says_of_nodes_what_cannot_be_read_is_refused()
    {
        using Forger forger = new(network);
        Map<string, string> nodes = new(GenesisMaps.NodeInfo.Name, Codecs.Utf8, Codecs.Utf8);
        KeyValueStore store = new();
        Transaction transaction = store.Begin(MapAccess.Node);
        transaction.Map(nodes).Put("no id", "{}");
        CommitOutcome.Committed done = Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, View));
        SealedBlock block = forger.Block(after, View, done.Changes.Encode(Domain.Public));
        AssertRefused(Append(block.Bytes), "says of nodes cannot be read");
    }

    [Fact]
    public void Secrets_are_given_to_and_taken_from_nobody_else()
    {
        NodeId stranger = new(Digest.Of("stranger"u8));
        long ignored = Ignored();
        AssertUntouched(() => follower.Step(new Input.Message(stranger, new PeerMessage.AskForSecrets())));
        Assert.DoesNotContain(stranger, network.SecretsSent);
        Assert.True(SealedSecrets.TryOpen(
            network.Sealed.Span, TestNetwork.SealingKey, out SealedSecrets? secrets));
        AssertUntouched(() => follower.Step(new Input.Message(primary.Id, new PeerMessage.GiveSecrets(secrets))));
        Assert.Equal(ignored + 2, Ignored());
        Assert.Equal(1, follower.Node.View.Counters.MessagesIgnored[IgnoredMessages.NotTrusted]);
        Assert.Equal(1, follower.Node.View.Counters.MessagesIgnored["NotAsked"]);
        Assert.Throws<ObjectDisposedException>(() => secrets.ServiceKey.Reveal().Length);
    }

    private static Block Decode(ReadOnlyMemory<byte> bytes)
    {
        Assert.True(Block.TryDecode(bytes, out Block? block, out string reason), reason);
        return block;
    }

    private static byte[] Writes(string key, string value)
    {
        KeyValueStore store = new();
        Transaction transaction = store.Begin(MapAccess.Node);
        transaction.Map(new Map<string, string>("public:names", Codecs.Utf8, Codecs.Utf8)).Put(key, value);
        CommitOutcome.Committed done = Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, new View(2)));
        return done.Changes.Encode(Domain.Public);
    }

    // Opened by a service that is not the one before.
    private SealedBlock Epoch(SampleLedger other, Forger forger, MerkleFrontier before)
    {
        DateTimeOffset now = TestShell.Noon;
        ServiceEndorsement endorsement = ServiceEndorsement.Sign(
            other.NodeKey, other.ServiceKey.SubjectPublicKeyInfo.Span, end, Decode(follower.Disk[^1]).Signature.Root,
            "test");
        Assert.True(Certificate.TryFromDer(follower.Node.View.ServiceCertificate.Span, out Certificate? service));
        byte[] previous = CertificateAuthority.Certify(
            other.ServiceKey, other.ServiceCertificate, service!, now, now.AddYears(1), new SystemEntropy());
        byte[] epoch = EpochBlock.EncodePublic(
            other.ServiceCertificate.Der.Span, endorsement, previous, Writes("a", "3"));
        return forger.Block(before, new View(end.View.Value + EpochBlock.ViewStep), epoch, EntryType.Epoch);
    }

    private byte[] Append(ReadOnlyMemory<byte> block) => Forger.Append(View, end, end, block);

    // The next block with a bit changed in the middle of a part of it.
    private byte[] Flipped(byte[] part)
    {
        byte[] block = next.Bytes.ToArray();
        int at = block.AsSpan().IndexOf(part);
        Assert.True(at > 0);
        block[at + part.Length / 2] ^= 1;
        return block;
    }

    private void Hear(byte[] bytes)
    {
        bool isRead = follower.Node.TryRead(bytes, out PeerMessage? message, out MessageProblem? problem);
        Assert.True(isRead, $"{problem}");
        follower.Step(new Input.Message(primary.Id, message!));
    }

    private long Ignored() => follower.Node.View.Counters.MessagesIgnored.Values.Sum();

    private void AssertUnread(byte[] bytes, string reason, string? name = null) => AssertUntouched(() =>
    {
        Assert.False(follower.Node.TryRead(bytes, out PeerMessage? message, out MessageProblem? told));
        Assert.Null(message);
        Assert.Equal(name ?? told.Name, told.Name);
        Assert.NotEqual("", told.Detail);
        Assert.Contains(reason, told.Detail, StringComparison.Ordinal);
    });

    private void AssertRefused(byte[] bytes, string reason)
    {
        long ignored = Ignored();
        AssertUntouched(() => Hear(bytes));
        Assert.Equal(ignored + 1, Ignored());
        Assert.Equal(ignored + 1, follower.Node.View.Counters.MessagesIgnored[IgnoredMessages.DoesNotFollow]);
        string line = follower.Log[^1];
        Assert.StartsWith($"node {primary.Id} sent a block that is refused: ", line, StringComparison.Ordinal);
        Assert.Contains(reason, line, StringComparison.Ordinal);
    }

    private void AssertUntouched(Action hear)
    {
        NodeView before = follower.Node.View;
        string? value = follower.Read("a");
        int blocks = follower.Disk.Count;
        hear();
        follower.Sync();
        NodeView now = follower.Node.View;
        Assert.Equal((before.Committed, before.Last, before.View, before.Role),
            (now.Committed, now.Last, now.View, now.Role));
        Assert.Equal((value, blocks), (follower.Read("a"), follower.Disk.Count));
    }
}
