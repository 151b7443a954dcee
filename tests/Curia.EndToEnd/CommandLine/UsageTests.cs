using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Curia.EndToEnd.Host;

namespace Curia.EndToEnd.CommandLine;

/// <summary>What the command line refuses, and how (DESIGN 7: exit codes, errors of one line).</summary>
public sealed class UsageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("curia needs a command")]
    [InlineData("has no command frob", "frob")]
    [InlineData("receipt needs a command", "receipt")]
    [InlineData("--frob", "sandbox", "--frob")]
    [InlineData("PATH begins with a slash", "call", "GET", "app/commit")]
    [InlineData("call", "call", "GET")]
    [InlineData("--as and --cert", "call", "GET", "/x", "--as", "user0", "--cert", "a", "--key", "b")]
    [InlineData("--cert and --key belong together", "call", "GET", "/x", "--cert", "a")]
    [InlineData("--url needs --service-cert", "call", "GET", "/x", "--url", "https://127.0.0.1:1")]
    [InlineData("--url and --dir", "call", "GET", "/x", "--url", "https://127.0.0.1:1", "--dir", "d")]
    [InlineData("sometimes", "call", "GET", "/x", "--wait", "sometimes")]
    [InlineData("two is no TxID", "receipt", "get", "two", "--url", "https://127.0.0.1:1", "--service-cert", "x")]
    [InlineData("--txid", "receipt", "verify", "x", "--txid")]
    [InlineData("--genesis is a digest", "ledger", "verify", "x", "--genesis", "12")]
    [InlineData("--to is before --from", "ledger", "show", "x", "--from", "9", "--to", "3")]
    [InlineData("--once, --detach and --prepare", "sandbox", "--once", "--detach")]
    [InlineData("--members", "sandbox", "--members", "0")]
    [InlineData("--nodes is a number from 1 to 9", "sandbox", "--nodes", "10")]
    [InlineData("--nodes is a number from 1 to 9", "bench", "--nodes", "0")]
    [InlineData("--id NODEID and --peer-address", "node", "add", "--published", "127.0.0.1:1")]
    [InlineData("--id is the id of a node", "node", "add", "--id", "12", "--peer-address", "127.0.0.1:1")]
    [InlineData("--cert PEM and --key PEM", "node", "retire", "12", "--url", "https://127.0.0.1:1")]
    [InlineData("--port", "sandbox", "--port", "65536")]
    [InlineData("--election-timeout-ms is a number from 50", "sandbox", "--election-timeout-ms", "49")]
    [InlineData("--app nothing", "sandbox", "--app", "nothing")]
    [InlineData("--in-flight", "bench", "--connections", "8", "--in-flight", "4")]
    [InlineData("--http 3", "bench", "--http", "3")]
    [InlineData("with --http 1.1", "bench", "--http", "1.1", "--connections", "4", "--in-flight", "8")]
    [InlineData("--requests is a number", "bench", "--requests", "0")]
    [InlineData("--workload frob", "bench", "--workload", "frob")]
    [InlineData("--name", "user", "keygen", "--name", "a/b")]
    [InlineData("--config", "node", "start")]
    [InlineData("charter needs a command: new", "charter")]
    [InlineData("give a DESCRIPTION, or --template", "charter", "new")]
    [InlineData("give a DESCRIPTION, or --template", "charter", "new", "x", "--template")]
    [InlineData("--cert", "charter", "sign", "x", "--key", "k")]
    [InlineData("give one of --key PEM", "charter", "sign", "x", "--cert", "c")]
    [InlineData("give one of --key PEM", "charter", "sign", "x", "--cert", "c", "--key", "k", "--prepare", "p")]
    [InlineData("leave --out out", "charter", "sign", "x", "--cert", "c", "--prepare", "p", "--out", "o")]
    [InlineData("attestation needs a command: verify", "attestation")]
    [InlineData("--firmware", "attestation", "measure", "--vcpus", "1")]
    [InlineData("--vcpus is a number from 1 to 4096", "attestation", "measure", "--firmware", "f", "--vcpus", "0")]
    [InlineData("needs --vcpu-type NAME", "attestation", "measure", "--firmware", "f", "--vcpus", "1")]
    [InlineData(
        "--vcpu-type Z80", "attestation", "measure", "--firmware", "f", "--vcpus", "1", "--vcpu-type", "Z80")]
    [InlineData("need --kernel", "attestation", "measure", "--firmware", "f", "--vcpus", "1", "--append", "quiet")]
    [InlineData("'qemu' 'ec2' 'gce'", "attestation", "measure", "--firmware", "f", "--vcpus", "1", "--vmm", "xen")]
    [InlineData("--node ftp://a: give an address", "establish", "status", "--node", "ftp://a")]
    [InlineData("give one of them", "establish", "status", "--node", "https://127.0.0.1:1", "--dir", "net")]
    [InlineData("--from x: give a number", "ledger", "show", "net", "--from", "x")]
    [InlineData("--port many: give a number", "sandbox", "--port", "many")]
    [InlineData("'committed' 'pending'", "call", "GET", "/app/commit", "--wait", "foo")]
    [InlineData("'json' 'cose'", "receipt", "get", "2.1", "--format", "xml")]
    public async Task Wrong_usage_is_one_line_and_exit_code_2(string says, params string[] arguments) =>
        (await CuriaProgram.RunAsync(folder.Path, arguments)).Expect(2).SaysOnce(says);

    [Theory]
    [InlineData("proposal", "proposal", "list")]
    [InlineData("recovery", "recovery", "shares")]
    [InlineData("proposal", "-h", "proposal", "list")]
    [InlineData("recovery", "recovery", "--help", "shares")]
    [InlineData("--js-app", "sandbox", "--js-app", "app")]
    [InlineData("--constitution", "sandbox", "--constitution", "a.js", "b.js")]
    [InlineData("--workload js", "bench", "--workload", "js")]
    public async Task What_comes_later_is_refused_by_name(string name, params string[] arguments) =>
        (await CuriaProgram.RunAsync(folder.Path, arguments)).Expect(2).SaysOnce(name);

    [Theory]
    [InlineData("there is no sandbox in sandbox", "call", "GET", "/app/commit")]
    [InlineData("there is no sandbox in net", "establish", "status", "--dir", "net")]
    [InlineData("cannot read gone.json", "receipt", "verify", "gone.json")]
    [InlineData("cannot read the ledger in gone", "ledger", "verify", "gone")]
    [InlineData("cannot read gone.json", "node", "start", "--config", "gone.json")]
    [InlineData("cannot read gone", "attestation", "measure", "--firmware", "gone", "--vcpus", "1", "--vmm", "ec2")]
    [InlineData("cannot write to /proc/curia", "sandbox", "--once", "--port", "0", "--dir", "/proc/curia")]
    [InlineData("cannot read gone", "charter", "new", "gone")]
    [InlineData("cannot read gone", "charter", "show", "gone")]
    [InlineData("cannot read gone", "charter", "diff", "gone", "gone")]
    [InlineData("cannot write to /proc/curia", "charter", "new", "--template", "--out", "/proc/curia")]
    [InlineData("cannot write to /proc/curia", "user", "keygen", "--out", "/proc/curia")]
    [InlineData("cannot read /proc: it is a folder", "receipt", "verify", "/proc")]
    [InlineData("cannot read /proc: it is a folder", "receipt", "verify", "x", "--service-cert", "/proc")]
    public async Task What_fails_outside_is_one_line_and_exit_code_3(string says, params string[] arguments) =>
        (await CuriaProgram.RunAsync(folder.Path, arguments)).Expect(3).SaysOnce(says);

    [Fact]
    public async Task With_json_an_error_is_a_document_too()
    {
        ProgramRun run = await CuriaProgram.RunAsync(folder.Path, "call", "GET", "/app/commit", "--json");
        run.Expect(3);
        Assert.Equal("EnvironmentFailed", run.Json.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("{}", "it has no field platform")]
    [InlineData("[]", "with the field platform")]
    [InlineData("{\"platform\":7}", "its field platform is no text")]
    public async Task A_sandbox_file_that_is_none_says_what_is_missing(string content, string says)
    {
        Directory.CreateDirectory(folder.File("sandbox"));
        await File.WriteAllTextAsync(
            folder.File("sandbox/sandbox.json"), content, TestContext.Current.CancellationToken);
        (await CuriaProgram.RunAsync(folder.Path, "call", "GET", "/app/commit")).Expect(3).SaysOnce(says);
    }

    [Fact]
    public async Task Claims_of_nothing_are_refused_and_not_taken_for_no_claims()
    {
        string[] files = ["receipt", "claims"];
        foreach (string name in files)
            await File.WriteAllTextAsync(folder.File(name), "", TestContext.Current.CancellationToken);
        (await CuriaProgram.RunAsync(folder.Path, "receipt", "verify", "receipt", "--claims", "claims"))
            .Expect(1).SaysOnce("claims is empty");
    }

    [Fact]
    public async Task A_ledger_of_which_nothing_holds_has_no_first_seqno_and_no_last_txid()
    {
        await File.WriteAllTextAsync(folder.File("ledger_1"), "nothing", TestContext.Current.CancellationToken);
        ProgramRun run = await CuriaProgram.RunAsync(folder.Path, "ledger", "verify", ".", "--json");
        run.Expect(1);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, run.Json.GetProperty("last_txid").ValueKind);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, run.Json.GetProperty("first_seqno").ValueKind);
    }

    [Fact]
    public async Task A_full_disk_is_said_so_and_leaves_no_half_identity()
    {
        const int roomForOneFile = 8192; // the folder itself needs a page of it
        using SmallDisk disk = SmallDisk.MountOrSkip(folder.File("small"), roomForOneFile);
        ProgramRun run = await CuriaProgram.RunAsync(folder.Path, "member", "keygen", "--out", "small");
        run.Expect(3).SaysOnce("No space left on device");
        Assert.DoesNotContain("already there", run.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.File("small")));
    }

    [Fact]
    public async Task A_stack_trace_needs_verbose()
    {
        ProgramRun run = await CuriaProgram.RunAsync(folder.Path, "receipt", "verify", "gone.json", "--verbose");
        run.Expect(3);
        Assert.Contains("   at ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_written_into_a_folder_that_is_in_use()
    {
        string used = folder.File("used");
        Directory.CreateDirectory(used);
        await File.WriteAllTextAsync(Path.Combine(used, "note.txt"), "mine", TestContext.Current.CancellationToken);
        (await CuriaProgram.RunAsync(folder.Path, "sandbox", "--once", "--port", "0", "--dir", "used"))
            .Expect(3).SaysOnce("used is not empty");
        Assert.Single(Directory.GetFileSystemEntries(used));
    }

    [Fact]
    public async Task Version_comes_in_well_under_a_second()
    {
        long best = long.MaxValue;
        for (int run = 0; run < 5; run++)
        {
            long start = Stopwatch.GetTimestamp();
            ProgramRun version = await CuriaProgram.RunAsync(folder.Path, "--version");
            best = Math.Min(best, (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Assert.Matches(@"^\d+\.\d+\.\d+", version.Expect(0).Output);
        }

        Assert.True(best < 1000, $"the best of five starts took {best} ms");
    }

    [Fact]
    public async Task Keys_are_for_their_owner_alone_and_are_never_overwritten()
    {
        ProgramRun run = await CuriaProgram.RunAsync(folder.Path, "member", "keygen", "--name", "ada", "--json");
        run.Expect(0);
        foreach (string field in (string[])["id", "certificate", "key", "encryption_key"])
            Assert.Equal(System.Text.Json.JsonValueKind.String, run.Json.GetProperty(field).ValueKind);
        foreach (string field in (string[])["key", "encryption_key"])
        {
            if (OperatingSystem.IsWindows()) break;
            UnixFileMode mode = File.GetUnixFileMode(folder.File(run.Json.GetProperty(field).GetString()!));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
        }

        (await CuriaProgram.RunAsync(folder.Path, "member", "keygen", "--name", "ada"))
            .Expect(3).SaysOnce("already there");
        (await CuriaProgram.RunAsync(folder.Path, "user", "keygen", "--name", "bob", "--json")).Expect(0);
        Assert.False(File.Exists(folder.File("bob_enc_privk.pem")));
    }
}
