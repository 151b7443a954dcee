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

namespace Curia.EndToEnd.CommandLine;

/// <summary>The main job: from nothing to a verified ledger with one command.</summary>
public sealed class SandboxTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Once_makes_writes_proves_stops_and_audits()
    {
        await CuriaProgram.BuiltAsync();
        long start = Stopwatch.GetTimestamp();
        string[] arguments =
            ["sandbox", "--nodes", "1", "--once", "--json", "--port", "0", "--members", "2", "--users", "2"];
        ProgramRun run = await CuriaProgram.RunAsync(folder.Path, arguments);
        run.Expect(0);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), "the tour took more than a minute");
        Assert.Equal("sandbox", run.Json.GetProperty("sandbox").GetString());
        JsonElement[] steps = [.. run.Json.GetProperty("steps").EnumerateArray()];
        Assert.All(steps, step => Assert.True(step.GetProperty("ok").GetBoolean()));
        Assert.All(steps, step => Assert.NotEmpty(step.GetProperty("detail").GetString()!));
        Assert.Equal(
            [
                "keys", "charter", "settings", "evidence", "endorse", "match", "genesis", "open", "identity", "network",
                "public-write", "private-write", "read-back", "outsider-refused", "disk", "status", "receipt-json",
                "receipt-cose", "changed-receipt-refused", "stop", "audit",
            ],
            steps.Select(step => step.GetProperty("name").GetString()));
        Assert.Single(run.Errors.Split("INSECURE").Skip(1));
        await AssertSandboxFileAsync(members: 2, users: 2);
        await VerifyOfflineAsync(folder.File("sandbox"));
        (await CuriaProgram.RunAsync(folder.Path, "sandbox", "--once", "--members", "5")).Expect(2)
            .SaysOnce("2 members");
    }

    [Fact]
    public async Task Three_nodes_are_what_it_makes_when_nothing_is_said()
    {
        ProgramRun run = await CuriaProgram.RunAsync(folder.Path, "sandbox", "--once", "--json", "--port", "0");
        JsonElement[] steps = [.. run.Expect(0).Json.GetProperty("steps").EnumerateArray()];
        Assert.All(steps, step => Assert.True(step.GetProperty("ok").GetBoolean()));
        Assert.Equal(
            [
                "keys", "charter", "settings", "evidence", "endorse", "match", "genesis", "open", "identity", "network",
                "public-write", "private-write", "read-back", "outsider-refused", "disk", "status", "forwarded",
                "receipt-json", "receipt-cose", "changed-receipt-refused", "stop", "audit",
            ],
            steps.Select(step => step.GetProperty("name").GetString()));
        Assert.Contains("node2 has verified node0 and node1", run.Errors, StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFiles(folder.File("sandbox"), "member*_charter.cose").Length);
        string audit = steps[^1].GetProperty("detail").GetString()!;
        Assert.StartsWith("3 ledgers agree", audit, StringComparison.Ordinal);
        using JsonDocument file = JsonDocument.Parse(await File.ReadAllBytesAsync(SandboxJson, Cancel));
        JsonElement[] nodes = [.. file.RootElement.GetProperty("nodes").EnumerateArray()];
        Assert.Equal(3, nodes.DistinctBy(node => node.GetProperty("id").GetString()).Count());
        foreach (JsonElement node in nodes)
        {
            (await VerifyAsync(
                folder.File($"sandbox/{node.GetProperty("ledger").GetString()}"), "--service-cert",
                folder.File("sandbox/service_cert.pem"))).Expect(0);
        }
    }

    [Fact]
    public async Task A_port_in_use_is_one_line_and_leaves_nothing_behind()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        (await CuriaProgram.RunAsync(folder.Path, "sandbox", "--once", "--port", $"{port}")).Expect(3)
            .SaysOnce($"port {port}");
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Ctrl_C_stops_the_nodes_and_audits()
    {
        using Process process = CuriaProgram.Start(folder.Path, "sandbox", "--port", "0", "--json");
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string? document = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        using (JsonDocument open = JsonDocument.Parse(document!))
            Assert.Equal("sandbox", open.RootElement.GetProperty("sandbox").GetString());
        using Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await errors);
        Assert.Contains("Audit the ledgers offline", await errors, StringComparison.Ordinal);
        Assert.Empty(await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists($"/proc/{NodePid()}"));
    }

    [Fact]
    public async Task What_is_prepared_is_done_by_hand_with_the_commands_that_it_prints()
    {
        string[] prepare = ["sandbox", "--prepare", "--port", "0", "--dir", "net", "--json"];
        ProgramRun prepared = (await CuriaProgram.RunAsync(folder.Path, prepare)).Expect(0);
        string[][] commands =
        [
            .. prepared.Json.GetProperty("commands").EnumerateArray()
                .Select(one => one.GetProperty("command").GetString()!.Split(' ')[1..]),
        ];
        Assert.Equal(["node start", "node start", "node start", "node endorse", "node endorse", "node endorse",
            "establish status"], commands.Select(words => $"{words[0]} {words[1]}"));
        Assert.False(Directory.Exists(folder.File("net/node0/ledger")));
        (await CuriaProgram.RunAsync(folder.Path, prepare)).Expect(3).SaysOnce("is not founded yet");
        (await CuriaProgram.RunAsync(folder.Path, "sandbox", "--dir", "net")).Expect(3).SaysOnce("is not founded yet");
        List<Process> nodes = [];
        try
        {
            nodes.AddRange(commands[..3].Select(words => CuriaProgram.Start(folder.Path, words)));
            for (int node = 0; node < 3; node++)
            {
                for (int again = 0; again < 600 && !File.Exists(folder.File($"net/node{node}/identity.json")); again++)
                    await Task.Delay(100, Cancel);
                (await CuriaProgram.RunAsync(folder.Path, commands[3 + node])).Expect(0);
            }

            ProgramRun watched = await CuriaProgram.RunAsync(folder.Path, commands[6]);
            Assert.Contains("open, network", watched.Expect(0).Output, StringComparison.Ordinal);
            (await CuriaProgram.RunAsync(
                folder.Path, "call", "POST", "/app/log/private", "--data", "{\"id\":1,\"msg\":\"by hand\"}", "--as",
                "user0", "--wait", "committed", "--dir", "net")).Expect(0);
            ProgramRun stopped = await CuriaProgram.RunAsync(folder.Path, "sandbox", "stop", "--dir", "net");
            Assert.Equal(3, stopped.Expect(0).Output.Split("has stopped").Length - 1);
        }
        finally
        {
            foreach (Process node in nodes)
            {
                if (!node.HasExited) node.Kill(entireProcessTree: true);
                node.Dispose();
            }
        }
    }

    [Fact]
    public async Task An_election_timeout_is_that_of_all_nodes_and_of_those_that_join_later()
    {
        string[] open = ["sandbox", "--port", "0", "--detach", "--election-timeout-ms"];
        try
        {
            (await CuriaProgram.RunAsync(folder.Path, [.. open, "100", "--nodes", "1"])).Expect(0);
            (await CuriaProgram.RunAsync(folder.Path, "node", "add")).Expect(0);
            string[] fast = ["""{"heartbeat_ms":20,"election_timeout_ms":100}"""];
            Assert.Equal([.. fast, .. fast], ConsensusSettings("node0", "node1"));
            (await CuriaProgram.RunAsync(folder.Path, "sandbox", "stop")).Expect(0);
            (await CuriaProgram.RunAsync(folder.Path, [.. open, "300"])).Expect(0);
            string[] slower = ["""{"heartbeat_ms":60,"election_timeout_ms":300}"""];
            Assert.Equal([.. slower, .. slower], ConsensusSettings("node0", "node1"));
        }
        finally
        {
            (await CuriaProgram.RunAsync(folder.Path, "sandbox", "stop")).Expect(0);
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string SandboxJson => folder.File("sandbox/sandbox.json");

    private string[] ConsensusSettings(params string[] nodes) =>
    [
        .. nodes.Select(node =>
            JsonNode.Parse(File.ReadAllText(folder.File($"sandbox/{node}/node.json")))!["consensus"]!.ToJsonString()),
    ];

    private int NodePid()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(SandboxJson));
        return file.RootElement.GetProperty("nodes")[0].GetProperty("pid").GetInt32();
    }

    private async Task AssertSandboxFileAsync(int members, int users)
    {
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllBytesAsync(SandboxJson));
        JsonElement root = document.RootElement;
        string[] names = ["platform", "service_certificate", "nodes", "members", "users", "app", "attached_pid"];
        Assert.Equal(names, NamesOf(root));
        Assert.Equal("virtual", root.GetProperty("platform").GetString());
        JsonElement node = Assert.Single(root.GetProperty("nodes").EnumerateArray());
        Assert.Equal(["id", "url", "pid", "ledger", "config"], NamesOf(node));
        Assert.Equal(members, root.GetProperty("members").GetArrayLength());
        Assert.Equal(users, root.GetProperty("users").GetArrayLength());
        Assert.Equal(["id", "certificate", "key", "encryption_key"], NamesOf(root.GetProperty("members")[0]));
        Assert.Equal(["id", "certificate", "key"], NamesOf(root.GetProperty("users")[0]));
        JsonElement[] all =
            [.. root.GetProperty("members").EnumerateArray(), .. root.GetProperty("users").EnumerateArray()];
        foreach (JsonElement identity in all)
        {
            foreach (string file in (string[])["certificate", "key", "encryption_key"])
            {
                if (identity.TryGetProperty(file, out JsonElement path))
                    Assert.True(File.Exists(folder.File($"sandbox/{path.GetString()}")), $"{path} is missing");
            }
        }

        Assert.True(Directory.Exists(folder.File($"sandbox/{node.GetProperty("ledger").GetString()}")));
        Assert.True(File.Exists(folder.File($"sandbox/{node.GetProperty("config").GetString()}")));
    }

    // What the tour left behind, with the commands that it printed, and then what a thief of the disk might try.
    private async Task VerifyOfflineAsync(string sandbox)
    {
        string service = Path.Combine(sandbox, "service_cert.pem");
        string receipt = Directory.GetFiles(Path.Combine(sandbox, "receipts"), "*.json")
            .Single(path => !path.Contains("changed", StringComparison.Ordinal));
        string ledger = Path.Combine(sandbox, "node0/ledger");
        string[] anchors = ["--service-cert", service, "--receipt", receipt];
        JsonElement verdict = (await VerifyAsync(ledger, anchors)).Expect(0).Json;
        Assert.True(verdict.GetProperty("ok").GetBoolean());
        Assert.True(verdict.GetProperty("anchored").GetBoolean());
        Assert.Equal(1, verdict.GetProperty("first_seqno").GetInt32());
        Assert.Empty(verdict.GetProperty("problems").EnumerateArray());
        string genesis = verdict.GetProperty("genesis").GetString()!;
        (await VerifyAsync(ledger, "--genesis", genesis)).Expect(0);
        (await VerifyAsync(ledger, "--service-cert", service)).Expect(0);
        (await VerifyAsync(ledger, "--genesis", new string('0', 64))).Expect(1);
        (await VerifyAsync(ledger, "--expect", "2.999")).Expect(1);
        await UnanchoredAsync(ledger);
        await TamperedAsync(ledger, service);
    }

    private Task<ProgramRun> VerifyAsync(string ledger, params string[] anchors) =>
        CuriaProgram.RunAsync(folder.Path, ["ledger", "verify", ledger, "--json", .. anchors]);

    private async Task UnanchoredAsync(string ledger)
    {
        ProgramRun unsure = await VerifyAsync(ledger);
        Assert.True(unsure.Json.GetProperty("establishment").GetProperty("ok").GetBoolean());
        (await CuriaProgram.RunAsync(
            folder.Path, "establish", "verify", ledger, "--charter", "sandbox/member0_charter.cbor")).Expect(0);
        Assert.False(unsure.Expect(1).Json.GetProperty("anchored").GetBoolean());
        Assert.True(unsure.Json.GetProperty("ok").GetBoolean());
        ProgramRun accepted = await VerifyAsync(ledger, "--unanchored");
        Assert.False(accepted.Expect(0).Json.GetProperty("anchored").GetBoolean());
    }

    private async Task TamperedAsync(string ledger, string service)
    {
        string copy = folder.File("copy");
        Directory.CreateDirectory(copy);
        string name = Path.GetFileName(Directory.GetFiles(ledger, "ledger_*").Single());
        byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(ledger, name));
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(Path.Combine(copy, name), bytes);
        ProgramRun run = await VerifyAsync(copy, "--service-cert", service);
        JsonElement problem = run.Expect(1).Json.GetProperty("problems")[0];
        Assert.False(run.Json.GetProperty("ok").GetBoolean());
        Assert.Equal(name, problem.GetProperty("file").GetString());
        Assert.Equal(JsonValueKind.Number, problem.GetProperty("seqno").ValueKind);
        Assert.NotEmpty(problem.GetProperty("reason").GetString()!);
    }

    private static IEnumerable<string> NamesOf(JsonElement json) =>
        json.EnumerateObject().Select(property => property.Name);
}
