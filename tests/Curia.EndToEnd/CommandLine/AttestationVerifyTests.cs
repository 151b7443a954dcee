using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary><c>curia attestation verify</c>, <c>show</c> and <c>get</c>: on folders that others have published, and on
/// the nodes of a sandbox.</summary>
public sealed class AttestationVerifyTests(OpenSandbox sandbox) : IClassFixture<OpenSandbox>, IDisposable
{
    private static readonly string vectors =
        Path.GetFullPath(Path.Combine(CuriaProgram.Repository, "../shared/vectors/attestation"));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static string Case(string name)
    {
        string path = Path.Combine(vectors, name);
        if (!Directory.Exists(path)) Assert.Skip($"the vectors are not at {vectors}");
        return path;
    }

    // Every folder gets its verdict in unit tests; here some of each kind go through the program.
    [Theory]
    [InlineData("snp", "milan-v2-vcek-aci-sidecar", "")]
    [InlineData("snp", "turin-v5-vcek-tav", "")]
    [InlineData("snp", "neg-milan-v2-vcek-virtee-flip-hostdata", "report-signature-invalid")]
    [InlineData("snp", "neg-uvm-other-measurement", "chain-incomplete")]
    [InlineData("tdx", "tdx-v4-phala", "")]
    [InlineData("tdx", "tdx-v4-coco-debugtd", "tcb-status-out-of-date")]
    [InlineData("tdx", "neg-tdx-v4-phala-collateral-expired", "root-crl-expired")]
    [InlineData("sgx", "sgx-v3-phala", "tcb-status-configuration-and-sw-hardening-needed")]
    public async Task A_folder_gets_its_verdict_in_the_exit_code(string platform, string name, string reason)
    {
        string bundle = Case($"{platform}/{name}");
        using JsonDocument about = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(bundle, "case.json")));
        string at = about.RootElement.TryGetProperty("verify_at", out JsonElement moment)
            ? moment.GetString()!
            : "2026-06-01T00:00:00Z";
        ProgramRun run = await CuriaProgram.RunAsync(
            folder.Path, "attestation", "verify", "--platform", platform, "--bundle", bundle, "--at", at, "--json");
        JsonElement document = run.Expect(reason.Length == 0 ? 0 : 1).Json;
        Assert.Equal(reason.Length == 0 ? "accepted" : "rejected", document.GetProperty("verdict").GetString());
        Assert.Equal(reason, document.GetProperty("reason").GetString());
        JsonElement[] checks = [.. document.GetProperty("checks").EnumerateArray()];
        Assert.All(checks[..^1], check => Assert.True(check.GetProperty("passed").GetBoolean()));
        Assert.Equal(reason.Length == 0, checks[^1].GetProperty("passed").GetBoolean());
        if (reason.Length > 0) return;
        JsonElement expected = about.RootElement.GetProperty("expected");
        foreach (string field in (string[])["measurement", "report_data"])
            Assert.Equal(expected.GetProperty(field).GetString(), document.GetProperty(field).GetString());
    }

    [Fact]
    public async Task What_is_expected_decides_too()
    {
        string bundle = Case("tdx/tdx-v4-phala");
        string[] verify =
        [
            "attestation", "verify", "--platform", "tdx", "--bundle", bundle, "--at", "2025-06-19T11:32:27Z", "--json",
        ];
        async Task<string> ReasonAsync(int exitCode, params string[] more) =>
            (await CuriaProgram.RunAsync(folder.Path, [.. verify, .. more])).Expect(exitCode).Json
                .GetProperty("reason").GetString()!;
        Assert.Equal("measurement-not-expected", await ReasonAsync(1, "--measurement", new string('0', 96)));
        Assert.Equal("report-data-mismatch", await ReasonAsync(1, "--report-data", "00"));
        File.WriteAllText(folder.File("policy.json"), """{"tdx":{"accepted_tcb_statuses":["OutOfDate"]}}""");
        Assert.Equal("tcb-status-up-to-date", await ReasonAsync(1, "--policy", folder.File("policy.json")));
        File.WriteAllText(folder.File("newer.json"), """{"tdx":{"revocation_lists_since":"2026-11-01T00:00:00Z"}}""");
        Assert.Equal("root-crl-too-old", await ReasonAsync(1, "--policy", folder.File("newer.json")));
        string[] registers =
        [
            .. (await CuriaProgram.RunAsync(folder.Path, verify)).Expect(0).Json.GetProperty("runtime_measurements")
                .EnumerateArray().Select(register => register.GetString()!),
        ];
        Assert.Equal("", await ReasonAsync(
            0, "--runtime-measurement", $"1={registers[1]}", "--runtime-measurement", $"2={registers[2]}"));
        Assert.Equal("runtime-measurement-mismatch", await ReasonAsync(
            1, "--runtime-measurement", $"1={registers[1]}", "--runtime-measurement", $"2={new string('0', 96)}"));
        Assert.Equal("tcb-evaluation-below-minimum",
            await ReasonAsync(1, "--minimum-tcb", """{"tcb_evaluation_data_number":10000}"""));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("1=00")]
    [InlineData("x=000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000")]
    public async Task What_is_no_runtime_measurement_is_wrong_usage(string text) =>
        (await CuriaProgram.RunAsync(folder.Path, "attestation", "verify", "--platform", "tdx", "--bundle", ".",
            "--runtime-measurement", text)).Expect(2).SaysOnce("is not like 2=HEX");

    [Theory]
    [InlineData("""{"tdx":{"accepted":[]}}""")]
    [InlineData("""{"tdx":{"accepted_tcb_statuses":["Foo"]}}""")]
    [InlineData("""{"tdx":{"signers":[]}}""")]
    [InlineData("""{"snp":{"required_platform_info":"33"}}""")]
    [InlineData("""{"snp":{"minimum_tcb":{"genoa":{}}}}""")]
    [InlineData("""{"snp":{"processors":["genoa"]}}""")]
    [InlineData("""{"snp":{"minimum_tcb":{"Genoa":null}}}""")]
    [InlineData("""{"snp":{"id_key_digests":[null]}}""")]
    [InlineData("""{"snp":{"id_key_digests":["x"]}}""")]
    [InlineData("""{"snp":{"vmpls":null}}""")]
    [InlineData("""{"snp":{"id_key_digests":["00"]}}""")]
    [InlineData("""{"snp":{"minimum_tcb":{"Genoa":{}}}}""")]
    [InlineData("""{"snp":{"minimum_tcb":{"Genoa":{"fmc":1,"snp":1}}}}""")]
    [InlineData("""{"snp":{"minimum_firmware":"1.55"}}""")]
    [InlineData("""{"snp":{"minimum_uvm_svn":-1}}""")]
    [InlineData("""{"snp":{"vmpls":0}}""")]
    [InlineData("""{"snp":{"vmpls":[0],"vmpls":[1]}}""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    public async Task What_is_no_policy_is_wrong_usage(string policy)
    {
        File.WriteAllText(folder.File("policy.json"), policy);
        ProgramRun run = await CuriaProgram.RunAsync(
            folder.Path, "attestation", "verify", "--platform", "tdx", "--bundle", ".", "--policy", "policy.json");
        Assert.DoesNotContain(".NET", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Path:", run.Errors, StringComparison.Ordinal);
        run.Expect(2).SaysOnce(policy.Contains("signers", StringComparison.Ordinal)
                ? "belong under sgx"
                : "\"Policy files\"");
    }

    [Fact]
    public async Task A_policy_that_holds_is_taken_and_minimums_count()
    {
        string bundle = Case("snp/milan-v2-vcek-aci-sidecar");
        async Task<string> ReasonAsync(int exitCode, string policy)
        {
            File.WriteAllText(folder.File("policy.json"), policy);
            ProgramRun run = await CuriaProgram.RunAsync(
                folder.Path, "attestation", "verify", "--platform", "snp", "--bundle", bundle, "--at",
                "2026-06-01", "--policy", "policy.json", "--json");
            return run.Expect(exitCode).Json.GetProperty("reason").GetString()!;
        }

        Assert.Equal("uvm-svn-below-minimum", await ReasonAsync(1, """{"snp":{"minimum_uvm_svn":100000}}"""));
        Assert.Equal("firmware-below-minimum", await ReasonAsync(1, """{"snp":{"minimum_firmware":"9.0.0"}}"""));
        Assert.Equal("", await ReasonAsync(
            0, """{"snp":{"minimum_uvm_svn":1,"minimum_firmware":"1.0.0"}, /* so it stays */ }"""));
    }

    // To open a pipe waits for somebody who writes into it.
    [Fact]
    public async Task What_is_no_file_is_refused_and_not_opened()
    {
        string bundle = folder.File("bundle");
        Directory.CreateDirectory(bundle);
        using (Process made = Process.Start("mkfifo", Path.Combine(bundle, "report.bin")))
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        string[] verify = ["attestation", "verify", "--platform", "snp", "--bundle", bundle];
        (await CuriaProgram.RunAsync(folder.Path, verify)).Expect(3).SaysOnce("it is a pipe, and no file");
        (await CuriaProgram.RunAsync(folder.Path, "attestation", "show", bundle)).Expect(3)
            .SaysOnce("it is a pipe, and no file");
        (await CuriaProgram.RunAsync(folder.Path, [.. verify, "--policy", "/dev/zero"])).Expect(3)
            .SaysOnce("it is a device, and no file");
        (await CuriaProgram.RunAsync(folder.Path, [.. verify, "--policy", bundle])).Expect(3)
            .SaysOnce("it is a folder");
        (await CuriaProgram.RunAsync(folder.Path, [.. verify, "--trust-root", Path.Combine(bundle, "report.bin")]))
            .Expect(3).SaysOnce("it is a pipe, and no file");
        File.Delete(Path.Combine(bundle, "report.bin"));
        Directory.CreateDirectory(Path.Combine(bundle, "report.bin"));
        (await CuriaProgram.RunAsync(folder.Path, verify)).Expect(3).SaysOnce("it is a folder");
        Directory.Delete(Path.Combine(bundle, "report.bin"));
        File.WriteAllBytes(Path.Combine(bundle, "report.bin"), new byte[(512 * 1024) + 1]);
        (await CuriaProgram.RunAsync(folder.Path, verify)).Expect(3).SaysOnce("is longer than 512 KiB");
    }

    [Fact]
    public async Task A_folder_of_another_platform_lacks_files_by_name()
    {
        string bundle = Case("snp/genoa-v3-vcek-tav");
        JsonElement document = (await CuriaProgram.RunAsync(
            folder.Path, "attestation", "verify", "--platform", "tdx", "--bundle", bundle, "--json")).Expect(1).Json;
        Assert.Equal("evidence-file-missing", document.GetProperty("reason").GetString());
        document = (await CuriaProgram.RunAsync(
            folder.Path, "attestation", "verify", "--platform", "snp", "--bundle", folder.Path, "--json"))
            .Expect(1).Json;
        Assert.Equal("report.bin, leaf.der",
            document.GetProperty("checks").EnumerateArray().Last().GetProperty("detail").GetString());
    }

    [Fact]
    public async Task What_is_in_a_report_is_explained_and_what_is_nearly_one_too()
    {
        async Task<JsonElement> FieldsAsync(string path) =>
            (await CuriaProgram.RunAsync(folder.Path, "attestation", "show", Case(path), "--json")).Expect(0).Json
                .GetProperty("fields");
        ProgramRun genoa = await CuriaProgram.RunAsync(
            folder.Path, "attestation", "show", Case("snp/genoa-v3-vcek-tav"));
        string output = genoa.Expect(0).Output;
        Assert.Matches("reported_tcb +[0-9a-f]{16}  \\(bootloader [0-9]+, tee [0-9]+, snp [0-9]+, microcode", output);
        Assert.Contains("report_id_ma", output, StringComparison.Ordinal);
        Assert.Contains("family_id", output, StringComparison.Ordinal);
        JsonElement quote = await FieldsAsync("tdx/tdx-v4-phala");
        Assert.Matches("^[0-9a-f]{12}$", quote.GetProperty("pck_fmspc").GetString());
        Assert.Equal(
            (await FieldsAsync("tdx/tdx-v4-azurecvm-coco")).GetProperty("mr_td").GetString(),
            (await FieldsAsync("tdx/tdx-v4-azurecvm-hcl-coco")).GetProperty("mr_td").GetString());

        byte[] report = File.ReadAllBytes(Path.Combine(Case("snp/genoa-v3-vcek-tav"), "report.bin"));
        byte[] wrong = [.. report];
        wrong[0x4C] = 1;
        foreach ((byte[] bytes, string says) in ((byte[], string)[])
        [
            (report[..^1], "report-length"), (wrong, "reserved-nonzero"), ("HCLA"u8.ToArray(), "hcl-report-malformed"),
            (File.ReadAllBytes(Path.Combine(Case("tdx/tdx-v4-phala"), "quote.bin"))[..700], "quote-truncated"),
            ("nothing"u8.ToArray(), "is no report of SEV-SNP"),
        ])
        {
            File.WriteAllBytes(folder.File("shown.bin"), bytes);
            (await CuriaProgram.RunAsync(folder.Path, "attestation", "show", "shown.bin")).Expect(1).SaysOnce(says);
        }
    }

    [Fact]
    public async Task People_read_every_check()
    {
        string bundle = Case("snp/genoa-v3-vcek-tav");
        ProgramRun run = await CuriaProgram.RunAsync(
            folder.Path, "attestation", "verify", "--platform", "snp", "--bundle", bundle, "--at", "2026-06-01");
        string output = run.Expect(0).Output;
        Assert.Contains("✓ report-signature", output, StringComparison.Ordinal);
        Assert.Contains("AMD 56860", output, StringComparison.Ordinal);
        Assert.EndsWith("accepted", output.TrimEnd(), StringComparison.Ordinal);
        run = await CuriaProgram.RunAsync(folder.Path, "attestation", "show", bundle);
        output = run.Expect(0).Output;
        Assert.Contains("SEV-SNP report, version 3", output, StringComparison.Ordinal);
        Assert.Contains("Genoa", output, StringComparison.Ordinal);
        Assert.Contains("Nothing of this is verified", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_of_a_sandbox_gives_evidence_of_its_program()
    {
        string bundle = folder.File("evidence");
        JsonElement got = (await sandbox.RunAsync("attestation", "get", "--out", bundle, "--json")).Expect(0).Json;
        string id = got.GetProperty("node").GetString()!;
        string[] verify = ["attestation", "verify", "--platform", "virtual", "--bundle", bundle, "--json", "--node"];
        string charter = got.GetProperty("charter").GetString()!;
        JsonElement verified =
            (await CuriaProgram.RunAsync(folder.Path, [.. verify, id, "--charter", charter])).Expect(0).Json;
        (await CuriaProgram.RunAsync(folder.Path, [.. verify, id])).Expect(1);
        string measurement = verified.GetProperty("measurement").GetString()!;
        JsonElement other =
            (await CuriaProgram.RunAsync(folder.Path, [.. verify, new string('0', 64), "--charter", charter]))
            .Expect(1).Json;
        Assert.Equal("report-data-mismatch", other.GetProperty("reason").GetString());
        ProgramRun shown = await CuriaProgram.RunAsync(folder.Path, "attestation", "show", bundle);
        Assert.Contains("INSECURE", shown.Expect(0).Output, StringComparison.Ordinal);

        // It is that of the program's files, as a shell computes it (docs/attestation.md).
        string program = Path.Combine(CuriaProgram.Repository, "artifacts/curia/apps/logging");
        Assert.Equal(MeasurementOf(program), measurement);
        JsonElement quotes = (await sandbox.RunAsync("call", "GET", "/node/quotes", "--json")).Expect(0).Json;
        JsonElement only = Assert.Single(quotes.GetProperty("body").GetProperty("quotes").EnumerateArray());
        Assert.Equal(measurement, only.GetProperty("measurement").GetString());
    }

    private static string MeasurementOf(string program)
    {
        StringBuilder lines = new();
        string[] names = [.. Directory.GetFiles(program, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(program, path)).Order(StringComparer.Ordinal)];
        foreach (string name in names)
        {
            byte[] digest = SHA256.HashData(File.ReadAllBytes(Path.Combine(program, name)));
            lines.Append($"{Convert.ToHexStringLower(digest)}  {name}\n");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString())));
    }

    [Theory]
    [InlineData("there is no folder nowhere", 3, "--platform", "snp", "--bundle", "nowhere")]
    [InlineData("--at 01/02/03", 2, "--platform", "snp", "--bundle", ".", "--at", "01/02/03")]
    [InlineData("--at yesterday", 2, "--platform", "snp", "--bundle", ".", "--at", "yesterday")]
    [InlineData("--report-data is hexadecimal", 2, "--platform", "snp", "--bundle", ".", "--report-data", "x")]
    [InlineData(
        "--node and --report-data", 2, "--platform", "snp", "--bundle", ".", "--report-data", "00", "--node", "00")]
    [InlineData("leave --trust-root out", 2, "--platform", "virtual", "--bundle", ".", "--trust-root", "root.pem")]
    [InlineData("--host-data has 0 bytes", 2, "--platform", "snp", "--bundle", ".", "--host-data", "")]
    [InlineData("--host-data has 1 bytes", 2, "--platform", "tdx", "--bundle", ".", "--host-data", "00")]
    [InlineData("--measurement is 96", 2, "--platform", "snp", "--bundle", ".", "--measurement", "00")]
    [InlineData("names one level or more", 2, "--platform", "snp", "--bundle", ".", "--minimum-tcb", "{}")]
    [InlineData("says nothing of Milan", 2, "--platform", "snp", "--bundle", ".", "--minimum-tcb", "{\"fmc\":1}")]
    [InlineData("some is no member", 2, "--platform", "snp", "--bundle", ".", "--minimum-tcb", "{\"some\":1}")]
    [InlineData("'snp' 'tdx'", 2, "--platform", "other", "--bundle", ".")]
    public async Task Wrong_usage_is_said_in_a_line(string says, int exitCode, params string[] arguments)
    {
        File.Copy(sandbox.PathOf("service_cert.pem"), folder.File("root.pem"));
        (await CuriaProgram.RunAsync(folder.Path, ["attestation", "verify", .. arguments])).Expect(exitCode)
            .SaysOnce(says);
    }
}
