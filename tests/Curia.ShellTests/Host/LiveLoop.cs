using System;
using System.Collections.Concurrent;
using System.IO;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;
using Curia.Host;
using Curia.Host.Peers;
using Curia.Node;
using Curia.Tests.Node;

namespace Curia.ShellTests.Host;

/// <summary>A node with its loop, its files and, if wanted, its connections, as the program joins them; no HTTP.
/// </summary>
internal sealed class LiveLoop : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("curia-loop-");
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LedgerFiles ledger;
    private readonly SnapshotFiles snapshots;

    /// <summary>Makes it; it runs after <see cref="StartAsync"/>.</summary>
    /// <param name="key">The node's key.</param>
    /// <param name="peers">Its connections; null for a node that is alone.</param>
    /// <param name="atOpening">What is done when the service opens.</param>
    public LiveLoop(EcdsaSigner? key = null, NodePeers? peers = null, Action? atOpening = null)
    {
        Entropy entropy = new SystemEntropy();
        User = NewCertificate("user0", entropy);
        Member = new TestMember("member0", entropy);
        NodeSetup setup = new()
        {
            NodeKey = key ?? EcdsaSigner.Generate(entropy),
            Entropy = entropy,
            NewSigner = source => new WatchedSigner(EcdsaSigner.Generate(source), SignedBy),
            SealingKey = TestShell.SealingKey,
            Application = TestShell.Application(),
            Genesis = new GenesisSettings
            {
                Name = "test",
                Members = [new GenesisMember(Member.Certificate, null)],
                Users = [new GenesisUser(User)],
            },
            SubjectAlternativeNames = [],
            PublishedAddresses = ["127.0.0.1:8000"],
            PeerAddress = peers?.Address,
        };
        Node = new CuriaNode(setup);
        string ledgerFolder = Directory.CreateDirectory(PathOf("ledger")).FullName;
        SealedFiles sealedFiles = SealedFiles.Prepare(PathOf("sealed_secrets"));
        SnapshotFiles.Prepare(PathOf("snapshots"), isNewLedger: true);
        ledger = LedgerFiles.Open(ledgerFolder, [], Inputs.Add, Metrics, Log);
        snapshots = new SnapshotFiles(PathOf("snapshots"), kept: 1, Inputs.Add, Log);
        StateLoader states = new(ledger, snapshots, others: null, setup, Log, Inputs.Add);
        Loop = new NodeLoop(
            Node, Inputs, ledger, snapshots, sealedFiles, peers, states, Metrics, Log, _ =>
            {
                atOpening?.Invoke();
                opened.SetResult();
            });
        Metrics.ObserveNode(Node, Inputs);
        if (peers is null) return;
        Metrics.ObservePeers(peers);
        LimitsConfiguration limits = new(
            BodyBytes: 1 << 20, HeaderBytes: 1 << 14, HeaderCount: 64, Streams: 100, InFlight: 100, IdleSeconds: 60,
            RequestSeconds: 10, DrainSeconds: 1, SnapshotTransactions: 10_000, SnapshotsKept: 1);
        Forwarder forwarder = new(peers.Network, () => Node.View);
        RequestHandling requests =
            new(Node, Loop, setup.Limits, limits, Metrics, new SessionMetrics([]), Log, forwarder);
        peers.Serve(new PeerService(Node, Inputs.TryAddMessage, ledger, snapshots, requests));
    }

    public InputQueue Inputs { get; } = new();

    public HostMetrics Metrics { get; } = new();

    /// <summary>Writes errors only: a test is read by what it asserts.</summary>
    public HostLog Log { get; } = new(LogFormat.Text, LogSeverity.Error);

    public CuriaNode Node { get; }

    public NodeLoop Loop { get; }

    public Certificate User { get; }

    public TestMember Member { get; }

    /// <summary>The threads on which the service has signed: those that stepped the node when it sealed a
    /// block.</summary>
    public ConcurrentQueue<Thread> SignedBy { get; } = new();

    public async Task StartAsync()
    {
        Loop.Start();
        await opened.Task.InTimeAsync();
    }

    public PendingReply? Submit(string name, bool waitForCommit = true, TimeSpan? patience = null) =>
        Loop.TrySubmit(Propose(name), waitForCommit, patience ?? Patience.Time);

    public Execution.Proposed Propose(string name) => Assert.IsType<Execution.Proposed>(Execute(
        "PUT", "/app/names/" + name, JsonSerializer.SerializeToUtf8Bytes(new { value = "1" })));

    /// <summary>Sends what a member has signed, and waits until it has committed.</summary>
    public async Task AskAsync(NodeRequest request)
    {
        byte[] payload = JsonSerializer.SerializeToUtf8Bytes(request, JsonFormat.Options);
        Execution execution = Execute(
            "POST", "/node/network/nodes", Member.Sign(payload, DateTimeOffset.UtcNow));
        Execution.Proposed proposed = Assert.IsType<Execution.Proposed>(execution);
        Assert.Equal(200, proposed.Response.Status);
        PendingReply? reply = Loop.TrySubmit(proposed, waitForCommit: true, Patience.Time);
        Assert.IsType<Answer.Finished>(await reply!.Answered);
    }

    public Execution Execute(string method, string target, byte[] body)
    {
        Assert.True(Request.TryCreate(
            method, target, name => name == "Content-Type" ? "application/json" : null, body, User.Der,
            out Request? request, out _));
        return Node.Execute(request!);
    }

    public string PathOf(string name) => Path.Combine(folder.FullName, name);

    public void Dispose()
    {
        Loop.Stop(Patience.Time);
        snapshots.Stop(Patience.Time);
        ledger.Dispose();
        Node.Dispose();
        Metrics.Dispose();
        Log.Dispose();
        folder.Delete(recursive: true);
    }

    // Of today: the node has the real time here.
    private static Certificate NewCertificate(string name, Entropy entropy)
    {
        using EcdsaSigner key = EcdsaSigner.Generate(entropy);
        byte[] der = CertificateAuthority.SelfSigned(
            key, name, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), entropy);
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        return certificate!;
    }

    // Says who signs: only a step of the node does.
    private sealed class WatchedSigner(Signer signer, ConcurrentQueue<Thread> by) : Signer
    {
        public override SigningCurve Curve => signer.Curve;

        public override ReadOnlyMemory<byte> SubjectPublicKeyInfo => signer.SubjectPublicKeyInfo;

        public override byte[] SignHash(ReadOnlySpan<byte> hash)
        {
            by.Enqueue(Thread.CurrentThread);
            return signer.SignHash(hash);
        }

        public override SecretBytes Export() => signer.Export();

        protected override void Dispose(bool disposing)
        {
            if (disposing) signer.Dispose();
            base.Dispose(disposing);
        }
    }
}
