using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;

namespace Curia.EndToEnd.CommandLine;

/// <summary>Three members with their keys, a charter, and founding nodes as processes of their own.</summary>
internal sealed class Founders : IDisposable
{
    /// <summary>The slots.</summary>
    public static readonly string[] Slots = ["node0", "node1", "node2"];

    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder folder = new();
    private readonly List<Process> processes = [];

    public Founders(CharterTeam team)
    {
        foreach (string file in team.Files) File.Copy(file, folder.File(Path.GetFileName(file)));
        Ports = FreePorts(Slots.Length);
    }

    /// <summary>Where commands run.</summary>
    public string Folder => folder.Path;

    /// <summary>Where the nodes hear each other.</summary>
    public IReadOnlyList<int> Ports { get; }

    /// <summary>The processes, in the order in which they were started.</summary>
    public IReadOnlyList<Process> Processes => processes;

    public void Dispose()
    {
        foreach (Process process in processes)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            process.Dispose();
        }

        folder.Dispose();
    }

    /// <summary>A file of the folder.</summary>
    public string PathOf(string file) => folder.File(file);

    /// <summary>The id of a node that has made its key.</summary>
    public NodeId NodeOf(int node)
    {
        using JsonDocument identity = JsonDocument.Parse(File.ReadAllText(At(node, "identity.json")));
        Assert.True(Digest.TryParseHex(identity.RootElement.GetProperty("node_id").GetString(), out Digest id));
        return new NodeId(id);
    }

    /// <summary>No block, no secret, and no certificate of a service is on the disk of these nodes.</summary>
    public void AssertNothingBegan(params int[] nodes)
    {
        foreach (int node in nodes)
        {
            Assert.Empty(Directory.GetFiles(At(node, "ledger"), "ledger_*"));
            Assert.Empty(Directory.GetFiles(At(node, "sealed"), "secrets_*"));
            Assert.False(File.Exists(At(node, "service_cert.pem")));
        }
    }

    /// <summary>Kills the first process that says something, in the same moment, and hears all of them to their
    /// end.</summary>
    /// <param name="line">What it says.</param>
    /// <returns>Its number; null when nobody has said it.</returns>
    public async Task<int?> KillFirstAsync(string line)
    {
        int victim = -1;
        await Task.WhenAll(processes.Select(async (process, number) =>
        {
            while (await process.StandardError.ReadLineAsync() is { } said)
            {
                if (!said.Contains(line, StringComparison.Ordinal)) continue;
                if (Interlocked.CompareExchange(ref victim, number, -1) == -1) process.Kill(entireProcessTree: true);
            }
        }));
        return victim < 0 ? null : victim;
    }

    /// <summary>Kills all processes; those that are started next are the first again.</summary>
    public void KillAll()
    {
        foreach (Process process in processes)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }

        processes.Clear();
    }

    /// <summary>Removes a file or folder of a node.</summary>
    public void Remove(int node, string name)
    {
        if (Directory.Exists(At(node, name))) Directory.Delete(At(node, name), recursive: true);
        else File.Delete(At(node, name));
    }

    /// <summary>Runs a command there.</summary>
    public Task<ProgramRun> RunAsync(params string[] arguments) => CuriaProgram.RunAsync(folder.Path, arguments);

    public async Task MakeCharterAsync(string to = ".", Action<JsonNode>? change = null)
    {
        if (!File.Exists(folder.File("user0_cert.pem")))
            (await RunAsync("user", "keygen", "--name", "user0")).Expect(0);
        JsonNode description = JsonNode.Parse(
            File.ReadAllText(folder.File("description.json")), documentOptions: new JsonDocumentOptions
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
            })!;
        description["opening"] = "at_once";
        description["participants"]!["user0"] =
            new JsonObject { ["certificate"] = new JsonObject { ["@file"] = "user0_cert.pem" }, ["kind"] = "key" };
        foreach ((string slot, int port) in Slots.Zip(Ports))
            description["slots"]![slot]!["address"] = $"127.0.0.1:{port}";
        change?.Invoke(description);
        File.WriteAllText(folder.File("changed.json"), description.ToJsonString());
        (await RunAsync("charter", "new", "changed.json", "--out", to)).Expect(0);
    }

    /// <summary>Starts a node that joins.</summary>
    public void StartJoiner(int node, string network, string? governance, params int[] known)
    {
        JsonObject join = new()
        {
            ["network"] = network,
            ["nodes"] = new JsonArray([.. known.Select(one => new JsonObject
            {
                ["id"] = NodeOf(one).ToString(),
                ["address"] = $"127.0.0.1:{Ports[one]}",
            })]),
        };
        if (governance is not null) join["governance"] = governance;
        Start(node, new JsonObject { ["address"] = "127.0.0.1:0" }, new JsonObject
        {
            ["join"] = join,
            ["genesis"] = new JsonObject { ["name"] = "our network", ["platform"] = "virtual" },
        });
    }

    /// <summary>Starts a node that founds.</summary>
    /// <param name="node">Which.</param>
    /// <param name="charter">The folder of its charter.</param>
    /// <param name="deadline">How long it waits, in seconds.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="behind">The port that it takes, where another program listens at its address; null when it listens
    /// there itself.</param>
    /// <param name="further">Further arguments.</param>
    public void Start(
        int node, string charter = ".", int deadline = 60, int attempt = 1, int? behind = null,
        params string[] further) => Start(
        node,
        new JsonObject
        {
            ["address"] = $"127.0.0.1:{behind ?? Ports[node]}",
            ["published"] = $"127.0.0.1:{Ports[node]}",
        },
        new JsonObject
        {
            ["establishment"] = new JsonObject
            {
                ["charter"] = Path.Combine("..", charter, "charter.cbor"),
                ["slot"] = $"node{node}",
                ["endorsement"] = "endorsement.cose",
                ["attempt"] = attempt,
                ["deadline_seconds"] = deadline,
            },
        }, further);

    private void Start(int node, JsonObject peers, JsonObject more, params string[] further)
    {
        foreach (string name in (string[])["ledger", "snapshots", "sealed"]) Directory.CreateDirectory(At(node, name));
        JsonObject configuration = new()
        {
            ["name"] = $"node{node}",
            ["ledger"] = "ledger",
            ["snapshots"] = "snapshots",
            ["sealed_secrets"] = "sealed",
            ["listeners"] = new JsonArray(new JsonObject { ["name"] = "main", ["address"] = "127.0.0.1:0" }),
            ["peers"] = peers,
            ["output"] = new JsonObject
            {
                ["service_certificate"] = "service_cert.pem",
                ["addresses"] = "addresses.json",
                ["identity"] = "identity.json",
            },
            ["log"] = new JsonObject { ["format"] = "text", ["level"] = "info" },
        };
        foreach ((string name, JsonNode? value) in more) configuration[name] = value!.DeepClone();
        File.WriteAllText(At(node, "node.json"), configuration.ToJsonString());
        processes.Add(CuriaProgram.Start(
            folder.Path, ["node", "start", "--app", "logging", "--config", $"n{node}/node.json", .. further]));
    }

    public async Task<ProgramRun> EndorseAsync(
        int node, string charter = ".", string? member = null, params string[] further)
    {
        await WaitForAsync(node, "identity.json");
        string owner = member ?? CharterTeam.Members[node];
        return await RunAsync([
            "node", "endorse", "--charter", Path.Combine(charter, "charter.cbor"), "--slot", $"node{node}",
            "--identity", $"n{node}/identity.json", "--cert", $"{owner}_cert.pem", "--key", $"{owner}_privk.pem",
            "--out", $"n{node}/endorsement.cose", "--record", $"n{node}/endorsed.json", .. further,
        ]);
    }

    public Task<ProgramRun> StatusAsync(string url) =>
        RunAsync("establish", "status", "--node", url, "--json");

    public static string? Cell(JsonElement status, string of, string about) =>
        status.GetProperty("matrix").GetProperty(of).GetProperty(about).GetString();

    public static async Task<JsonElement> UntilAsync(Func<Task<ProgramRun>> ask, Func<JsonElement, bool> holds)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            ProgramRun run = await ask();
            if (run.Output.Length > 0 && holds(run.Json)) return run.Json;
            Assert.True(waited.Elapsed < patience, $"it did not come to hold: {run.Output}{run.Errors}");
        }
    }

    public async Task WaitForAsync(int node, string file)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (!File.Exists(At(node, file)))
        {
            if (waited.Elapsed > patience) Assert.Fail($"node {node} did not write {file}. {await LastWordsAsync()}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    // Of the node that was started last, which a test waits for most often.
    private async Task<string> LastWordsAsync()
    {
        processes[^1].Kill(entireProcessTree: true);
        return await processes[^1].StandardError.ReadToEndAsync();
    }

    public string Url(int node)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(At(node, "addresses.json")));
        return document.RootElement.GetProperty("listeners")[0].GetProperty("url").GetString()!;
    }

    // Before the network is open.
    public string EarlyUrl(int node)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(At(node, "identity.json")));
        return $"https://{document.RootElement.GetProperty("published_addresses")[0].GetString()}";
    }

    public string At(int node, string file) => folder.File(Path.Combine($"n{node}", file));

    // They must stand in the charter before anybody listens.
    public static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Dispose();
        return ports;
    }
}
