using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Networks;
using Curia.Client;
using Curia.Vocabulary;

namespace Curia.Cli.Sandbox;

/// <summary>Makes a sandbox, or goes on with an earlier one, and starts its nodes; each method is one step.</summary>
internal sealed class SandboxSetup : IDisposable
{
    public const string ServiceCertificate = "service_cert.pem";
    public const string Platform = "virtual";

    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PreparedDeadline = TimeSpan.FromHours(1);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeyValidity = TimeSpan.FromDays(365);

    private readonly SandboxOptions options;
    private readonly string image;
    private readonly List<LocalNode> nodes = [];
    private SandboxFounding? founding;
    private IReadOnlyList<int> peersPorts = [];
    private bool madeFolder;
    private bool isOpen;
    private List<SandboxIdentity> members = [];
    private List<SandboxIdentity> users = [];

    private SandboxSetup(SandboxOptions options, string image, SandboxFile? earlier)
    {
        this.options = options;
        this.image = image;
        Earlier = earlier;
        members = [.. earlier?.Members ?? []];
        users = [.. earlier?.Users ?? []];
        IEnumerable<string> names = earlier?.Nodes.Select(node => node.Name)
            ?? Enumerable.Range(0, options.Nodes ?? SandboxOptions.NodesUsual).Select(LocalNode.NameOf);
        nodes.AddRange(names.Select(name => new LocalNode(options.Folder, name)));
    }

    /// <summary>The sandbox of the folder as it was left; null when a new one is made.</summary>
    public SandboxFile? Earlier { get; }

    /// <summary>The nodes. Others may join and leave while the sandbox is open.</summary>
    public IReadOnlyList<LocalNode> Nodes => nodes;

    /// <summary>The number of members.</summary>
    public int Members => Earlier?.Members.Count ?? options.Members ?? SandboxOptions.MembersUsual;

    /// <summary>The number of users.</summary>
    public int Users => Earlier?.Users.Count ?? options.Users ?? SandboxOptions.UsersUsual;

    /// <summary>The folder, as commands name it.</summary>
    public string FolderName => ShellWord.Quote(options.Folder.TrimEnd('/'));

    /// <summary>The application.</summary>
    public string App => Earlier?.App ?? options.App ?? SandboxOptions.AppUsual;

    /// <summary>The processes of nodes that a killed command had left behind, and that were ended.</summary>
    public IReadOnlyList<int> EndedPids { get; private set; } = [];

    /// <summary>The service certificate of the epoch before; there when an earlier sandbox is gone on with.</summary>
    public byte[] EarlierIdentity { get; private set; } = [];

    /// <summary>Checks what can be checked before anything is made.</summary>
    public static SandboxSetup Prepare(SandboxOptions options)
    {
        if (options.Nodes is < 1 or > SandboxOptions.NodesMax)
            throw CommandFailure.WrongUsage($"--nodes is a number from 1 to {SandboxOptions.NodesMax}.");
        if (options.Members is < 1 or > 100) throw CommandFailure.WrongUsage("--members is a number from 1 to 100.");
        if (options.Users is < 1 or > 100) throw CommandFailure.WrongUsage("--users is a number from 1 to 100.");
        SandboxFile? earlier = SandboxFolder.FindUnattended(options.Folder);
        if (earlier is not null) SandboxFolder.RefuseOtherShape(options, earlier);
        if (options.ElectionTimeoutMilliseconds is < SandboxOptions.ElectionTimeoutMillisecondsMin
            or > SandboxOptions.ElectionTimeoutMillisecondsMax)
        {
            throw CommandFailure.WrongUsage(
                $"--election-timeout-ms is a number from {SandboxOptions.ElectionTimeoutMillisecondsMin} to "
                + $"{SandboxOptions.ElectionTimeoutMillisecondsMax}.");
        }

        string app = earlier?.App ?? options.App ?? SandboxOptions.AppUsual;
        SandboxSetup setup = new(options, ProgramFiles.ApplicationImage(app), earlier);
        int portMax = Ports.Max - setup.nodes.Count + 1; // every node has one
        if (options.Port is < 0 || options.Port > portMax)
            throw CommandFailure.WrongUsage($"--port is a number from 0 (any free ones) to {portMax}.");
        if (earlier is not null) setup.EndedPids = SandboxFolder.EndLostNodes(earlier, StopTimeout);
        setup.RefuseUsedPorts();
        return setup;
    }

    /// <summary>Makes the keys and certificates of members and users.</summary>
    public async Task MakeKeysAsync()
    {
        try
        {
            madeFolder = !Directory.Exists(options.Folder);
            Directory.CreateDirectory(options.Folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Folder("write to", options.Folder, e);
        }

        IEnumerable<Task<SandboxIdentity>> makeMembers = Enumerable.Range(0, Members)
            .Select(number => Task.Run(() => MakeIdentity($"member{number}", isMember: true)));
        IEnumerable<Task<SandboxIdentity>> makeUsers = Enumerable.Range(0, Users)
            .Select(number => Task.Run(() => MakeIdentity($"user{number}", isMember: false)));
        members = [.. await Task.WhenAll(makeMembers).ConfigureAwait(false)];
        users = [.. await Task.WhenAll(makeUsers).ConfigureAwait(false)];
    }

    /// <summary>Makes the charter; each member signs its own copy.</summary>
    /// <returns>SHA-256 of the charter.</returns>
    public Digest MakeCharter()
    {
        peersPorts = Ports.Free(nodes.Count);
        founding = new SandboxFounding(options.Folder, nodes, members, users);
        return founding.MakeCharter(image, App, peersPorts);
    }

    /// <summary>The founders, once there is a charter.</summary>
    public SandboxFounding Founding =>
        founding ?? throw new InvalidOperationException("the charter is made before the nodes");

    /// <summary>Writes the settings of the nodes.</summary>
    public void WriteSettings()
    {
        TimeSpan deadline = options.IsPrepared ? PreparedDeadline : OpenTimeout;
        foreach ((int number, int port) in PortsForClients().Index())
        {
            NodeSettings settings = Founding.SettingsOf(nodes[number], port, peersPorts[number], deadline);
            if (options.ElectionTimeoutMilliseconds is int timeout) settings.SetElectionTimeout(timeout);
            nodes[number].Write(settings);
        }
    }

    /// <summary>Writes sandbox.json for nodes that are started by hand.</summary>
    public void RememberPrepared()
    {
        isOpen = true; // somebody else's from now on
        new SandboxFile(
            options.Folder, Platform, $"{nodes[0].Name}/{ServiceCertificate}", App,
            [
                .. nodes.Select(node => new SandboxNode(
                    "", $"https://{node.Settings().Published}", 0, $"{node.Name}/ledger", $"{node.Name}/node.json")),
            ],
            members, users).Write();
    }

    /// <summary>Starts the nodes, and waits until each has made its key and its evidence.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        foreach (LocalNode node in nodes) node.Start(image, isAlone: nodes.Count == 1);
        Remember();
        foreach (LocalNode node in nodes)
            await node.WaitForIdentityAsync(OpenTimeout, cancel).ConfigureAwait(false);
    }

    /// <summary>Waits until the nodes of a network that is founded serve, and writes sandbox.json.</summary>
    /// <param name="cancel">Ends it early.</param>
    public async Task<SandboxFile> OpenAsync(CancellationToken cancel)
    {
        foreach (LocalNode node in nodes) await node.WaitUntilOpenAsync(OpenTimeout, cancel).ConfigureAwait(false);
        PublishService(nodes[0]);

        // Should a founder lose its ledger, it must not found another network.
        isOpen = true;
        SandboxFile sandbox = Remember();
        if (nodes.Count == 1) return sandbox;
        using CuriaClient client = Network.Of(sandbox).Connect();
        NetworkGovernance governance = await NetworkGovernance.OfAsync(client, cancel).ConfigureAwait(false);
        NodeIdentity[] known = [.. nodes.Select(node => node.IdentityIfThere()).OfType<NodeIdentity>()];
        foreach (LocalNode node in nodes)
        {
            string own = node.IdentityIfThere()!.Id;
            node.Write(node.Settings().Joining(governance, [.. known.Where(one => one.Id != own)]));
        }

        return sandbox;
    }

    /// <summary>Reads the service certificate before the nodes replace it.</summary>
    public void RememberIdentity(SandboxFile earlier)
    {
        try
        {
            EarlierIdentity = File.ReadAllBytes(earlier.PathOf(earlier.ServiceCertificate));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("read", earlier.PathOf(earlier.ServiceCertificate), e);
        }
    }

    /// <summary>Gives the nodes of an earlier sandbox the ports and the election timeout that were asked for;
    /// everything else stays as it is.</summary>
    public void ChangeSettings()
    {
        if (options.Port is null && options.ElectionTimeoutMilliseconds is null) return;
        IReadOnlyList<int> ports = PortsForClients();
        for (int number = 0; number < nodes.Count; number++)
        {
            NodeSettings settings = nodes[number].Settings();
            if (options.Port is not null) settings.MoveTo(ports[number]);
            if (options.ElectionTimeoutMilliseconds is int timeout) settings.SetElectionTimeout(timeout);
            nodes[number].Write(settings);
        }
    }

    /// <summary>Starts all nodes of an earlier sandbox, and waits until they are open.</summary>
    /// <param name="say">Takes a line for people.</param>
    /// <param name="cancel">Ends it early.</param>
    public async Task<SandboxFile> ReopenAsync(Action<string> say, CancellationToken cancel)
    {
        foreach (LocalNode node in nodes) node.Start(image, isAlone: nodes.Count == 1);

        // Whoever comes after a killed command finds the nodes, and who has waited for them.
        (Earlier! with
        {
            Nodes = [.. Earlier.Nodes.Zip(nodes, (entry, node) => entry with { Pid = node.Process!.Pid })],
            AttachedPid = Environment.ProcessId,
        }).Write();
        SandboxRestart restart = new(nodes, image, say, Remember);
        await restart.WaitAsync(PublishService, cancel).ConfigureAwait(false);
        isOpen = true;
        return Remember();
    }

    /// <summary>Takes up what another command has written to sandbox.json: nodes that joined and nodes that
    /// left.</summary>
    /// <param name="file">What it says.</param>
    /// <param name="say">Takes a line for people.</param>
    public void TakeUp(SandboxFile file, Action<string> say)
    {
        foreach (LocalNode gone in nodes.Where(node => file.Nodes.All(entry => entry.Name != node.Name)).ToArray())
        {
            nodes.Remove(gone);
            gone.Dispose();
            say($"{gone.Name} has left the network.");
        }

        foreach (SandboxNode entry in file.Nodes)
        {
            if (nodes.Any(node => node.Name == entry.Name)) continue;
            LocalNode node = new(options.Folder, entry.Name);
            if (node.Find(entry))
            {
                nodes.Add(node);
                say($"{node.Name} comes to the network.");
                continue;
            }

            node.Dispose();
        }
    }

    /// <summary>Stops all nodes gracefully; those that have ended already are left alone.</summary>
    public async Task StopNodesAsync()
    {
        LocalNode[] running = [.. nodes.Where(node => node.Process is { HasExited: false })];
        bool[] stopped = await Task.WhenAll(running.Select(node => node.Process!.StopAsync(StopTimeout)))
            .ConfigureAwait(false);
        foreach ((LocalNode node, bool isStopped) in running.Zip(stopped))
        {
            if (!isStopped)
                throw CommandFailure.Environment(
                    $"{node.Name} did not stop within {StopTimeout.TotalSeconds:0} s and was killed. "
                    + node.LastWords());
            if (node.Process!.ExitCode is int code and not 0)
                throw CommandFailure.Environment($"{node.Name} ended with exit code {code}. {node.LastWords()}");
        }
    }

    /// <summary>Ends what was started; removes what was made unless it was open once and holds something.</summary>
    public async Task CleanUpAsync()
    {
        await Task.WhenAll(nodes.Where(node => node.Process is { HasExited: false })
            .Select(node => node.Process!.StopAsync(TimeSpan.FromSeconds(5)))).ConfigureAwait(false);
        if (isOpen || Earlier is not null || (!madeFolder && !Directory.Exists(nodes[0].Folder))) return;
        RemoveFolder();
    }

    /// <summary>What the node said last that has ended, or the only one; empty where no node is to blame.</summary>
    public string LastWords()
    {
        LocalNode? node = nodes.FirstOrDefault(one => one.HasEnded) ?? (nodes.Count == 1 ? nodes[0] : null);
        return node?.Process is null ? "" : node.LastWords();
    }

    /// <summary>Removes the sandbox altogether.</summary>
    public void RemoveFolder()
    {
        try
        {
            if (madeFolder)
            {
                Directory.Delete(options.Folder, recursive: true);
                return;
            }

            foreach (LocalNode node in nodes.Where(node => Directory.Exists(node.Folder)))
                Directory.Delete(node.Folder, recursive: true);
            foreach (string file in Directory.GetFiles(options.Folder, "*.pem")) File.Delete(file);
            SandboxCharter.Remove(options.Folder);
            File.Delete(Path.Combine(options.Folder, SandboxFile.Name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be removed stays; the failure that brought us here is the one to tell.
        }
    }

    public void Dispose() => nodes.ForEach(node => node.Dispose());

    // What is known of the nodes that were started goes to sandbox.json.
    private SandboxFile Remember()
    {
        SandboxFile file = new(
            options.Folder, Platform, ServiceCertificate, App,
            [.. nodes.Where(node => node.Process is not null).Select(EntryOf)], members, users)
        {
            AttachedPid = options.IsDetached ? null : Environment.ProcessId,
        };
        file.Write();
        return file;
    }

    // A node that did not come up again keeps the id by which the network knows it.
    private SandboxNode EntryOf(LocalNode node)
    {
        SandboxNode entry = node.Entry();
        if (entry.Id.Length > 0) return entry;
        return entry with { Id = Earlier?.Nodes.FirstOrDefault(one => one.Name == node.Name)?.Id ?? "" };
    }

    // Every node writes what it believes into its own folder; the sandbox has it once, for its users.
    private void PublishService(LocalNode node)
    {
        NodeSettings settings = node.Settings();
        SandboxFolder.Copy(
            Path.Combine(node.Folder, settings.ServiceEndorsements),
            Path.Combine(options.Folder, SandboxFile.ServiceEndorsements));
        SandboxFolder.Copy(
            Path.Combine(node.Folder, settings.ServiceCertificate), Path.Combine(options.Folder, ServiceCertificate));
    }

    private IReadOnlyList<int> PortsForClients()
    {
        int first = options.Port ?? SandboxOptions.PortUsual;
        return first == 0 ? Ports.Free(nodes.Count) : [.. Enumerable.Range(first, nodes.Count)];
    }

    private void RefuseUsedPorts()
    {
        if (Earlier is not null)
        {
            foreach (LocalNode node in nodes)
            {
                NodeSettings settings = node.Settings();
                Ports.RefuseUsed(settings.PeersPort, node.Name);
                if (options.Port is null) Ports.RefuseUsed(settings.Port);
            }
        }

        if (options.Port != 0 && (Earlier is null || options.Port is not null))
            foreach (int port in PortsForClients()) Ports.RefuseUsed(port);
    }

    private SandboxIdentity MakeIdentity(string name, bool isMember)
    {
        Digest id = KeyFiles.Make(
            options.Folder, name, isMember ? KeyFiles.SandboxEncryptionKeyBits : 0, KeyValidity);
        return new SandboxIdentity(
            id.ToString(),
            KeyFiles.CertificateOf(name),
            KeyFiles.KeyOf(name),
            isMember ? KeyFiles.EncryptionKeyOf(name) : null);
    }
}
