using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Curia.EndToEnd.Host;

namespace Curia.EndToEnd.Live;

/// <summary>A network of processes, and what operators and members do to it.</summary>
internal sealed class LiveNetwork : IDisposable
{
    // Machines are busy with other things too; what is measured is written down beside it.
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int SpareMachines = 2;
    private const int ElectionTimeoutMilliseconds = 800;
    private const int DiskBytes = 256 << 20;
    private const int FullDiskBytes = 32 << 10;

    private readonly string folder;
    private readonly string logs;
    private readonly Consortium consortium;
    private readonly JsonObject configuration;
    private readonly Dictionary<int, SmallDisk> disks = [];
    private ImmutableArray<LiveNode> nodes = [];
    private X509Certificate2? service;
    private string genesis = "";
    private int started;

    private LiveNetwork(int size, int seed)
    {
        Size = size;
        Machines = Machines.MakeOrSkip(size + SpareMachines, seed);
        folder = Machines.NewFolder();
        logs = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../live", $"seed-{seed}-nodes-{size}"));
        if (Directory.Exists(logs)) Directory.Delete(logs, recursive: true);
        Directory.CreateDirectory(logs);
        consortium = new Consortium(folder);
        configuration = new JsonObject
        {
            ["genesis"] = consortium.Genesis,
            ["consensus"] = new JsonObject { ["election_timeout_ms"] = ElectionTimeoutMilliseconds },
            ["limits"] = new JsonObject { ["snapshot_transactions"] = 500 },
        };
        for (int machine = 1; machine <= Machines.Count; machine += 2)
            disks.Add(machine, SmallDisk.MountOrSkip(FolderOf(machine), DiskBytes));
    }

    /// <summary>So many nodes it has when nothing is wrong.</summary>
    public int Size { get; }

    public Machines Machines { get; }

    /// <summary>What the processes said.</summary>
    public string Logs => logs;

    /// <summary>The processes that are thought to take part, live or not.</summary>
    public ImmutableArray<LiveNode> Nodes => nodes;

    /// <summary>Those that clients may ask.</summary>
    public LiveNode[] Open => [.. nodes.Where(node => node.IsOpen && !node.IsStopped)];

    /// <summary>Changes with the service certificate: clients must look at it again.</summary>
    public int Generation { get; private set; }

    public X509Certificate2 User => consortium.User;

    /// <summary>Machines on which the program is that of an older version, by the format of the ledger that it
    /// reads.</summary>
    public Dictionary<int, int> Formats { get; } = [];

    /// <summary>Founds a network and admits the other nodes.</summary>
    /// <param name="size">How many there are.</param>
    /// <param name="seed">Of what the wire does by chance.</param>
    /// <param name="prepare">Says before what is special about it.</param>
    public static async Task<LiveNetwork> OpenAsync(int size, int seed, Action<LiveNetwork>? prepare = null)
    {
        LiveNetwork network = new(size, seed);
        prepare?.Invoke(network);
        try
        {
            LiveNode founder = network.Start(1, join: false);
            await founder.IdentifiedAsync(Patience);
            await founder.OpenedAsync(Patience);
            network.nodes = [founder];
            network.Pin(founder);
            JsonElement reply = await network.GetAsync(founder, "/node/network");
            network.genesis = reply.GetProperty("genesis").GetString()!;
            LiveNode[] others = [.. Enumerable.Range(2, size - 1).Select(machine => network.Start(machine))];
            foreach (LiveNode other in others) await network.AdmitAsync(other);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Asks for blocks that two owners have stored, before it is founded.</summary>
    public void AskForTwoOwners() => consortium.AskForTwoOwners();

    /// <summary>A client of one node that trusts the service certificate and nothing else.</summary>
    public HttpClient Client(LiveNode node, TimeSpan timeout)
    {
        X509ChainPolicy pinned = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        pinned.CustomTrustStore.Add(service!);
        SslClientAuthenticationOptions tls = new()
        {
            CertificateChainPolicy = pinned,
            ClientCertificates = [consortium.User],
        };
        SocketsHttpHandler handler = new() { SslOptions = tls, ConnectTimeout = TimeSpan.FromSeconds(3) };
        return new HttpClient(handler)
        {
            BaseAddress = node.Url,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = timeout,
        };
    }

    /// <summary>Waits for what machines and clients bring about.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(waited.Elapsed < Patience, "it took too long");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The primary of the newest view that anybody knows; waits for it.</summary>
    public async Task<LiveNode> PrimaryAsync()
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (waited.Elapsed < Patience)
        {
            LiveNode? newest = null;
            ulong newestView = 0;
            foreach (LiveNode node in Open)
            {
                if (await TryConsensusAsync(node) is not { } details) continue;
                ulong view = details.GetProperty("current_view").GetUInt64();
                bool isPrimary = details.GetProperty("primary_id").GetString() == node.Id;
                if (isPrimary && view > newestView) (newest, newestView) = (node, view);
            }

            if (newest is not null) return newest;
            await Task.Delay(50);
        }

        throw new LiveException($"there is no primary after {Patience.TotalSeconds} s");
    }

    /// <summary>What a node says of consensus; null when it does not answer.</summary>
    public async Task<JsonElement?> TryConsensusAsync(LiveNode node)
    {
        try
        {
            return (await GetAsync(node, "/node/consensus")).GetProperty("details");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    /// <summary>Starts a process on a machine, on whatever its disk has.</summary>
    public LiveNode Start(int machine, bool join = true)
    {
        JsonObject own = configuration.DeepClone().AsObject();
        if (join)
        {
            LiveNode[] known = [.. nodes.Where(node => !node.IsDead && node.Machine != machine)];
            own["join"] = new JsonObject
            {
                ["network"] = genesis,
                ["nodes"] = new JsonArray([.. known.Select(node =>
                    new JsonObject { ["id"] = node.Id, ["address"] = node.PeerAddress })]),
            };
        }

        if (Formats.TryGetValue(machine, out int format)) own["consensus"]!["ledger_format"] = format;
        string log = Path.Combine(logs, $"{++started:D3}-machine{machine}.log");
        return LiveNode.Start(Machines, machine, FolderOf(machine), own, log);
    }

    /// <summary>What the newest process of a machine has said.</summary>
    public string LastLogOf(int machine) =>
        Directory.GetFiles(logs, $"*-machine{machine}.log").Order(StringComparer.Ordinal).Last();

    /// <summary>A machine that nobody uses, with an empty disk.</summary>
    public int FreeMachine()
    {
        int machine = Enumerable.Range(1, Machines.Count).First(one => nodes.All(node => node.Machine != one));
        Directory.CreateDirectory(FolderOf(machine));
        DirectoryInfo disk = new(FolderOf(machine)); // which may be a file system: it stays
        foreach (DirectoryInfo old in disk.EnumerateDirectories()) old.Delete(recursive: true);
        foreach (FileInfo old in disk.EnumerateFiles()) old.Delete();
        return machine;
    }

    /// <summary>Whether the disk of a machine can be made full: it is a file system of its own.</summary>
    public bool HasOwnDisk(int machine) => disks.ContainsKey(machine);

    /// <summary>Leaves a disk a few pages.</summary>
    public void Fill(int machine)
    {
        DriveInfo drive = new(FolderOf(machine));
        disks[machine].Grow((int)(drive.TotalSize - drive.AvailableFreeSpace) + FullDiskBytes);
    }

    /// <summary>Makes room again.</summary>
    public void Empty(int machine) => disks[machine].Grow(DiskBytes);

    /// <summary>Has members admit a process that was started, and waits until it serves and votes. It serves a moment
    /// before: a fault in that moment would find the others without it, and no majority among them.</summary>
    public async Task AdmitAsync(LiveNode node)
    {
        await BeginToAdmitAsync(node);
        await node.OpenedAsync(Patience);
        await UntilAsync(async () => await StatusAsync(node) == "Trusted");
    }

    private async Task<string?> StatusAsync(LiveNode node)
    {
        try
        {
            return (await GetAsync(node, $"/node/network/nodes/{node.Id}")).GetProperty("status").GetString();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Has members admit a process that was started.</summary>
    public async Task BeginToAdmitAsync(LiveNode node)
    {
        await node.IdentifiedAsync(Patience);
        nodes = nodes.Add(node);
        await SendAsync(consortium.Add(genesis, node), "NodeKnown");
    }

    /// <summary>Has members ask for a process that was started, which is refused.</summary>
    public async Task RefuseAsync(LiveNode node, string code)
    {
        await node.IdentifiedAsync(Patience);
        await SendAsync(consortium.Add(genesis, node), code);
        node.Dispose();
    }

    /// <summary>Has members retire a node.</summary>
    public async Task RetireAsync(LiveNode node)
    {
        await SendAsync(consortium.Retire(genesis, node.Id), "NodeNotHere");
    }

    /// <summary>Ends a process, whatever it does, and knows it no longer.</summary>
    public void Forget(LiveNode node)
    {
        nodes = nodes.Remove(node);
        node.Dispose();
    }

    /// <summary>A process that died comes back: with another id, on the disk that it left.</summary>
    public async Task<LiveNode> ReplaceAsync(LiveNode dead)
    {
        await RetireAsync(dead);
        Forget(dead);
        LiveNode next = Start(dead.Machine);
        await AdmitAsync(next);
        return next;
    }

    /// <summary>All processes have died: starts one on each of some disks, which are enough, and waits until all of
    /// these serve in a new epoch.</summary>
    public async Task RestartAsync(LiveNode[] dead)
    {
        LiveNode[] again = StartAgain(dead);
        foreach (LiveNode node in again) await node.IdentifiedAsync(Patience);
        foreach (LiveNode node in again) await node.OpenedAsync(Patience);
        Pin(again[0]);
    }

    /// <summary>Starts a process on each of some disks, and waits for nothing.</summary>
    public LiveNode[] StartAgain(LiveNode[] dead)
    {
        LiveNode[] again = [.. dead.Select(node => Start(node.Machine, join: false))];
        nodes = [.. nodes.Except(dead), .. again];
        foreach (LiveNode node in dead) node.Dispose();
        return again;
    }

    /// <summary>Waits until a process that was started on a disk looks for the others.</summary>
    public async Task SearchesAsync(LiveNode node)
    {
        await node.IdentifiedAsync(Patience);
        string log = LastLogOf(node.Machine);
        await UntilAsync(async () =>
            (await File.ReadAllTextAsync(log)).Contains("Looking for the other disks", StringComparison.Ordinal));
    }

    /// <summary>Follows the service certificate that a node has written.</summary>
    private void Pin(LiveNode node)
    {
        string path = Path.Combine(node.Folder, "service_cert.pem");
        service = X509CertificateLoader.LoadCertificateFromFile(path);
        Generation++;
    }

    public string ServiceCertificate => service!.ExportCertificatePem();

    public async Task<JsonElement> GetAsync(LiveNode node, string path)
    {
        using HttpClient client = Client(node, TimeSpan.FromSeconds(3));
        using HttpResponseMessage response = await client.GetAsync(path);
        response.EnsureSuccessStatusCode();
        using JsonDocument document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.Clone();
    }

    public void Dispose()
    {
        foreach (LiveNode node in nodes) node.Dispose();
        Machines.Dispose();
        foreach (SmallDisk disk in disks.Values) disk.Dispose();
        consortium.Dispose();
        service?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    public string FolderOf(int machine) => Path.Combine(folder, $"machine{machine}");

    // Until the request is carried out: the primary may change meanwhile, and a repeated request is the same.
    private async Task SendAsync(IEnumerable<byte[]> messages, string doneBefore)
    {
        Stopwatch waited = Stopwatch.StartNew();
        string last = "nobody answered";
        byte[][] signed = [.. messages];
        while (waited.Elapsed < Patience)
        {
            foreach (LiveNode node in Open)
            {
                (bool isDone, last) = await TrySendAsync(node, signed, doneBefore);
                if (isDone) return;
            }

            await Task.Delay(50);
        }

        throw new LiveException($"a request of the members was not carried out: {last}");
    }

    private async Task<(bool IsDone, string Said)> TrySendAsync(LiveNode node, byte[][] signed, string doneBefore)
    {
        string last = "";
        try
        {
            using HttpClient client = Client(node, TimeSpan.FromSeconds(8));
            foreach (byte[] message in signed)
            {
                using HttpRequestMessage request = new(HttpMethod.Post, "/node/network/nodes")
                {
                    Content = new ByteArrayContent(message),
                    Version = HttpVersion.Version20,
                };
                request.Headers.TryAddWithoutValidation("Prefer", "wait=committed, timeout=5");
                using HttpResponseMessage response = await client.SendAsync(request);
                last = await response.Content.ReadAsStringAsync();
                if (last.Contains(doneBefore, StringComparison.Ordinal)) return (true, last);
                if (!response.IsSuccessStatusCode) return (false, $"{(int)response.StatusCode} {last}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return (false, e.Message);
        }

        return (last.Contains("Accepted", StringComparison.Ordinal), last);
    }
}
