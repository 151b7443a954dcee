using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>Founders that do not trust each other start a network together, each with its own process, charter and
/// owner (docs/establishment.md).</summary>
public sealed class EstablishmentTests : IClassFixture<CharterTeam>, IDisposable
{
    private readonly Founders founders;

    public EstablishmentTests(CharterTeam team) => founders = new Founders(team);

    public void Dispose() => founders.Dispose();

    [Fact]
    public async Task Three_founders_open_one_network()
    {
        await founders.MakeCharterAsync();
        (await founders.RunAsync("user", "keygen", "--name", "stranger")).Expect(0);
        for (int node = 0; node < 3; node++) founders.Start(node);
        await founders.WaitForAsync(0, "identity.json");
        JsonElement waiting = (await founders.StatusAsync(founders.EarlyUrl(0))).Expect(0).Json;
        Assert.Equal("AwaitingEndorsement",
            waiting.GetProperty("nodes")[0].GetProperty("view").GetProperty("state").GetString());
        Assert.Equal("Missing", Founders.Cell(waiting, "node0", "node1"));
        for (int node = 0; node < 3; node++) (await founders.EndorseAsync(node)).Expect(0);
        foreach (int node in Enumerable.Range(0, 3)) await founders.WaitForAsync(node, "addresses.json");
        Assert.Single(Enumerable.Range(0, 3)
            .Select(node => File.ReadAllText(founders.At(node, "service_cert.pem"))).Distinct());

        // Whoever came first has no privilege: any node takes a request, and any member is a member.
        string url = founders.Url(2);
        string[] call = ["call", "POST", "/app/log/private", "--url", url, "--service-cert", "n2/service_cert.pem"];
        (await founders.RunAsync([
            .. call, "--data", """{"id":1,"msg":"founded"}""", "--cert", "user0_cert.pem", "--key", "user0_privk.pem",
            "--wait", "committed",
        ])).Expect(0);
        (await founders.RunAsync([
            .. call, "--data", """{"id":2,"msg":"no"}""", "--cert", "stranger_cert.pem", "--key", "stranger_privk.pem",
        ])).Expect(1);
        JsonElement nodes = (await founders.RunAsync(
            "call", "GET", "/node/network/nodes", "--url", url, "--service-cert", "n2/service_cert.pem",
            "--json")).Expect(0).Json.GetProperty("body").GetProperty("nodes");
        Assert.Equal(3, nodes.EnumerateArray().Count(one => one.GetProperty("status").GetString() == "Trusted"));

        JsonElement status = (await founders.StatusAsync(url)).Expect(0).Json;
        Assert.True(status.GetProperty("open").GetBoolean());
        Assert.Equal(3, status.GetProperty("nodes").GetArrayLength()); // one names the others
        foreach (string of in Founders.Slots)
            Assert.All(Founders.Slots, about => Assert.Equal("Agreed", Founders.Cell(status, of, about)));
        ProgramRun shown = (await founders.RunAsync("establish", "status", "--watch", "--node", url))
            .Expect(0);
        Assert.Contains("node1 (beta)", shown.Output, StringComparison.Ordinal);
        JsonElement charter = (await founders.RunAsync(
            "call", "GET", "/node/charter", "--url", url, "--service-cert", "n2/service_cert.pem",
            "--json")).Expect(0).Json.GetProperty("body");
        File.WriteAllText(founders.PathOf("served.json"), charter.GetRawText());
        (await founders.RunAsync("charter", "diff", "charter.cbor", "served.json")).Expect(0);

        // An auditor has the files alone.
        JsonElement verified = (await founders.RunAsync(
            "ledger", "verify", "n0/ledger", "--service-cert", "n0/service_cert.pem", "--json"))
            .Expect(0).Json;
        Assert.True(verified.GetProperty("ok").GetBoolean());
        string genesis = (await founders.RunAsync(
            "ledger", "show", "n1/ledger", "--from", "1", "--to", "1", "--json")).Expect(0).Output;
        foreach (string map in (string[])["charter", "slots", "founding_statements", "founding_endorsements"])
            Assert.Contains($"public:curia.gov.{map}", genesis, StringComparison.Ordinal);
        founders.KillAll();

        await AssertFoundedAsync();
        await AssertForgedAsync();
        await AssertAnchorsAsync();
    }

    // Whoever copies what founders said into a ledger of his own has neither their keys nor their time.
    private async Task AssertForgedAsync()
    {
        string source = Directory.GetFiles(founders.At(1, "ledger"), "ledger_*").Order(StringComparer.Ordinal).First();
        ForgedLedger.Write(source, founders.PathOf("forged"), later: TimeSpan.Zero);
        ForgedLedger.Write(source, founders.PathOf("later"), later: TimeSpan.FromDays(400));
        foreach ((string ledger, string reason) in ((string, string)[])
            [
                ("forged", "the establishment does not hold: primary: node"),
                ("later", "slot node1, endorsement: EndorsementExpired"),
            ])
        {
            JsonElement verified = (await founders.RunAsync(
                "ledger", "verify", ledger, "--unanchored", "--json")).Expect(1).Json;
            Assert.False(verified.GetProperty("ok").GetBoolean());
            Assert.False(verified.GetProperty("establishment").GetProperty("ok").GetBoolean());
            JsonElement[] problems = [.. verified.GetProperty("problems").EnumerateArray()];
            Assert.All(problems, problem => Assert.Equal(
                ("ledger_1", 1), (problem.GetProperty("file").GetString(), problem.GetProperty("seqno").GetInt32())));
            Assert.Contains(problems, problem =>
                problem.GetProperty("reason").GetString()!.Contains(reason, StringComparison.Ordinal));
            ProgramRun shown = await founders.RunAsync("establish", "verify", ledger);
            Assert.Contains("✗", shown.Expect(1).Output, StringComparison.Ordinal);
        }
    }

    // Nothing runs any more: the files say all of it.
    private async Task AssertFoundedAsync()
    {
        JsonElement verified = (await founders.RunAsync(
            "ledger", "verify", "n1/ledger", "--unanchored", "--json")).Expect(0).Json;
        Assert.True(verified.GetProperty("establishment").GetProperty("ok").GetBoolean());
        JsonElement document = (await founders.RunAsync(
            "establish", "verify", "n2/ledger", "--charter", "charter.cbor", "--genesis",
            verified.GetProperty("genesis").GetString()!, "--json")).Expect(0).Json;
        Assert.True(document.GetProperty("ok").GetBoolean() && document.GetProperty("anchored").GetBoolean());
        JsonElement establishment = document.GetProperty("establishment");
        Assert.Equal(1, establishment.GetProperty("attempt").GetInt32());
        Assert.Equal("virtual", establishment.GetProperty("weakest_platform").GetString());
        JsonElement[] recorded = [.. establishment.GetProperty("founders").EnumerateArray()];
        Assert.Equal(
            Founders.Slots.Zip(CharterTeam.Members), recorded.Select(one => (
                one.GetProperty("slot").GetString()!, one.GetProperty("owner").GetString()!)));
        Assert.All(recorded, one => Assert.True(one.GetProperty("insecure").GetBoolean()));
        Assert.All(recorded, one => Assert.Equal(64, one.GetProperty("measurement").GetString()!.Length));
        foreach (JsonElement check in recorded.SelectMany(one => one.GetProperty("checks").EnumerateArray())
            .Concat(establishment.GetProperty("checks").EnumerateArray()))
        {
            Assert.True(check.GetProperty("passed").GetBoolean(), $"{check}");
        }
    }

    private async Task AssertAnchorsAsync()
    {
        string[] verify = ["establish", "verify", "n0/ledger"];
        string shown = (await founders.RunAsync(verify)).Expect(0).Output;
        Assert.Equal(3 + 1, shown.Split("INSECURE").Length - 1); // each founder, and the verdict
        Assert.Contains("give --charter or --genesis", shown, StringComparison.Ordinal);
        await founders.MakeCharterAsync("other", description => description["key_period_days"] = 31);
        ProgramRun another = (await founders.RunAsync(
            [.. verify, "--charter", "other/charter.json"])).Expect(1);
        Assert.Contains(
            "which differs from the one given in key_period_days", another.Output, StringComparison.Ordinal);
        JsonElement difference = Assert.Single((await founders.RunAsync(
            [.. verify, "--charter", "other/charter.cbor", "--json"])).Expect(1).Json
            .GetProperty("differences").EnumerateArray());
        Assert.Equal("31", difference.GetProperty("given").GetString());
        Assert.Equal("90", difference.GetProperty("recorded").GetString());
        Assert.Contains("the genesis digest is", (await founders.RunAsync(
            [.. verify, "--genesis", new string('0', 64)])).Expect(1).Output, StringComparison.Ordinal);
        (await founders.RunAsync([.. verify, "--genesis", "x"])).Expect(2).SaysOnce("--genesis");
        (await founders.RunAsync("establish", "verify", ".")).Expect(3).SaysOnce("no ledger in .");

        // A byte of the evidence, on disk.
        string file = Directory.GetFiles(founders.At(0, "ledger"), "ledger_*").Order(StringComparer.Ordinal).First();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.AsSpan().IndexOf("public:curia.gov.nodes.evidence"u8) + 200] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Contains("refused", (await founders.RunAsync(verify)).Expect(1).Output,
            StringComparison.Ordinal);
    }

    // Whoever owns the network between the nodes, and their disks. What is looked for is known here because the virtual
    // platform tells it when it is asked to.
    [Fact]
    public async Task No_secret_is_on_the_wire_or_on_a_disk()
    {
        await founders.MakeCharterAsync();
        int[] behind = Founders.FreePorts(3);
        RecordingProxy[] wires = [.. founders.Ports.Zip(behind, (port, target) => new RecordingProxy(port, target))];
        try
        {
            for (int node = 0; node < 3; node++)
                founders.Start(node, behind: behind[node], further: ["--disclose-data-keys", $"keys{node}.json"]);
            for (int node = 0; node < 3; node++) (await founders.EndorseAsync(node)).Expect(0);
            for (int node = 0; node < 3; node++) await founders.WaitForAsync(node, "addresses.json");
            const string message = "nobody outside reads this";
            (await founders.RunAsync(
                "call", "POST", "/app/log/private", "--url", founders.Url(1), "--service-cert", "n1/service_cert.pem",
                "--data", $$"""{"id":1,"msg":"{{message}}"}""", "--cert", "user0_cert.pem", "--key",
                "user0_privk.pem", "--wait", "committed")).Expect(0);
            string[] keys = [.. Enumerable.Range(0, 3).Select(KeyOf).Distinct()];
            string key = Assert.Single(keys); // each has the same, so it went over the wire
            founders.KillAll();
            byte[][] sought =
            [
                Convert.FromHexString(key), Encoding.ASCII.GetBytes(key),
                Encoding.ASCII.GetBytes(Convert.ToBase64String(Convert.FromHexString(key))),
                Encoding.UTF8.GetBytes(message), "PRIVATE KEY"u8.ToArray(),
            ];
            byte[] wire = [.. wires.SelectMany(one => one.Seen)];
            Assert.True(wire.Length > 50_000, $"{wire.Length} bytes were seen between the nodes");
            Assert.True(wire.AsSpan().IndexOf("curia-nodes"u8) >= 0, "TLS names its protocol in clear");
            foreach (byte[] secret in sought) Assert.Equal(-1, wire.AsSpan().IndexOf(secret));
            foreach (string file in Enumerable.Range(0, 3).SelectMany(node => Directory.EnumerateFiles(
                founders.PathOf($"n{node}"), "*", SearchOption.AllDirectories)))
            {
                byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
                foreach (byte[] secret in sought) Assert.True(bytes.AsSpan().IndexOf(secret) < 0, file);
            }

            // What is looked for would be found: what is public is on the disk.
            byte[] ledger = await File.ReadAllBytesAsync(
                Directory.GetFiles(founders.At(0, "ledger"), "ledger_*").Order(StringComparer.Ordinal).First(),
                TestContext.Current.CancellationToken);
            Assert.True(ledger.AsSpan().IndexOf("public:curia.gov.charter"u8) >= 0);
        }
        finally
        {
            foreach (RecordingProxy wire in wires) wire.Dispose();
        }

        string KeyOf(int node)
        {
            using JsonDocument disclosed = JsonDocument.Parse(File.ReadAllText(founders.PathOf($"keys{node}.json")));
            return disclosed.RootElement.GetProperty("periods")[0].GetProperty("data_key").GetString()!;
        }
    }

    [Fact]
    public async Task A_founder_with_another_charter_is_told_apart_by_field_and_nothing_begins()
    {
        await founders.MakeCharterAsync();
        await founders.MakeCharterAsync("other", description => description["key_period_days"] = 31);
        for (int node = 0; node < 3; node++) founders.Start(node, node == 2 ? "other" : ".", deadline: 25);
        for (int node = 0; node < 3; node++) (await founders.EndorseAsync(node, node == 2 ? "other" : ".")).Expect(0);
        JsonElement status = await Founders.UntilAsync(
            () => founders.StatusAsync(founders.EarlyUrl(0)),
            json => json.GetProperty("problems").EnumerateArray()
                .Any(problem => problem.GetProperty("differences").GetArrayLength() > 0));
        Assert.Equal("Refused", Founders.Cell(status, "node0", "node2"));
        Assert.Equal("Verified", Founders.Cell(status, "node0", "node1"));
        JsonElement problem = status.GetProperty("problems").EnumerateArray().First(one =>
            one.GetProperty("of").GetString() == "node0" && one.GetProperty("about").GetString() == "node2");
        Assert.StartsWith("AnotherCharter", problem.GetProperty("reason").GetString(), StringComparison.Ordinal);
        JsonElement difference = Assert.Single(problem.GetProperty("differences").EnumerateArray().ToArray());
        Assert.Equal(("key_period_days", "90", "31"), (
            difference.GetProperty("field").GetString(), difference.GetProperty("of").GetString(),
            difference.GetProperty("about").GetString()));
        using HttpClient anybody = new(new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
        });
        foreach (string path in (string[])["/app/log/private?id=1", "/node/charter", "/node/network", "/metrics"])
        {
            using HttpResponseMessage refused = await anybody.GetAsync(
                new Uri(new Uri(founders.EarlyUrl(0)), path), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.True(refused.Headers.ConnectionClose);
        }

        ProgramRun[] ends = await Task.WhenAll(founders.Processes.Select(CuriaProgram.EndOfAsync));
        Assert.All(ends, end => end.Expect(3));
        Assert.Contains("slot node2 is refused (AnotherCharter", ends[0].Errors, StringComparison.Ordinal);
        Assert.Contains("Charters differ in key_period_days: here 90, in slot node2 31.", ends[0].Errors,
            StringComparison.Ordinal);
        Assert.Contains("Charters differ in key_period_days: here 31, in slot node0 90.", ends[2].Errors,
            StringComparison.Ordinal);
        Assert.Contains("slot node0 is refused (AnotherCharter", ends[2].Errors, StringComparison.Ordinal);
        founders.AssertNothingBegan(0, 1, 2);
    }

    [Fact]
    public async Task A_founder_that_does_not_come_is_named_at_the_deadline()
    {
        await founders.MakeCharterAsync();
        for (int node = 0; node < 2; node++) founders.Start(node, deadline: 12);
        for (int node = 0; node < 2; node++) (await founders.EndorseAsync(node)).Expect(0);
        ProgramRun[] ends = await Task.WhenAll(founders.Processes.Select(CuriaProgram.EndOfAsync));
        Assert.All(
            ends, end => Assert.Contains("slot node2 is missing", end.Expect(3).Errors, StringComparison.Ordinal));
        founders.AssertNothingBegan(0, 1);
    }

    [Fact]
    public async Task An_owner_endorses_its_own_node_of_authorised_code_and_one_for_each_attempt()
    {
        await founders.MakeCharterAsync();
        await founders.MakeCharterAsync("later", description =>
            description["code"]!["logging"]!["platforms"]!["virtual"]![0]!["measurement"] = new string('0', 64));
        founders.Start(0, deadline: 60);
        await founders.WaitForAsync(0, "identity.json");
        (await founders.EndorseAsync(0, "later")).Expect(1).SaysOnce("EvidenceRefused: measurement-not-expected");
        (await founders.EndorseAsync(0, member: "beta")).Expect(1).SaysOnce("slot node0 belongs to alpha");
        (await founders.EndorseAsync(0)).Expect(0);
        (await founders.EndorseAsync(0)).Expect(0); // the same again says nothing new
        Process first = founders.Processes[0];
        first.Kill(entireProcessTree: true);
        await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.Delete(founders.At(0, "identity.json"));
        founders.Start(0, deadline: 60);
        await founders.WaitForAsync(0, "identity.json");
        (await founders.EndorseAsync(0)).Expect(1).SaysOnce("anew with --attempt 2");
        (await founders.EndorseAsync(0, further: ["--attempt", "2"])).Expect(0);
    }
}
