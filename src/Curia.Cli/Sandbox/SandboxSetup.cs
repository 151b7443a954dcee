using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Networks;
using Curia.Cli.Terminal;
using Curia.Vocabulary;

namespace Curia.Cli.Sandbox;

/// <summary>What a sandbox is to be; null where nothing was said, which an earlier sandbox answers.</summary>
internal sealed record SandboxOptions(string Folder, int? Members, int? Users, string? App, int? Port)
{
    public const int MembersUsual = 3;
    public const int UsersUsual = 1;
    public const int PortUsual = 8000;
    public const string AppUsual = "logging";

    /// <summary>Whether the command returns while the network goes on.</summary>
    public bool IsDetached { get; init; }
}

/// <summary>Makes a sandbox, or goes on with an earlier one, and starts its node; each method is one step.</summary>
internal sealed class SandboxSetup : IDisposable
{
    public const string NodeName = "node0";
    public const string ServiceCertificate = "service_cert.pem";
    public const string ServiceEndorsements = "service_endorsements.pem";
    public const string Platform = "virtual";

    private const int PortMax = 65535;
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeyValidity = TimeSpan.FromDays(365);

    private readonly SandboxOptions options;
    private readonly string image;
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
    }

    /// <summary>The sandbox of the folder as it was left; null when a new one is made.</summary>
    public SandboxFile? Earlier { get; }

    /// <summary>The number of members.</summary>
    public int Members => Earlier?.Members.Count ?? options.Members ?? SandboxOptions.MembersUsual;

    /// <summary>The number of users.</summary>
    public int Users => Earlier?.Users.Count ?? options.Users ?? SandboxOptions.UsersUsual;

    private string App => Earlier?.App ?? options.App ?? SandboxOptions.AppUsual;

    /// <summary>The process of a node that a killed command had left behind, and that was ended; null when there was
    /// none.</summary>
    public int? EndedPid { get; private set; }

    /// <summary>The node, once it is started.</summary>
    public NodeProcess? Node { get; private set; }

    public string NodeFolder => Path.Combine(options.Folder, NodeName);

    public string ConfigPath => Path.Combine(NodeFolder, "node.json");

    public string LogPath => Path.Combine(NodeFolder, "node.log");

    private string AddressesPath => Path.Combine(NodeFolder, "addresses.json");

    public string LedgerPath => Path.Combine(NodeFolder, "ledger");

    /// <summary>Checks what can be checked before anything is made.</summary>
    public static SandboxSetup Prepare(SandboxOptions options)
    {
        if (options.Members is < 1 or > 100) throw CommandFailure.WrongUsage("--members is a number from 1 to 100.");
        if (options.Users is < 1 or > 100) throw CommandFailure.WrongUsage("--users is a number from 1 to 100.");
        if (options.Port is < 0 or > PortMax)
            throw CommandFailure.WrongUsage($"--port is a number from 0 (any free one) to {PortMax}.");
        SandboxFile? earlier = FindUnattended(options.Folder);
        if (earlier is not null) RefuseOtherShape(options, earlier);
        string app = earlier?.App ?? options.App ?? SandboxOptions.AppUsual;
        SandboxSetup setup = new(options, ProgramFiles.ApplicationImage(app), earlier);
        setup.EndLostNodes();
        RefuseUsedPort(
            options.Port ?? (earlier is null ? SandboxOptions.PortUsual : setup.PortInSettings()));
        return setup;
    }

    /// <summary>Makes the keys and certificates of members and users.</summary>
    public async Task MakeKeysAsync()
    {
        try
        {
            madeFolder = !Directory.Exists(options.Folder);
            Directory.CreateDirectory(NodeFolder);
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

    /// <summary>Writes the settings of the node.</summary>
    public void WriteSettings()
    {
        string address = $"127.0.0.1:{options.Port ?? SandboxOptions.PortUsual}";
        JsonObject settings = new()
        {
            ["name"] = NodeName,
            ["ledger"] = "ledger",
            ["snapshots"] = "snapshots",
            ["listeners"] = new JsonArray(new JsonObject
            {
                ["name"] = "primary",
                ["address"] = address,
                ["published"] = address,
                ["serves"] = new JsonArray("/app", "/node", "/metrics"),
                ["max_sessions"] = 1000,
            }),
            ["genesis"] = new JsonObject
            {
                ["name"] = "sandbox",
                ["platform"] = Platform,
                ["certificate_validity_days"] = (int)KeyValidity.TotalDays,
                ["members"] = new JsonArray([.. members.Select(member => new JsonObject
                {
                    ["certificate"] = $"../{member.Certificate}",
                    ["encryption_key"] =
                        $"../{member.EncryptionKey!.Replace("_privk", "_pubk", StringComparison.Ordinal)}",
                })]),
                ["users"] = new JsonArray(
                    [.. users.Select(user => new JsonObject { ["certificate"] = $"../{user.Certificate}" })]),
            },
            ["output"] = new JsonObject
            {
                ["service_certificate"] = $"../{ServiceCertificate}",
                ["service_endorsements"] = $"../{ServiceEndorsements}",
                ["node_certificate"] = "node_cert.pem",
                ["addresses"] = "addresses.json",
                ["pid"] = "node.pid",
            },
            ["log"] = new JsonObject { ["format"] = "json", ["level"] = "info" },
        };
        File.WriteAllText(ConfigPath, Screen.Text(settings, indented: true) + "\n");
    }

    /// <summary>The service certificate of the epoch before; there when an earlier sandbox is gone on with.</summary>
    public byte[] EarlierIdentity { get; private set; } = [];

    /// <summary>Reads the service certificate before the node replaces it.</summary>
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

    /// <summary>Gives an earlier sandbox the port that was asked for; everything else stays as it is.</summary>
    public void MoveToPort()
    {
        if (options.Port is not int port || port == PortInSettings()) return;
        JsonNode settings = ReadSettings();
        JsonNode listener = settings["listeners"]![0]!;
        listener["address"] = listener["published"] = $"127.0.0.1:{port}";
        File.WriteAllText(ConfigPath, Screen.Text(settings, indented: true) + "\n");
    }

    /// <summary>Starts the node program.</summary>
    public void StartNode()
    {
        File.Delete(AddressesPath); // of a process that was killed: it must not be taken for the new one's
        Node = NodeProcess.StartInBackground(image, Path.GetFullPath(ConfigPath), Path.GetFullPath(LogPath));
    }

    /// <summary>Says in sandbox.json that the node has started again and who waits for it, so that whoever comes after
    /// a killed command finds the node.</summary>
    public void RememberStart(SandboxFile earlier) =>
        (earlier with
        {
            Nodes = [.. earlier.Nodes.Select(node => node with { Pid = Node!.Pid })],
            AttachedPid = Environment.ProcessId,
        }).Write();

    /// <summary>Waits until the node has its address file, which it writes when it is open, and writes
    /// sandbox.json.</summary>
    public async Task<SandboxFile> WaitUntilOpenAsync(CancellationToken cancel)
    {
        // Reading a ledger back takes as long as it is large; its log shows that it goes on.
        TimeSpan patience = Earlier is null ? OpenTimeout : ReadTimeout;
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (!File.Exists(AddressesPath))
        {
            if (Node!.HasExited)
                throw CommandFailure.Environment($"{NodeName} stopped before it was open. {LastWords()}");
            if (Environment.TickCount64 > deadline)
                throw CommandFailure.Environment(
                    $"{NodeName} was not open after {patience.TotalSeconds:0} s. {LastWords()}");
            await Task.Delay(20, cancel).ConfigureAwait(false);
        }

        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(AddressesPath));
        JsonElement root = document.RootElement;
        SandboxFile file = new(
            options.Folder, Platform, ServiceCertificate, App,
            [new SandboxNode(
                root.GetProperty("node_id").GetString()!,
                root.GetProperty("listeners")[0].GetProperty("url").GetString()!,
                Node!.Pid, $"{NodeName}/ledger", $"{NodeName}/node.json")],
            members, users)
        {
            AttachedPid = options.IsDetached ? null : Environment.ProcessId,
        };
        file.Write();
        isOpen = true;
        return file;
    }

    /// <summary>Stops the node gracefully.</summary>
    public async Task StopNodeAsync()
    {
        if (Node is null) return;
        if (!await Node.StopAsync(StopTimeout).ConfigureAwait(false))
            throw CommandFailure.Environment(
                $"{NodeName} did not stop within {StopTimeout.TotalSeconds:0} s and was killed. {LastWords()}");
        if (Node.ExitCode != 0)
            throw CommandFailure.Environment($"{NodeName} ended with exit code {Node.ExitCode}. {LastWords()}");
    }

    /// <summary>Ends what was started; removes what was made unless it was open once and holds something.</summary>
    public async Task CleanUpAsync()
    {
        if (Node is { HasExited: false }) await Node.StopAsync(TimeSpan.FromSeconds(5)).ConfigureAwait(false);
        if (isOpen || Earlier is not null || (!madeFolder && !Directory.Exists(NodeFolder))) return;
        RemoveFolder();
    }

    /// <summary>What the node said last, as a sentence.</summary>
    public string LastWords() =>
        Node?.LastLogLine() is string line ? $"Its last words: {Shorten(LogLine.Readable(line))}" : "It said nothing.";

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

            Directory.Delete(NodeFolder, recursive: true);
            foreach (string file in Directory.GetFiles(options.Folder, "*.pem")) File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be removed stays; the failure that brought us here is the one to tell.
        }
    }

    public void Dispose() => Node?.Dispose();

    private static string Shorten(string line) => line.Length <= 400 ? line : string.Concat(line.AsSpan(0, 400), "…");

    private int PortInSettings()
    {
        string? address = (string?)ReadSettings()["listeners"]?[0]?["address"];
        return address is not null && int.TryParse(address[(address.LastIndexOf(':') + 1)..], out int port)
            ? port
            : throw CommandFailure.Environment($"{ConfigPath} names no address; it is not what ./curia sandbox wrote.");
    }

    private JsonNode ReadSettings()
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(ConfigPath)) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw CommandFailure.Environment($"cannot go on with the sandbox in {options.Folder}: {e.Message}", e);
        }
    }

    // A node whose command was killed has nobody left who would end it, and holds ledger and port.
    private void EndLostNodes()
    {
        foreach (SandboxNode node in Earlier?.Nodes ?? [])
        {
            using NodeProcess? lost = NodeProcess.Find(node.Pid, Earlier!.PathOf(node.Config), "");
            if (lost is not { HasExited: false }) continue;
            lost.StopAsync(StopTimeout).GetAwaiter().GetResult();
            EndedPid = node.Pid;
        }
    }

    // The sandbox of a folder, with which no command stays; null for a new or empty folder.
    private static SandboxFile? FindUnattended(string folder)
    {
        if (File.Exists(folder)) throw CommandFailure.Environment($"{folder} is a file. Choose a folder with --dir.");
        if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any()) return null;
        if (!SandboxFile.ExistsIn(folder))
            throw CommandFailure.Environment($"{folder} is not empty. Choose a new folder with --dir.");
        SandboxFile sandbox = SandboxFile.Read(folder);
        foreach (SandboxNode node in sandbox.Nodes)
        {
            using NodeProcess? running = NodeProcess.Find(node.Pid, sandbox.PathOf(node.Config), "");
            bool isLost = sandbox.AttachedPid is int command && !NodeProcess.IsCommandAlive(command);
            if (running is { HasExited: false } && !isLost)
            {
                throw CommandFailure.Environment(
                    $"the sandbox in {folder} is running (process {node.Pid}). Stop it with "
                    + $"./curia sandbox stop --dir {folder}, or choose another folder with --dir.");
            }
        }

        return sandbox;
    }

    private static void RefuseOtherShape(SandboxOptions options, SandboxFile earlier)
    {
        string? other = options.Members is int members && members != earlier.Members.Count ? $"--members {members}"
            : options.Users is int users && users != earlier.Users.Count ? $"--users {users}"
            : options.App is string app && app != earlier.App ? $"--app {app}"
            : null;
        if (other is null) return;
        throw CommandFailure.WrongUsage(
            $"{other}: the sandbox in {earlier.Folder} has {earlier.Members.Count} members, {earlier.Users.Count} "
            + $"users and the application {earlier.App}. Leave it out to go on with that, or choose another folder "
            + "with --dir.");
    }

    private static void RefuseUsedPort(int port)
    {
        if (port == 0) return;
        try
        {
            using TcpListener probe = new(IPAddress.Loopback, port);
            probe.Start();
        }
        catch (SocketException e)
        {
            string reason = e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? "another program uses it"
                : e.Message;
            throw CommandFailure.Environment(
                $"cannot listen on port {port}: {reason}. Choose another with --port; 0 takes any free one.", e);
        }
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
