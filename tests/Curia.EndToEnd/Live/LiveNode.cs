using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Live;

/// <summary>One process of a node on a machine of its own. A folder outlives processes; the node id does not.</summary>
internal sealed class LiveNode : IDisposable
{
    public const int ClientPort = 8000;

    private readonly Process process;
    private readonly StreamWriter log;

    private LiveNode(int machine, string folder, string address, Process process, StreamWriter log)
    {
        Machine = machine;
        Folder = folder;
        Url = new Uri($"https://{address}:{ClientPort}");
        Published = $"{address}:{ClientPort}";
        this.process = process;
        this.log = log;
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null) return;
            lock (log) log.WriteLine(line.Data);
        };
        process.BeginErrorReadLine();
    }

    public int Machine { get; }

    public string Folder { get; }

    public Uri Url { get; }

    public string Published { get; }

    public int ProcessId => process.Id;

    /// <summary>Known once its peers port is bound.</summary>
    public string Id { get; private set; } = "";

    public string PeerAddress { get; private set; } = "";

    /// <summary>The newest format of the ledger that it says it reads.</summary>
    public int LedgerFormat { get; private set; }

    public bool IsDead
    {
        get
        {
            try
            {
                return process.HasExited;
            }
            catch (InvalidOperationException)
            {
                return true; // disposed while a client looked
            }
        }
    }

    public bool IsStopped { get; private set; }

    public int ExitCode => process.ExitCode;

    public string Ledger => Path.Combine(Folder, "ledger");

    private string Addresses => Path.Combine(Folder, "addresses.json");

    private string Identity => Path.Combine(Folder, "identity.json");

    /// <summary>Starts a process on a machine.</summary>
    /// <param name="machines">All machines.</param>
    /// <param name="machine">Which one.</param>
    /// <param name="folder">What it has as its disk; what an earlier process left there is used.</param>
    /// <param name="configuration">What is the same for all nodes, and <c>join</c>.</param>
    /// <param name="logFile">Takes what it says.</param>
    public static LiveNode Start(
        Machines machines, int machine, string folder, JsonObject configuration, string logFile)
    {
        string address = machines.AddressOf(machine);
        Directory.CreateDirectory(folder);
        JsonObject own = configuration.DeepClone().AsObject();
        own["name"] = $"node{machine}";
        own["ledger"] = "ledger";
        own["snapshots"] = "snapshots";
        own["listeners"] = new JsonArray(new JsonObject
        {
            ["name"] = "primary",
            ["address"] = $"{address}:{ClientPort}",
        });
        own["peers"] = new JsonObject { ["address"] = $"{address}:9000" };
        own["output"] = new JsonObject
        {
            ["service_certificate"] = "service_cert.pem",
            ["addresses"] = "addresses.json",
            ["identity"] = "identity.json",
        };
        File.WriteAllText(Path.Combine(folder, "node.json"), own.ToJsonString());

        // Of a process that was killed; nobody may take them for those of the new one.
        File.Delete(Path.Combine(folder, "addresses.json"));
        File.Delete(Path.Combine(folder, "identity.json"));
        DirectoryInfo tests = new(AppContext.BaseDirectory.TrimEnd('/'));
        string image = Path.Combine(tests.Parent!.Parent!.FullName, "logging.Image", tests.Name, "logging.Image.dll");
        Assert.True(File.Exists(image), $"{image} is not there: build the solution first");
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] command = machines.On(machine, dotnet, "exec", image, "--config", "node.json");
        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        StreamWriter log = new(logFile, append: false) { AutoFlush = true };
        return new LiveNode(machine, folder, address, Process.Start(start)!, log);
    }

    /// <summary>Waits until it has a key and hears other nodes.</summary>
    public async Task IdentifiedAsync(TimeSpan patience)
    {
        using JsonDocument identity = JsonDocument.Parse(await FileAsync(Identity, patience));
        Id = identity.RootElement.GetProperty("node_id").GetString()!;
        PeerAddress = identity.RootElement.GetProperty("peer_address").GetString()!;
        LedgerFormat = identity.RootElement.GetProperty("ledger_format").GetInt32();
    }

    /// <summary>Waits until it serves.</summary>
    public Task OpenedAsync(TimeSpan patience) => FileAsync(Addresses, patience);

    /// <summary>Whether it serves, or did when it was last heard of.</summary>
    public bool IsOpen => !IsDead && File.Exists(Addresses);

    public void Kill()
    {
        Machines.Run("kill", "-KILL", Number(process.Id));
        process.WaitForExit();
    }

    public void Stop()
    {
        IsStopped = true;
        Machines.Run("kill", "-STOP", Number(process.Id));
    }

    public void Continue()
    {
        Machines.Run("kill", "-CONT", Number(process.Id));
        IsStopped = false;
    }

    /// <summary>Asks it to end.</summary>
    public void Terminate() => Machines.Run("kill", "-TERM", Number(process.Id));

    public async Task<bool> EndedAsync(TimeSpan patience)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (!process.HasExited && waited.Elapsed < patience) await Task.Delay(20);
        return process.HasExited;
    }

    public override string ToString() => $"node {Id[..Math.Min(8, Id.Length)]} on machine {Machine}";

    public void Dispose()
    {
        if (!process.HasExited) Kill();
        process.WaitForExit();
        process.Dispose();
        lock (log) log.Dispose();
    }

    private async Task<string> FileAsync(string path, TimeSpan patience)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (!File.Exists(path))
        {
            if (IsDead) throw new LiveException($"{this} ended with {ExitCode} and wrote no {Path.GetFileName(path)}");
            if (waited.Elapsed > patience)
                throw new LiveException($"{this} wrote no {Path.GetFileName(path)} in {patience.TotalSeconds} s");
            await Task.Delay(20);
        }

        return await File.ReadAllTextAsync(path);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
