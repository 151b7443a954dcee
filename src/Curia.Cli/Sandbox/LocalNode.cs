using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Files;
using Curia.Cli.Networks;
using Curia.Ledger;

namespace Curia.Cli.Sandbox;

/// <summary>Who a node is, and where other nodes find it.</summary>
internal sealed record NodeIdentity(string Id, string PeerAddress, int LedgerFormat, JsonNode? Evidence);

/// <summary>One node of a sandbox: its folder, its settings, and its process.</summary>
internal sealed class LocalNode(string sandbox, string name) : IDisposable
{
    private const int LastWordsMax = 400;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Its name, which is that of its folder: <c>node0</c>.</summary>
    public string Name { get; } = name;

    public string Folder { get; } = Path.Combine(sandbox, name);

    public string ConfigPath => Path.Combine(Folder, "node.json");

    public string LogPath => Path.Combine(Folder, "node.log");

    public string LedgerPath => Path.Combine(Folder, "ledger");

    private string AddressesPath => Path.Combine(Folder, "addresses.json");

    /// <summary>Who it is, for its owner.</summary>
    public string IdentityPath => Path.Combine(Folder, SandboxFile.IdentityFile);

    /// <summary>Where it looks for its owner's endorsement.</summary>
    public string EndorsementPath => Path.Combine(Folder, EndorsementFile);

    /// <summary>Its process; null before it is started.</summary>
    public NodeProcess? Process { get; private set; }

    /// <summary>Whether it serves clients.</summary>
    public bool IsOpen => File.Exists(AddressesPath);

    /// <summary>Whether its process has ended.</summary>
    public bool HasEnded => Process?.HasExited == true;

    public const string EndorsementFile = "endorsement.cose";

    /// <summary>What all names begin with.</summary>
    public const string Prefix = "node";

    /// <summary>The folder of a node by its number.</summary>
    public static string NameOf(int number) => $"{Prefix}{number}";

    /// <summary>Reads its settings.</summary>
    public NodeSettings Settings() => NodeSettings.Read(ConfigPath);

    /// <summary>Writes its settings, in its folder.</summary>
    public void Write(NodeSettings settings)
    {
        try
        {
            Directory.CreateDirectory(Folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Folder("write to", Folder, e);
        }

        settings.Write(ConfigPath);
    }

    /// <summary>Starts its process.</summary>
    /// <param name="image">The program.</param>
    /// <param name="isAlone">Whether no other node is on this machine.</param>
    public void Start(string image, bool isAlone)
    {
        // Of a process that was killed: they must not be taken for the new one's.
        if (Directory.Exists(Folder))
        {
            File.Delete(AddressesPath);
            File.Delete(IdentityPath);
        }

        Process = NodeProcess.StartInBackground(
            image, Path.GetFullPath(ConfigPath), Path.GetFullPath(LogPath), isAlone);
    }

    /// <summary>Takes over a process that another command has started; false when it has ended.</summary>
    public bool Find(SandboxNode entry)
    {
        Process = NodeProcess.Find(entry.Pid, ConfigPath, LogPath);
        return Process is not null;
    }

    /// <summary>Waits until it has made its key and hears other nodes.</summary>
    public async Task<NodeIdentity> WaitForIdentityAsync(TimeSpan patience, CancellationToken cancel)
    {
        await WaitAsync(() => File.Exists(IdentityPath), "has no identity", patience, cancel).ConfigureAwait(false);
        return Identity();
    }

    /// <summary>Who it is, once it has made its key; null before that.</summary>
    public NodeIdentity? IdentityIfThere() => File.Exists(IdentityPath) ? Identity() : null;

    /// <summary>Waits until it serves clients.</summary>
    public Task WaitUntilOpenAsync(TimeSpan patience, CancellationToken cancel) =>
        WaitAsync(() => IsOpen, "is not open", patience, cancel);

    /// <summary>What sandbox.json says of it.</summary>
    public SandboxNode Entry()
    {
        if (IsOpen)
        {
            return ReadJson(AddressesPath, root => new SandboxNode(
                root.Text("node_id"), root.GetProperty("listeners")[0].Text("url"), Process!.Pid, $"{Name}/ledger",
                $"{Name}/node.json"));
        }

        return new SandboxNode(
            IdentityIfThere()?.Id ?? "", $"https://{Settings().Published}", Process!.Pid, $"{Name}/ledger",
            $"{Name}/node.json");
    }

    /// <summary>What it said last, as a sentence.</summary>
    public string LastWords()
    {
        if (Process?.LastLogLine() is not string line) return "It said nothing.";
        string words = LogLine.Readable(line);
        if (words.Length > LastWordsMax) words = string.Concat(words.AsSpan(0, LastWordsMax), "…");
        return $"Its last words: {words}";
    }

    public void Dispose() => Process?.Dispose();

    private NodeIdentity Identity() =>
        ReadJson(IdentityPath, root => new NodeIdentity(
            root.Text("node_id"), root.Text("peer_address"),
            (int)Math.Min(root.Number("ledger_format"), LedgerFormat.Max),
            root.TryGetProperty("evidence", out JsonElement evidence) ? JsonNode.Parse(evidence.GetRawText()) : null));

    private async Task WaitAsync(Func<bool> isThere, string missing, TimeSpan patience, CancellationToken cancel)
    {
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (!isThere())
        {
            if (HasEnded) throw CommandFailure.Environment($"{Name} stopped before it was open. {LastWords()}");
            if (Environment.TickCount64 > deadline)
                throw CommandFailure.Environment(
                    $"{Name} {missing} after {patience.TotalSeconds:0} s. {LastWords()}");
            await Task.Delay(Pause, cancel).ConfigureAwait(false);
        }
    }

    private static T ReadJson<T>(string path, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return read(document.RootElement);
        }
        catch (Exception e) when (
            e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw CommandFailure.Environment($"{path} is not what a node writes: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("read", path, e);
        }
    }
}
