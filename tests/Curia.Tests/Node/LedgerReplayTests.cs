using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Cryptography;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>A process goes on with a ledger that is whole, its own, and opened to the last entry; what stands in its
/// way is called by its name. DESIGN 6, "Epochs".</summary>
public sealed class LedgerReplayTests : IDisposable
{
    private const string NotWhole = "it did not pass its audit to the end";
    private static readonly NodeId Stranger = new(Digest.Of("stranger"u8));

    private readonly TestShell shell = new();

    public LedgerReplayTests()
    {
        shell.Write("a", "1");
        shell.Sync();
        shell.Write("b", "2");
        shell.Sync();
    }

    public void Dispose() => shell.Dispose();

    [Fact]
    public void A_ledger_with_its_own_secrets_and_settings_has_no_obstacle()
    {
        using LedgerReplay replay = shell.Read();
        Assert.Empty(replay.Finish().Problems);
        Assert.Equal(shell.Node.View.Committed.SeqNo.Value, replay.Transactions);
        Assert.Null(replay.FindObstacle(shell.Genesis, NodeSetup.VirtualPlatform));
        Assert.Equal(shell.Node.View.Committed.SeqNo.Value, replay.Transactions);
        Assert.Equal(shell.Secrets.Keys.Single(), replay.SecretsFileName);
    }

    [Fact]
    public void Without_sealed_secrets_nothing_is_opened()
    {
        using LedgerReplay replay = new([]);
        replay.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), shell.Chunk());
        Assert.Empty(replay.Finish().Problems);
        Assert.Equal($"no sealed secrets open the epoch that begins at 1 (service key {KeyOf(shell)})",
            Obstacle(replay));
        Assert.Equal(0ul, replay.Transactions);
        Assert.Null(replay.SecretsFileName);
    }

    // The platform opens them, and they begin at the same seqno.
    [Fact]
    public void Sealed_secrets_of_another_ledger_open_nothing()
    {
        using TestShell other = new();
        using LedgerReplay replay = shell.Read(other.Unseal(other.Secrets.Keys.Single()));
        Assert.Empty(replay.Finish().Problems);
        Assert.Equal($"no sealed secrets open the epoch that begins at 1 (service key {KeyOf(shell)})",
            Obstacle(replay));
    }

    [Fact]
    public void Sealed_secrets_of_an_older_epoch_do_not_open_the_newer_one()
    {
        string first = shell.Secrets.Keys.Single();
        using TestShell second = shell.Restart();
        using LedgerReplay replay = second.Read(second.Unseal(first));
        Assert.Empty(replay.Finish().Problems);
        Assert.Equal($"no sealed secrets open the epoch that begins at 7 (service key {KeyOf(second)})",
            Obstacle(replay));
        Assert.Equal(6ul, replay.Transactions);
    }

    // A process sealed its secrets, and ended before the first block of its epoch was durable: it holds all periods,
    // and not the service key that has to endorse.
    [Fact]
    public void Sealed_secrets_of_an_epoch_that_never_began_cannot_endorse()
    {
        string first = shell.Secrets.Keys.Single();
        using TestShell unborn = shell.Restart(start: false);
        unborn.Step(new Input.Start(TestShell.Noon));
        string second = unborn.Secrets.Keys.Single(name => name != first);
        using (LedgerReplay replay = unborn.Read(unborn.Unseal(second)))
        {
            Assert.Empty(replay.Finish().Problems);
            Assert.Equal(6ul, replay.Transactions);
            Assert.Equal($"no sealed secrets of its newest epoch (service key {KeyOf(shell)}) can be opened",
                Obstacle(replay));
            Assert.Null(replay.SecretsFileName);
        }

        // With those of the older process beside them the next one goes on.
        using LedgerReplay both = unborn.Read();
        Assert.Empty(both.Finish().Problems);
        Assert.Null(Obstacle(both));
        Assert.Equal(first, both.SecretsFileName);
    }

    [Fact]
    public void Of_several_sealed_secrets_those_of_the_newest_epoch_count()
    {
        string first = shell.Secrets.Keys.Single();
        using TestShell second = shell.Restart();
        string newest = second.Secrets.Keys.Single(name => name != first);
        foreach (string[] order in (string[][])[[first, newest], [newest, first], [newest]])
        {
            using LedgerReplay replay = second.Read([.. order.Select(second.Unseal)]);
            Assert.Empty(replay.Finish().Problems);
            Assert.Null(Obstacle(replay));
            Assert.Equal(newest, replay.SecretsFileName);
        }
    }

    [Fact]
    public void A_ledger_secret_that_does_not_open_an_entry_is_named_with_the_entry()
    {
        using SecretBytes other = new(Digest.Of("another secret"u8).ToArray());
        using LedgerReplay replay = shell.Read(Changed(secret: other));
        Assert.Empty(replay.Finish().Problems);
        Assert.Equal("2.3 cannot be opened with the sealed secrets", Obstacle(replay));
    }

    [Fact]
    public void A_ledger_whose_only_node_is_another_one_is_not_gone_on_with_alone()
    {
        using LedgerReplay replay = shell.Read(Changed(node: Stranger));
        Assert.Empty(replay.Finish().Problems);
        Assert.Null(Obstacle(replay));
        Assert.False(replay.IsAlone);
    }

    [Theory]
    [InlineData("name", "its network is named \"test\" and not \"Test\" (genesis.name)")]
    [InlineData("platform", "its platform is virtual and not snp (genesis.platform)")]
    [InlineData("another member", "its genesis block names other members (genesis.members)")]
    [InlineData("one member more", "its genesis block names other members (genesis.members)")]
    [InlineData("no member", "its genesis block names other members (genesis.members)")]
    [InlineData("another key", "its genesis block has other encryption keys of members (genesis.members)")]
    [InlineData("no key", "its genesis block has other encryption keys of members (genesis.members)")]
    [InlineData("another user", "its genesis block names other users (genesis.users)")]
    [InlineData("one user more", "its genesis block names other users (genesis.users)")]
    [InlineData("no user", "its genesis block names other users (genesis.users)")]
    public void Settings_that_are_not_those_of_genesis_are_named(string what, string reason)
    {
        GenesisSettings genesis = shell.Genesis;
        GenesisMember member = new(shell.Stranger, null);
        GenesisUser user = new(shell.Stranger);
        GenesisSettings changed = what switch
        {
            "name" => genesis with { Name = "Test" },
            "another member" => genesis with { Members = [member] },
            "one member more" => genesis with { Members = [.. genesis.Members, member] },
            "no member" => genesis with { Members = [] },
            "another key" => genesis with { Members = [genesis.Members[0] with { EncryptionKeyPem = "another" }] },
            "no key" => genesis with { Members = [genesis.Members[0] with { EncryptionKeyPem = null }] },
            "another user" => genesis with { Users = [user] },
            "one user more" => genesis with { Users = [.. genesis.Users, user] },
            "no user" => genesis with { Users = [] },
            _ => genesis,
        };
        using LedgerReplay replay = shell.Read();
        Assert.Empty(replay.Finish().Problems);
        string platform = what == "platform" ? "snp" : NodeSetup.VirtualPlatform;
        Assert.Equal(reason, replay.FindObstacle(changed, platform));
    }

    // What is asked of node.json is what genesis says, and not what the network has become.
    [Fact]
    public void The_settings_of_genesis_hold_in_every_later_epoch()
    {
        using TestShell second = shell.Restart();
        using LedgerReplay replay = second.Read();
        Assert.Empty(replay.Finish().Problems);
        GenesisSettings changed = shell.Genesis with { Name = "another" };
        Assert.Contains("(genesis.name)", replay.FindObstacle(changed, NodeSetup.VirtualPlatform),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_ledger_that_fails_its_audit_is_not_gone_on_with_and_nothing_behind_the_damage_is_applied()
    {
        using TestShell second = shell.Restart();
        second.Write("c", "3");
        second.Sync();
        List<(int From, SeqNo Last)> places = [];
        int offset = LedgerChunk.HeaderSize;
        foreach (ReadOnlyMemory<byte> bytes in second.Disk)
        {
            places.Add((offset, BlockOf(bytes).Last));
            offset += bytes.Length;
        }

        byte[] chunk = second.Chunk();
        for (int at = LedgerChunk.HeaderSize; at < chunk.Length; at += 61)
        {
            chunk[at] ^= (byte)(1 << (at % 8));
            using LedgerReplay replay = new([.. second.Secrets.Keys.Select(second.Unseal)]);
            replay.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), chunk);
            Assert.False(replay.Finish().Ok, $"byte {at}");
            SeqNo damaged = places.Last(place => place.From <= at).Last;
            Assert.True(replay.Transactions <= damaged.Value, $"byte {at}: {replay.Transactions} were applied");
            Assert.Equal(NotWhole, Obstacle(replay));
            Assert.Null(replay.SecretsFileName);
            chunk[at] ^= (byte)(1 << (at % 8));
        }
    }

    // Before its end nothing vouches for the last blocks.
    [Fact]
    public void A_ledger_that_was_not_read_to_its_end_is_not_gone_on_with()
    {
        using LedgerReplay replay = shell.Read();
        Assert.Equal(NotWhole, Obstacle(replay));
    }

    [Fact]
    public void A_ledger_with_a_block_left_out_is_not_gone_on_with()
    {
        for (int dropped = 0; dropped < shell.Disk.Count - 1; dropped++)
        {
            byte[] chunk =
            [
                .. LedgerChunk.Header(new SeqNo(1)),
                .. shell.Disk.Where((_, i) => i != dropped).SelectMany(block => block.ToArray()),
            ];
            using LedgerReplay replay = new([shell.Unseal(shell.Secrets.Keys.Single())]);
            replay.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), chunk);
            Assert.False(replay.Finish().Ok);
            Assert.Equal(NotWhole, Obstacle(replay));
        }
    }

    // Both make a snapshot of it: the one that wrote it, and the one that read it back, right after its first block,
    // which adds what is in the write set of its epoch.
    [Fact]
    public void A_replay_gives_the_state_that_the_writer_had()
    {
        using TestShell writer = new(new NodeLimits { SnapshotInterval = 16 });
        for (int i = 0; i < 7; i++)
        {
            writer.Write("k" + i % 3, "value " + i);
            writer.Sync();
        }

        SnapshotJob written = Assert.Single(writer.Others.OfType<Effect.MakeSnapshot>()).Job;
        Assert.Equal(writer.Node.View.Committed, written.TxId);
        KeyValueStore expected = new(StateOf(written, writer.Unseal(writer.Secrets.Keys.Single())));
        using TestShell reader = writer.Restart(new NodeLimits { SnapshotInterval = 2 });
        Block first = BlockOf(reader.Disk[^1]);
        Assert.True(EpochBlock.TryRead(first, out EpochBlock? epoch));
        Assert.True(first.Entries[0].SealedPrivate.IsEmpty);
        Assert.True(WriteSet.TryDecode(epoch.PublicWrites.Span, [], out WriteSet? writes));
        expected.Apply(epoch.TxId, writes);
        expected.Apply(first.Entries[1].TxId, WriteSet.Empty);
        SnapshotJob read = Assert.Single(reader.Others.OfType<Effect.MakeSnapshot>()).Job;
        Assert.Equal(expected.Current.TxId, read.TxId);
        Assert.Equal(expected.Current.ComputeDigest(), read.Run(_ => { }).State);
    }

    private static State StateOf(SnapshotJob job, SealedSecrets sealedSecrets)
    {
        using MemoryStream file = new();
        SnapshotEvidence evidence = job.Run(bytes => file.Write(bytes.Span));
        using LedgerSecret secret = new(sealedSecrets.Periods[^1].Secret);
        file.Write(SnapshotWriter.Receipt("{}"));
        Assert.True(Snapshot.TryDecode(file.ToArray(), out Snapshot? snapshot));
        Assert.True(snapshot.TryOpen(secret, out IReadOnlyList<byte[]> opened));
        StateImport import = new();
        Assert.All(snapshot.Public, frame => Assert.True(import.TryAdd(frame.Span)));
        Assert.All(opened, frame => Assert.True(import.TryAdd(frame)));
        State state = import.Finish(job.TxId);
        Assert.Equal(evidence.State, state.ComputeDigest());
        return state;
    }

    private static Block BlockOf(ReadOnlyMemory<byte> bytes)
    {
        Assert.True(Block.TryDecode(bytes, out Block? block));
        return block;
    }

    private static Digest KeyOf(TestShell of)
    {
        Assert.True(Certificate.TryFromDer(of.Node.View.ServiceCertificate.Span, out Certificate? service));
        return service!.KeyDigest;
    }

    private string? Obstacle(LedgerReplay replay) =>
        replay.FindObstacle(shell.Genesis, NodeSetup.VirtualPlatform);

    // The secrets of the one epoch, with something else in them.
    private SealedSecrets Changed(NodeId? node = null, SecretBytes? secret = null)
    {
        using SealedSecrets real = shell.Unseal(shell.Secrets.Keys.Single());
        SecretPeriod period = real.Periods.Single();
        return new SealedSecrets(
            node ?? real.NodeId, new SecretBytes(real.ServiceKey.Reveal()),
            [period with { Secret = new SecretBytes((secret ?? period.Secret).Reveal()) }]);
    }
}
