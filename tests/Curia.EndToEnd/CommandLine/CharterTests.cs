using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>A team before it has a charter: the template, and the keys of the members that it names.</summary>
public sealed class CharterTeam : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    /// <summary>The names of the members.</summary>
    public static readonly string[] Members = ["alpha", "beta", "gamma"];

    /// <summary>The files.</summary>
    public string[] Files => Directory.GetFiles(folder.Path);

    public async ValueTask InitializeAsync()
    {
        (await CuriaProgram.RunAsync(folder.Path, "charter", "new", "--template")).Expect(0);
        foreach (string name in Members)
            (await CuriaProgram.RunAsync(folder.Path, "member", "keygen", "--name", name)).Expect(0);
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary><c>curia charter</c>, the way a team goes: a description, a charter, what it means, everybody's
/// signature.</summary>
public sealed class CharterTests : IClassFixture<CharterTeam>, IDisposable
{
    private static readonly string[] members = CharterTeam.Members;
    private readonly TemporaryFolder folder = new();

    public CharterTests(CharterTeam team)
    {
        foreach (string file in team.Files) File.Copy(file, folder.File(Path.GetFileName(file)));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_template_and_members_keys_make_a_charter()
    {
        JsonElement made = (await RunAsync("charter", "new", "description.json", "--json")).Expect(0).Json;
        byte[] encoded = File.ReadAllBytes(folder.File("charter.cbor"));
        string digest = made.GetProperty("digest").GetString()!;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(encoded)), digest);

        // The readable form has every field, and leads to the same bytes.
        (await RunAsync("charter", "new", "charter.json", "--out", "again")).Expect(0);
        Assert.Equal(encoded, File.ReadAllBytes(folder.File("again/charter.cbor")));
        JsonElement shown = (await RunAsync("charter", "show", "charter.cbor", "--json")).Expect(0).Json;
        Assert.Equal(digest, shown.GetProperty("digest").GetString());
        Assert.Equal(encoded.Length, shown.GetProperty("bytes").GetInt32());
        Assert.Equal(2, shown.GetProperty("cheating_founders_max").GetInt32());
        Assert.Equal(
            JsonNode.Parse(File.ReadAllBytes(folder.File("charter.json")))!.ToJsonString(),
            JsonNode.Parse(shown.GetProperty("charter").GetRawText())!.ToJsonString());

        // What was in files is in it: whoever has the charter needs no other file.
        JsonElement charter = shown.GetProperty("charter");
        Assert.Equal(
            File.ReadAllText(folder.File("beta_cert.pem")).TrimEnd(),
            charter.GetProperty("members").GetProperty("beta").GetProperty("certificate").GetString()!.TrimEnd());
        Assert.Equal(
            File.ReadAllText(folder.File("constitution.js")), charter.GetProperty("constitution").GetString());
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(folder.File("build-statement.txt")))),
            charter.GetProperty("code").GetProperty("logging").GetProperty("build_statement").GetString());
        (await RunAsync("charter", "new", "description.json")).Expect(3).SaysOnce("already there");
    }

    [Fact]
    public async Task People_read_what_signing_means()
    {
        await MakeAsync();
        string output = (await RunAsync("charter", "show", "charter.cbor")).Expect(0).Output;
        foreach (string part in (string[])
            [
                "our network", "node2", "127.0.0.1:9002", "Who can read everything:",
                "Any 2 of these 3 share holders together", "Up to 2 founding nodes may cheat",
                "On which platforms confidentiality rests:", "INSECURE", "What may happen without a vote:",
                "No signature was given of: alpha, beta, gamma",
            ])
        {
            Assert.Contains(part, output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("export function resolve", output, StringComparison.Ordinal);
        output = (await RunAsync("charter", "show", "charter.cbor", "--constitution")).Expect(0).Output;
        Assert.Contains("export function resolve", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_member_signs_with_a_key_in_a_file_or_in_a_device()
    {
        await MakeAsync();
        JsonElement signed = (await SignAsync("alpha", "--key", "alpha_privk.pem", "--json")).Expect(0).Json;
        Assert.Equal("alpha", signed.GetProperty("member").GetString());
        Assert.Equal("alpha.charter.cose", signed.GetProperty("signature").GetString());

        // The device: r and s of one, DER of the other.
        foreach ((string name, DSASignatureFormat format) in
            ((string, DSASignatureFormat)[])
            [
                ("beta", DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
                ("gamma", DSASignatureFormat.Rfc3279DerSequence),
            ])
        {
            JsonElement prepared = (await SignAsync(name, "--prepare", $"{name}.bin", "--json")).Expect(0).Json;
            Assert.Equal("ECDSA with SHA-256", prepared.GetProperty("algorithm").GetString());
            using ECDsa device = ECDsa.Create();
            device.ImportFromPem(File.ReadAllText(folder.File($"{name}_privk.pem")));
            File.WriteAllBytes(folder.File($"{name}.sig"), device.SignData(
                File.ReadAllBytes(folder.File($"{name}.bin")), HashAlgorithmName.SHA256, format));
            (await SignAsync(name, "--signature", $"{name}.sig")).Expect(0);
        }

        string[] given = [.. members.SelectMany(name => (string[])["--signature", $"{name}.charter.cose"])];
        JsonElement shown =
            (await RunAsync(["charter", "show", "charter.cbor", "--json", .. given])).Expect(0).Json;
        Assert.Empty(shown.GetProperty("unsigned").EnumerateArray());
        Assert.Equal(members, shown.GetProperty("signatures").EnumerateArray().Select(
            one => one.GetProperty("member").GetString()));
        string output = (await RunAsync(["charter", "show", "charter.json", .. given])).Expect(0).Output;
        Assert.Contains("All members have signed.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_the_members_signature_is_refused()
    {
        await MakeAsync();
        (await RunAsync("user", "keygen", "--name", "mallory")).Expect(0);
        (await SignAsync("mallory", "--key", "mallory_privk.pem")).Expect(1).SaysOnce("of no member of charter.cbor");
        (await SignAsync("alpha", "--key", "beta_privk.pem")).Expect(3).SaysOnce("not the private key");
        File.WriteAllBytes(folder.File("wrong.sig"), new byte[64]);
        (await SignAsync("alpha", "--signature", "wrong.sig")).Expect(1).SaysOnce("is not the member's signature");
        (await SignAsync("alpha", "--key", "alpha_privk.pem")).Expect(0);
        (await SignAsync("alpha", "--key", "alpha_privk.pem")).Expect(3).SaysOnce("already there");

        // A signature of the charter before somebody changed it.
        Change("\"recovery_threshold\": 2", "\"recovery_threshold\": 1");
        (await RunAsync("charter", "new", "description.json", "--out", "changed")).Expect(0);
        JsonElement shown = (await RunAsync("charter", "show", "changed/charter.cbor", "--json",
            "--signature", "alpha.charter.cose")).Expect(1).Json;
        JsonElement signature = Assert.Single(shown.GetProperty("signatures").EnumerateArray());
        Assert.Equal("AnotherCharter", signature.GetProperty("reason").GetString());
        Assert.Equal(members, shown.GetProperty("unsigned").EnumerateArray().Select(one => one.GetString()));
    }

    [Fact]
    public async Task Charters_that_differ_say_where()
    {
        await MakeAsync();
        (await RunAsync("charter", "diff", "charter.cbor", "charter.json")).Expect(0);
        (await RunAsync("user", "keygen", "--name", "beta", "--out", "other")).Expect(0);
        File.Copy(folder.File("other/beta_cert.pem"), folder.File("beta_cert.pem"), overwrite: true);
        Change("127.0.0.1:9002", "127.0.0.1:9099");
        (await RunAsync("charter", "new", "description.json", "--out", "other")).Expect(0);
        string[] diff = ["charter", "diff", "charter.cbor", "other/charter.cbor"];
        ProgramRun run = await RunAsync([.. diff, "--json"]);
        Assert.False(run.Expect(1).Json.GetProperty("equal").GetBoolean());
        Assert.Equal(
            ["members[\"beta\"].certificate", "slots[\"node2\"].address"],
            run.Json.GetProperty("differences").EnumerateArray().Select(one => one.GetProperty("path").GetString()));
        string output = (await RunAsync(diff)).Expect(1).Output;
        Assert.Contains("A  127.0.0.1:9002", output, StringComparison.Ordinal);
        Assert.Contains("B  127.0.0.1:9099", output, StringComparison.Ordinal);
        Assert.Contains("2 fields differ.", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"owner\": \"gamma\"", "\"owner\": \"omega\"", "UnknownOwner: slots[\"node2\"].owner")]
    [InlineData("\"lease_hours\": 0", "\"lease_minutes\": 0", "UnknownField: lease_minutes")]
    [InlineData("\"recovery_threshold\": 2", "\"recovery_threshold\": 4", "ThresholdAboveHolders")]
    [InlineData(
        "\"@file\": \"alpha_cert.pem\"", "\"@file\": \"constitution.js\"", "BadCertificate: members[\"alpha\"]")]
    [InlineData("\"@file\": \"alpha_cert.pem\"", "\"@file\": 7", "followed by something that is no path")]
    [InlineData("\"name\": \"our network\",", "\"name\": \"our network\", \"name\": \"yours\",", "is no JSON")]
    public async Task What_is_no_charter_is_refused_by_name(string from, string to, string says)
    {
        Change(from, to);
        (await RunAsync("charter", "new", "description.json")).Expect(1).SaysOnce(says);
        Assert.False(File.Exists(folder.File("charter.cbor")));
    }

    [Fact]
    public async Task A_charter_that_was_tampered_with_is_none()
    {
        await MakeAsync();
        byte[] bytes = File.ReadAllBytes(folder.File("charter.cbor"));
        File.WriteAllBytes(folder.File("longer.cbor"), [.. bytes, 0]);
        (await RunAsync("charter", "show", "longer.cbor")).Expect(1).SaysOnce("TrailingBytes");
        File.WriteAllBytes(folder.File("shorter.cbor"), bytes[..^1]);
        (await RunAsync("charter", "show", "shorter.cbor")).Expect(1).SaysOnce("Malformed");

        // What is read, signed and compared is the charter: it reaches for no other file.
        File.WriteAllText(folder.File("reaching.json"), """{ "name": { "@file": "alpha_privk.pem" } }""");
        (await RunAsync("charter", "show", "reaching.json")).Expect(1).SaysOnce("UnexpectedType: name");
    }

    // Nothing of ours runs constitutions yet, so another program shows that what a team begins with is one.
    [Fact]
    public async Task The_constitution_of_the_template_decides_by_more_than_half()
    {
        if (CuriaProgram.JavaScript is null) Assert.Skip("node is not installed");
        File.Copy(folder.File("constitution.js"), folder.File("constitution.mjs"));
        File.WriteAllText(folder.File("try.mjs"), """
            import { validate, resolve } from "./constitution.mjs";
            const statuses = ["Active", "Active", "Active", "Active", "Accepted"];
            globalThis.ccf = {
              kv: { "public:ccf.gov.members.info": new Map(statuses.map((status, index) => [index, { status }])) },
              bufToJsonCompatible: (info) => info,
            };
            const votes = (yes, no) => [...Array(yes).fill({ vote: true }), ...Array(no).fill({ vote: false })];
            console.log(resolve("", "", votes(2, 1)), resolve("", "", votes(3, 1)), resolve("", "", votes(1, 2)));
            console.log(validate('{"actions":[]}').valid, validate('{"actions":[{"name":"x"}]}').valid);
            """);
        using Process process =
            CuriaProgram.StartProgram(CuriaProgram.JavaScript, folder.Path, folder.File("try.mjs"));
        ProgramRun run = await CuriaProgram.EndOfAsync(process);
        Assert.Equal("Open Accepted Rejected\ntrue false\n", run.Expect(0).Output);
    }

    private async Task MakeAsync() => (await RunAsync("charter", "new", "description.json")).Expect(0);

    private void Change(string from, string to)
    {
        string description = File.ReadAllText(folder.File("description.json"));
        Assert.Contains(from, description, StringComparison.Ordinal);
        File.WriteAllText(
            folder.File("description.json"), description.Replace(from, to, StringComparison.Ordinal));
    }

    private Task<ProgramRun> SignAsync(string name, params string[] more) =>
        RunAsync(["charter", "sign", "charter.cbor", "--cert", $"{name}_cert.pem", .. more]);

    private Task<ProgramRun> RunAsync(params string[] arguments) => CuriaProgram.RunAsync(folder.Path, arguments);
}
