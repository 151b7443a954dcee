using System;
using System.IO;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Host;
using Curia.Host.Peers;
using Curia.Ledger;
using Curia.Node;
using Curia.Peers;
using Curia.Tests.Node;
using Curia.Tests.Peers;
using Curia.Vocabulary;

namespace Curia.ShellTests.Host;

/// <summary>The search of a process that was started on a disk, over real connections, when others end in the midst of
/// it (docs/consensus.md, "Cold restart").</summary>
[Collection(nameof(RealTime))]
public sealed class ColdRestartingTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("curia-restart-");
    private readonly HostLog log = new(LogFormat.Text, LogSeverity.Error);
    private readonly EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy());
    private readonly EcdsaSigner otherKey = EcdsaSigner.Generate(new SystemEntropy());
    private readonly TestShell shell = new();
    private NodePeers peers = null!;
    private LivePeer other = null!;
    private ColdRestart own = null!;
    private ColdRestart further = null!;

    // The own disk lacks what the other one has.
    public async ValueTask InitializeAsync()
    {
        peers = await NodePeers.BindAsync(
            new PeersConfiguration(new IPEndPoint(IPAddress.Loopback, 0), "127.0.0.1", 0), key, new SystemEntropy(),
            log);
        other = await LivePeer.StartAsync(LivePeer.Settings() with { Key = otherKey });
        own = On(key, peers.Address);
        shell.Write("a", "1");
        shell.Sync();
        further = On(otherKey, $"127.0.0.1:{other.Bound.Port}");
        peers.Network.SetNetwork(own.Own.Network);
        other.Network.SetNetwork(own.Own.Network);
    }

    public async ValueTask DisposeAsync()
    {
        await other.DisposeAsync();
        await peers.DisposeAsync();
        own.Dispose();
        further.Dispose();
        shell.Dispose();
        log.Dispose();
        key.Dispose();
        otherKey.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Who_went_furthest_and_ended_before_it_began_is_not_waited_for_for_ever()
    {
        ColdRestarting search = Search();
        Assert.Equal((byte)ProbeAnswer.Restarting, (await CallAsync(PeerCalls.Claim, further.Claim)).Span[0]);
        Assert.NotNull(own.ClaimOf(other.Id));
        await other.DisposeAsync();
        RestartOutcome outcome =
            await search.RunAsync(TestContext.Current.CancellationToken).InTimeAsync();
        RestartOutcome.Found found = Assert.IsType<RestartOutcome.Found>(outcome);
        Assert.Equal([peers.Network.NodeId], found.Formation.Ids);
        Assert.Null(own.ClaimOf(other.Id));
    }

    // What was promised holds, also to somebody who was silent for so long that its claim counts no longer.
    [Fact]
    public async Task A_promised_founder_begins_though_its_claim_was_dropped()
    {
        _ = Search();
        await CallAsync(PeerCalls.Claim, further.Claim);
        byte[] body = new byte[sizeof(ulong) + 2 * Digest.Size];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(body, own.Own.Last.View.Value + 2);
        peers.Network.NodeId.Value.CopyTo(body.AsSpan(sizeof(ulong)));
        other.Id.Value.CopyTo(body.AsSpan(sizeof(ulong) + Digest.Size));
        Assert.Equal([1], (await CallAsync(PeerCalls.Prepare, body)).ToArray());
        own.Forget(other.Id);
        using SealedSecrets sealedOnes = shell.Unseal(Assert.Single(shell.Secrets.Keys));
        using SealedSecrets told = new(peers.Network.NodeId, sealedOnes.ServiceKey, sealedOnes.Periods);
        using SecretBytes secrets = told.Export();
        Assert.Equal([1], (await CallAsync(PeerCalls.Begin, secrets.Reveal().ToArray())).ToArray());
    }

    [Fact]
    public async Task A_stranger_that_repeats_a_claim_makes_nobody_forget()
    {
        _ = Search();
        await CallAsync(PeerCalls.Claim, further.Claim);
        await using LivePeer stranger = await LivePeer.StartAsync();
        stranger.Network.SetNetwork(own.Own.Network);
        PeerReply reply = await stranger.Network.ProbeAsync(
            Here, peers.Network.NodeId, PeerCalls.Claim, further.Claim, Patience.Time,
            TestContext.Current.CancellationToken);
        Assert.IsType<PeerReply.Answered>(reply);
        Assert.NotNull(own.ClaimOf(other.Id));
    }

    [Fact]
    public async Task A_founder_whose_member_ended_before_it_was_told_ends()
    {
        Formation formation = new(own.Own, [own.Own, further.Own], own.Own.Last.View);
        await other.DisposeAsync();
        TaskCompletionSource<string> ended = new();
        Task telling = Beginning(ended).TellAsync(
            formation, _ => new SecretBytes(new byte[32]), () => false, TestContext.Current.CancellationToken);
        string reason = await ended.Task.InTimeAsync();
        Assert.Contains($"Node {other.Id} ({further.Own.PeerAddress})", reason, StringComparison.Ordinal);
        Assert.Contains("does not answer", reason, StringComparison.Ordinal);
        await telling.InTimeAsync();
    }

    [Fact]
    public async Task A_founder_that_opens_waits_for_nobody()
    {
        Formation formation = new(own.Own, [own.Own, further.Own], own.Own.Last.View);
        TaskCompletionSource<string> ended = new();
        await Beginning(ended).TellAsync(
            formation, _ => null, () => true, TestContext.Current.CancellationToken).InTimeAsync();
        Assert.False(ended.Task.IsCompleted);
    }

    [Fact]
    public async Task A_member_whose_founder_has_ended_ends()
    {
        TaskCompletionSource<string> ended = new();
        bool isLed = true;
        Task waiting = Beginning(ended).AwaitAsync(
            further.Own, () => false, () => Volatile.Read(ref isLed), TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.False(ended.Task.IsCompleted);
        Volatile.Write(ref isLed, false);
        string reason = await ended.Task.InTimeAsync();
        Assert.Contains($"Node {other.Id}", reason, StringComparison.Ordinal);
        await waiting.InTimeAsync();
    }

    private PeerAddress Here => new("127.0.0.1", IPEndPoint.Parse(peers.Address).Port);

    private ColdRestarting Search() => new(peers, own, DiskFile.Read(folder.FullName), _ => { }, log);

    private EpochBeginning Beginning(TaskCompletionSource<string> ended) => new(
        peers, log, reason => ended.TrySetResult(reason), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));

    private async Task<ReadOnlyMemory<byte>> CallAsync(byte kind, ReadOnlyMemory<byte> body)
    {
        PeerReply reply = await other.Network.ProbeAsync(
            Here, peers.Network.NodeId, kind, body, Patience.Time, TestContext.Current.CancellationToken);
        return Assert.IsType<PeerReply.Answered>(reply).Body;
    }

    private ColdRestart On(EcdsaSigner signer, string address)
    {
        LedgerReplay replay = shell.Read();
        Assert.Empty(replay.Finish().Problems);
        Assert.Null(replay.FindObstacle(shell.Genesis, NodeSetup.VirtualPlatform));
        NodeSetup setup = new()
        {
            NodeKey = signer,
            Entropy = new SystemEntropy(),
            NewSigner = source => EcdsaSigner.Generate(source),
            Application = TestShell.Application(),
            Genesis = shell.Genesis,
            SubjectAlternativeNames = [],
            PublishedAddresses = ["127.0.0.1:8000"],
            PeerAddress = address,
        };
        NodeId node = new(Digest.Of(signer.SubjectPublicKeyInfo.Span));
        return new ColdRestart(setup, replay, [shell.Node.View.NodeId, node], default);
    }
}
