using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>Founders that do not trust each other start a network together, each with its own process, charter and
/// owner (docs/establishment.md).</summary>
public sealed class EstablishmentTests : IClassFixture<CharterTeam>, IDisposable
{
    private const string Slots = "node0 node1 node2";
    private static readonly string[] members = CharterTeam.Members;
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder folder = new();
    private readonly List<Process> processes = [];
    private readonly int[] ports;

    public EstablishmentTests(CharterTeam team)
    {
        foreach (string file in team.Files) File.Copy(file, folder.File(Path.GetFileName(file)));
        ports = FreePorts(3);
    }

    public void Dispose()
    {
        foreach (Process process in processes)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            process.Dispose();
        }

        folder.Dispose();
    }

    [Fact]
    public async Task Three_founders_open_one_network()
    {
        await MakeCharterAsync();
        (await CuriaProgram.RunAsync(folder.Path, "user", "keygen", "--name", "stranger")).Expect(0);
        for (int node = 0; node < 3; node++) Start(node);
        for (int node = 0; node < 3; node++) (await EndorseAsync(node)).Expect(0);
        foreach (int node in Enumerable.Range(0, 3)) await WaitForAsync(node, "addresses.json");
        Assert.Single(Enumerable.Range(0, 3).Select(node => File.ReadAllText(At(node, "service_cert.pem"))).Distinct());

        // Whoever came first has no privilege: any node takes a request, and any member is a member.
        string url = Url(2);
        string[] call = ["call", "POST", "/app/log/private", "--url", url, "--service-cert", "n2/service_cert.pem"];
        (await CuriaProgram.RunAsync(folder.Path, [
            .. call, "--data", """{"id":1,"msg":"founded"}""", "--cert", "user0_cert.pem", "--key", "user0_privk.pem",
            "--wait", "committed",
        ])).Expect(0);
        (await CuriaProgram.RunAsync(folder.Path, [
            .. call, "--data", """{"id":2,"msg":"no"}""", "--cert", "stranger_cert.pem", "--key", "stranger_privk.pem",
        ])).Expect(1);
        JsonElement nodes = (await CuriaProgram.RunAsync(
            folder.Path, "call", "GET", "/node/network/nodes", "--url", url, "--service-cert", "n2/service_cert.pem",
            "--json")).Expect(0).Json.GetProperty("body").GetProperty("nodes");
        Assert.Equal(3, nodes.EnumerateArray().Count(one => one.GetProperty("status").GetString() == "Trusted"));

        // An auditor has the files alone.
        JsonElement verified = (await CuriaProgram.RunAsync(
            folder.Path, "ledger", "verify", "n0/ledger", "--service-cert", "n0/service_cert.pem", "--json"))
            .Expect(0).Json;
        Assert.True(verified.GetProperty("ok").GetBoolean());
        string genesis = (await CuriaProgram.RunAsync(
            folder.Path, "ledger", "show", "n1/ledger", "--from", "1", "--to", "1", "--json")).Expect(0).Output;
        foreach (string map in (string[])["charter", "slots", "founding_statements", "founding_endorsements"])
            Assert.Contains($"public:curia.gov.{map}", genesis, StringComparison.Ordinal);
        foreach (Process process in processes)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await AssertFoundedAsync();
        await AssertForgedAsync();
        await AssertAnchorsAsync();
    }

    // Whoever copies what founders said into a ledger of his own has neither their keys nor their time.
    private async Task AssertForgedAsync()
    {
        string source = Directory.GetFiles(At(1, "ledger"), "ledger_*").Order(StringComparer.Ordinal).First();
        ForgedLedger.Write(source, folder.File("forged"), later: TimeSpan.Zero);
        ForgedLedger.Write(source, folder.File("later"), later: TimeSpan.FromDays(400));
        foreach ((string ledger, string reason) in ((string, string)[])
            [
                ("forged", "the establishment does not hold: primary: node"),
                ("later", "slot node1, endorsement: EndorsementExpired"),
            ])
        {
            JsonElement verified = (await CuriaProgram.RunAsync(
                folder.Path, "ledger", "verify", ledger, "--unanchored", "--json")).Expect(1).Json;
            Assert.False(verified.GetProperty("ok").GetBoolean());
            Assert.False(verified.GetProperty("establishment").GetProperty("ok").GetBoolean());
            JsonElement[] problems = [.. verified.GetProperty("problems").EnumerateArray()];
            Assert.All(problems, problem => Assert.Equal(
                ("ledger_1", 1), (problem.GetProperty("file").GetString(), problem.GetProperty("seqno").GetInt32())));
            Assert.Contains(problems, problem =>
                problem.GetProperty("reason").GetString()!.Contains(reason, StringComparison.Ordinal));
            ProgramRun shown = await CuriaProgram.RunAsync(folder.Path, "establish", "verify", ledger);
            Assert.Contains("✗", shown.Expect(1).Output, StringComparison.Ordinal);
        }
    }

    // Nothing runs any more: the files say all of it.
    private async Task AssertFoundedAsync()
    {
        JsonElement verified = (await CuriaProgram.RunAsync(
            folder.Path, "ledger", "verify", "n1/ledger", "--unanchored", "--json")).Expect(0).Json;
        Assert.True(verified.GetProperty("establishment").GetProperty("ok").GetBoolean());
        JsonElement document = (await CuriaProgram.RunAsync(
            folder.Path, "establish", "verify", "n2/ledger", "--charter", "charter.cbor", "--genesis",
            verified.GetProperty("genesis").GetString()!, "--json")).Expect(0).Json;
        Assert.True(document.GetProperty("ok").GetBoolean() && document.GetProperty("anchored").GetBoolean());
        JsonElement establishment = document.GetProperty("establishment");
        Assert.Equal(1, establishment.GetProperty("attempt").GetInt32());
        Assert.Equal("virtual", establishment.GetProperty("weakest_platform").GetString());
        JsonElement[] founders = [.. establishment.GetProperty("founders").EnumerateArray()];
        Assert.Equal(
            Slots.Split(' ').Zip(members), founders.Select(one => (
                one.GetProperty("slot").GetString()!, one.GetProperty("owner").GetString()!)));
        Assert.All(founders, one => Assert.True(one.GetProperty("insecure").GetBoolean()));
        Assert.All(founders, one => Assert.Equal(64, one.GetProperty("measurement").GetString()!.Length));
        foreach (JsonElement check in founders.SelectMany(one => one.GetProperty("checks").EnumerateArray())
            .Concat(establishment.GetProperty("checks").EnumerateArray()))
        {
            Assert.True(check.GetProperty("passed").GetBoolean(), $"{check}");
        }
    }

    private async Task AssertAnchorsAsync()
    {
        string[] verify = ["establish", "verify", "n0/ledger"];
        string shown = (await CuriaProgram.RunAsync(folder.Path, verify)).Expect(0).Output;
        Assert.Equal(3 + 1, shown.Split("INSECURE").Length - 1); // each founder, and the verdict
        Assert.Contains("give --charter or --genesis", shown, StringComparison.Ordinal);
        await MakeCharterAsync("other", description => description["key_period_days"] = 31);
        ProgramRun another = (await CuriaProgram.RunAsync(
            folder.Path, [.. verify, "--charter", "other/charter.json"])).Expect(1);
        Assert.Contains(
            "which differs from the one given in key_period_days", another.Output, StringComparison.Ordinal);
        JsonElement difference = Assert.Single((await CuriaProgram.RunAsync(
            folder.Path, [.. verify, "--charter", "other/charter.cbor", "--json"])).Expect(1).Json
            .GetProperty("differences").EnumerateArray());
        Assert.Equal("31", difference.GetProperty("given").GetString());
        Assert.Equal("90", difference.GetProperty("recorded").GetString());
        Assert.Contains("the genesis digest is", (await CuriaProgram.RunAsync(
            folder.Path, [.. verify, "--genesis", new string('0', 64)])).Expect(1).Output, StringComparison.Ordinal);
        (await CuriaProgram.RunAsync(folder.Path, [.. verify, "--genesis", "x"])).Expect(2).SaysOnce("--genesis");
        (await CuriaProgram.RunAsync(folder.Path, "establish", "verify", ".")).Expect(3).SaysOnce("no ledger in .");

        // A byte of the evidence, on disk.
        string file = Directory.GetFiles(At(0, "ledger"), "ledger_*").Order(StringComparer.Ordinal).First();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.AsSpan().IndexOf("public:curia.gov.nodes.evidence"u8) + 200] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Contains("refused", (await CuriaProgram.RunAsync(folder.Path, verify)).Expect(1).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_founder_with_another_charter_is_told_apart_by_field_and_nothing_begins()
    {
        await MakeCharterAsync();
        await MakeCharterAsync("other", description => description["key_period_days"] = 31);
        for (int node = 0; node < 3; node++) Start(node, node == 2 ? "other" : ".", deadline: 15);
        for (int node = 0; node < 3; node++) (await EndorseAsync(node, node == 2 ? "other" : ".")).Expect(0);
        ProgramRun[] ends = await Task.WhenAll(processes.Select(CuriaProgram.EndOfAsync));
        Assert.All(ends, end => end.Expect(3));
        Assert.Contains("slot node2 is refused (AnotherCharter", ends[0].Errors, StringComparison.Ordinal);
        Assert.Contains("Charters differ in key_period_days: here 90, in slot node2 31.", ends[0].Errors,
            StringComparison.Ordinal);
        Assert.Contains("Charters differ in key_period_days: here 31, in slot node0 90.", ends[2].Errors,
            StringComparison.Ordinal);
        Assert.Contains("slot node0 is refused (AnotherCharter", ends[2].Errors, StringComparison.Ordinal);
        for (int node = 0; node < 3; node++)
        {
            Assert.Empty(Directory.GetFiles(At(node, "ledger"), "ledger_*"));
            Assert.Empty(Directory.GetFiles(At(node, "sealed"), "secrets_*"));
            Assert.False(File.Exists(At(node, "service_cert.pem")));
        }
    }

    [Fact]
    public async Task A_founder_that_does_not_come_is_named_at_the_deadline()
    {
        await MakeCharterAsync();
        for (int node = 0; node < 2; node++) Start(node, deadline: 12);
        for (int node = 0; node < 2; node++) (await EndorseAsync(node)).Expect(0);
        ProgramRun[] ends = await Task.WhenAll(processes.Select(CuriaProgram.EndOfAsync));
        Assert.All(
            ends, end => Assert.Contains("slot node2 is missing", end.Expect(3).Errors, StringComparison.Ordinal));
        Assert.All(Enumerable.Range(0, 2), node => Assert.Empty(Directory.GetFiles(At(node, "ledger"), "ledger_*")));
    }

    [Fact]
    public async Task An_owner_endorses_its_own_node_of_authorised_code_and_one_for_each_attempt()
    {
        await MakeCharterAsync();
        await MakeCharterAsync("later", description =>
            description["code"]!["logging"]!["platforms"]!["virtual"]![0]!["measurement"] = new string('0', 64));
        Start(0, deadline: 60);
        await WaitForAsync(0, "identity.json");
        (await EndorseAsync(0, "later")).Expect(1).SaysOnce("EvidenceRefused: measurement-not-expected");
        (await EndorseAsync(0, member: "beta")).Expect(1).SaysOnce("slot node0 belongs to alpha");
        (await EndorseAsync(0)).Expect(0);
        (await EndorseAsync(0)).Expect(0); // the same again says nothing new
        Process first = processes[0];
        first.Kill(entireProcessTree: true);
        await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.Delete(At(0, "identity.json"));
        Start(0, deadline: 60);
        await WaitForAsync(0, "identity.json");
        (await EndorseAsync(0)).Expect(1).SaysOnce("anew with --attempt 2");
        (await EndorseAsync(0, further: ["--attempt", "2"])).Expect(0);
    }

    private async Task MakeCharterAsync(string to = ".", Action<JsonNode>? change = null)
    {
        if (!File.Exists(folder.File("user0_cert.pem")))
            (await CuriaProgram.RunAsync(folder.Path, "user", "keygen", "--name", "user0")).Expect(0);
        JsonNode description = JsonNode.Parse(
            File.ReadAllText(folder.File("description.json")), documentOptions: new JsonDocumentOptions
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
            })!;
        description["opening"] = "at_once";
        description["participants"]!["user0"] =
            new JsonObject { ["certificate"] = new JsonObject { ["@file"] = "user0_cert.pem" }, ["kind"] = "key" };
        foreach ((string slot, int port) in Slots.Split(' ').Zip(ports))
            description["slots"]![slot]!["address"] = $"127.0.0.1:{port}";
        change?.Invoke(description);
        File.WriteAllText(folder.File("changed.json"), description.ToJsonString());
        (await CuriaProgram.RunAsync(folder.Path, "charter", "new", "changed.json", "--out", to)).Expect(0);
    }

    private void Start(int node, string charter = ".", int deadline = 60)
    {
        foreach (string name in (string[])["ledger", "snapshots", "sealed"]) Directory.CreateDirectory(At(node, name));
        JsonObject configuration = new()
        {
            ["name"] = $"node{node}",
            ["ledger"] = "ledger",
            ["snapshots"] = "snapshots",
            ["sealed_secrets"] = "sealed",
            ["listeners"] = new JsonArray(new JsonObject { ["name"] = "main", ["address"] = "127.0.0.1:0" }),
            ["peers"] = new JsonObject { ["address"] = $"127.0.0.1:{ports[node]}" },
            ["establishment"] = new JsonObject
            {
                ["charter"] = Path.Combine("..", charter, "charter.cbor"),
                ["slot"] = $"node{node}",
                ["endorsement"] = "endorsement.cose",
                ["deadline_seconds"] = deadline,
            },
            ["output"] = new JsonObject
            {
                ["service_certificate"] = "service_cert.pem",
                ["addresses"] = "addresses.json",
                ["identity"] = "identity.json",
            },
            ["log"] = new JsonObject { ["format"] = "text", ["level"] = "info" },
        };
        File.WriteAllText(At(node, "node.json"), configuration.ToJsonString());
        processes.Add(CuriaProgram.Start(
            folder.Path, "node", "start", "--app", "logging", "--config", $"n{node}/node.json"));
    }

    private async Task<ProgramRun> EndorseAsync(
        int node, string charter = ".", string? member = null, params string[] further)
    {
        await WaitForAsync(node, "identity.json");
        string owner = member ?? members[node];
        return await CuriaProgram.RunAsync(folder.Path, [
            "node", "endorse", "--charter", Path.Combine(charter, "charter.cbor"), "--slot", $"node{node}",
            "--identity", $"n{node}/identity.json", "--cert", $"{owner}_cert.pem", "--key", $"{owner}_privk.pem",
            "--out", $"n{node}/endorsement.cose", "--record", $"n{node}/endorsed.json", .. further,
        ]);
    }

    private async Task WaitForAsync(int node, string file)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (!File.Exists(At(node, file)))
        {
            Assert.True(waited.Elapsed < patience, $"node {node} did not write {file}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private string Url(int node)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(At(node, "addresses.json")));
        return document.RootElement.GetProperty("listeners")[0].GetProperty("url").GetString()!;
    }

    private string At(int node, string file) => folder.File(Path.Combine($"n{node}", file));

    // They must stand in the charter before anybody listens.
    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Dispose();
        return ports;
    }
}
