using System;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.EndToEnd.CommandLine;

/// <summary>A node that comes later: its owner approves by whom the network is governed, its evidence binds that, and
/// members admit it (docs/establishment.md, "Joining later").</summary>
public sealed class JoiningTests : IClassFixture<CharterTeam>, IDisposable
{
    private readonly Founders founders;

    public JoiningTests(CharterTeam team) => founders = new Founders(team);

    public void Dispose() => founders.Dispose();

    [Fact]
    public async Task Who_joins_binds_what_its_owner_has_approved_and_runs_code_of_the_charter()
    {
        await founders.MakeCharterAsync();
        for (int node = 0; node < 3; node++) founders.Start(node);
        for (int node = 0; node < 3; node++) (await founders.EndorseAsync(node)).Expect(0);
        for (int node = 0; node < 3; node++) await founders.WaitForAsync(node, "addresses.json");

        // A prospective owner sees what it would approve.
        string[] diff = ["charter", "diff", "charter.cbor", "--from", founders.Url(0)];
        JsonElement shown = (await founders.RunAsync([.. diff, "--json"])).Expect(0).Json;
        string network = shown.GetProperty("network").GetString()!;
        string governance = shown.GetProperty("governance").GetString()!;
        Assert.Contains(governance, (await founders.RunAsync(diff)).Expect(0).Output, StringComparison.Ordinal);
        await founders.MakeCharterAsync("other", description => description["key_period_days"] = 31);
        JsonElement other = (await founders.RunAsync(
            "charter", "diff", "other/charter.cbor", "--from", founders.Url(0), "--json")).Expect(1).Json;
        Assert.Equal("key_period_days", other.GetProperty("differences")[0].GetProperty("path").GetString());

        // What a member signs for counts for nothing where the evidence is not right.
        await using RogueFounder rogue = await RogueFounder.StartAsync(founders, slot: 1, listens: false);
        Digest binding = GovernanceState.BindingOf(DigestOf(network), DigestOf(governance));
        Digest stale = GovernanceState.BindingOf(DigestOf(network), Digest.Of("other members"u8));
        Digest elsewhere = GovernanceState.BindingOf(Digest.Of("a fork"u8), DigestOf(governance));
        await RefusedAsync("report-data-mismatch", rogue, rogue.Evidence(stale));
        await RefusedAsync("report-data-mismatch", rogue, rogue.Evidence(elsewhere));
        await RefusedAsync("report-data-mismatch", rogue, rogue.Evidence(Digest.Zero));
        await RefusedAsync("report-data-mismatch", rogue, rogue.Evidence(binding, node: founders.NodeOf(0)));
        await RefusedAsync("measurement-not-expected", rogue, rogue.Evidence(binding, program: "another program"));
        await RefusedAsync("policy-debug-enabled", rogue, rogue.Evidence(binding, debug: true));
        await RefusedAsync("AnotherPlatform", rogue, rogue.Evidence(binding, platform: "virtual-c"));
        await RefusedAsync("EvidenceMissing", rogue, null);
        (await AddAsync(rogue, rogue.Evidence(binding), "alpha")).Expect(0); // all else of it was right

        // The real one.
        founders.StartJoiner(3, network, governance, 0, 1);
        await founders.WaitForAsync(3, "identity.json");
        string identity = founders.PathOf("n3/identity.json");
        using (JsonDocument said = JsonDocument.Parse(File.ReadAllText(identity)))
        {
            string[] add =
            [
                "node", "add", "--id", said.RootElement.GetProperty("node_id").GetString()!, "--peer-address",
                said.RootElement.GetProperty("peer_address").GetString()!, "--evidence", identity, "--owner",
                OwnerOf(rogue),
            ];
            foreach (string member in CharterTeam.Members[..2]) (await SignedAsync(add, member)).Expect(0);
        }

        await founders.WaitForAsync(3, "addresses.json");
        JsonElement status = (await founders.StatusAsync(founders.Url(3))).Expect(0).Json;
        Assert.True(status.GetProperty("open").GetBoolean());
        (await founders.RunAsync("ledger", "verify", "n3/ledger", "--genesis", network)).Expect(0);
    }

    // The commit rule counts owners.
    private static string OwnerOf(RogueFounder rogue) => $"{rogue.Charter.Content.Members["alpha"].Id}";

    private static Digest DigestOf(string hex)
    {
        Assert.True(Digest.TryParseHex(hex, out Digest digest));
        return digest;
    }

    private async Task RefusedAsync(string reason, RogueFounder rogue, AttesterEvidence? evidence) =>
        Assert.Contains(
            reason, (await AddAsync(rogue, evidence, "alpha")).Expect(1).Errors, StringComparison.Ordinal);

    private Task<ProgramRun> AddAsync(RogueFounder rogue, AttesterEvidence? evidence, string member)
    {
        string[] add =
            ["node", "add", "--id", $"{rogue.Node}", "--peer-address", "127.0.0.1:9", "--owner", OwnerOf(rogue)];
        if (evidence is null) return SignedAsync(add, member);
        File.WriteAllText(founders.PathOf("rogue.json"), RogueFounder.IdentityOf(rogue.Node, evidence));
        return SignedAsync([.. add, "--evidence", "rogue.json"], member);
    }

    private Task<ProgramRun> SignedAsync(string[] command, string member) => founders.RunAsync([
        .. command, "--url", founders.Url(0), "--service-cert", "n0/service_cert.pem", "--cert", $"{member}_cert.pem",
        "--key", $"{member}_privk.pem",
    ]);
}
