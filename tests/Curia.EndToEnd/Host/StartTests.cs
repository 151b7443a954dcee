using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Curia.Ledger;

namespace Curia.EndToEnd.Host;

/// <summary>A start that cannot succeed says so in one line, ends with 3, and leaves nothing behind that breaks the
/// next one.</summary>
public sealed class StartTests : IDisposable
{
    private readonly NodeFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("/nmae", "nmae")]
    [InlineData("/limits/body_byte", "limits.body_byte")]
    [InlineData("/listeners/0/adress", "listeners[0].adress")]
    [InlineData("/genesis/users/0/role", "genesis.users[0].role")]
    public async Task A_field_that_is_not_known_is_refused_by_its_name(string place, string name)
    {
        string[] steps = place.Split('/', StringSplitOptions.RemoveEmptyEntries);
        JsonNode section = folder.Configuration;
        foreach (string step in steps[..^1]) section = int.TryParse(step, out int at) ? section[at]! : section[step]!;
        section[steps[^1]] = 1;
        await RefusedAsync($"{name} is not known");
    }

    [Theory]
    [InlineData("limits", "body_bytes", "-1")]
    [InlineData("limits", "in_flight", "\"many\"")]
    [InlineData("genesis", "platform", "\"sgx\"")]
    [InlineData("attestation", "attester", "\"other\"")]
    [InlineData("attestation", "plays", "\"snp\"")]
    [InlineData("attestation", "tcb", "70000")]
    [InlineData("genesis", "users", "{}")]
    [InlineData("output", "pid", "null")]
    public async Task A_value_that_cannot_be_used_is_refused_with_the_name_of_its_field(
        string section, string name, string json)
    {
        folder.Configuration[section] ??= new JsonObject();
        folder.Configuration[section]![name] = JsonNode.Parse(json);
        await RefusedAsync($"{section}.{name}");
    }

    [Theory]
    [InlineData("snp", null, "NoAttester")]
    [InlineData("tdx", null, "NoAttester")]
    [InlineData("snp", "snp-device", "NotThere")]
    public async Task A_machine_without_the_hardware_is_told_so_in_one_line(
        string platform, string? attester, string reason)
    {
        if (System.IO.Directory.Exists("/sys/kernel/config/tsm/report") || System.IO.File.Exists("/dev/sev-guest"))
            Assert.Skip("this machine has a trusted execution environment");
        folder.Configuration["genesis"]!["platform"] = platform;
        if (attester is not null) folder.Configuration["attestation"] = new JsonObject { ["attester"] = attester };
        await RefusedAsync(reason);
    }

    [Theory]
    [InlineData("{", "cannot be read")]
    [InlineData("[]", "is not an object")]
    [InlineData("""{"name":"a","name":"b"}""", "cannot be read")]
    public async Task A_document_that_is_no_configuration_is_refused(string json, string why)
    {
        string path = folder.At("wrong.json");
        await File.WriteAllTextAsync(path, json);
        using NodeProcess node = NodeProcess.LaunchWith(folder, "--config", path);
        await RefusedAsync(node, why);
    }

    [Fact]
    public async Task A_configuration_that_is_not_there_is_named()
    {
        using NodeProcess node = NodeProcess.LaunchWith(folder, "--config", folder.At("absent.json"));
        await RefusedAsync(node, "absent.json cannot be read: there is no such file");
    }

    [Theory]
    [InlineData("--what", "x")]
    [InlineData("--config")]
    [InlineData()]
    public async Task Wrong_usage_ends_with_2(params string[] arguments)
    {
        using NodeProcess node = NodeProcess.LaunchWith(folder, arguments);
        Assert.Equal(2, await node.ExitCodeAsync());
        Assert.Contains("usage:", node.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_is_not_there_is_named()
    {
        File.Delete(folder.At("user0_cert.pem"));
        await RefusedAsync("user0_cert.pem cannot be read: there is no such file");
    }

    [Fact]
    public async Task A_certificate_that_is_none_is_named()
    {
        using RSA key = RSA.Create(2048);
        await File.WriteAllTextAsync(folder.At("user0_cert.pem"), key.ExportSubjectPublicKeyInfoPem());
        await RefusedAsync("user0_cert.pem cannot be used");
    }

    [Fact]
    public async Task One_certificate_for_two_users_is_refused()
    {
        folder.Configuration["genesis"]!["users"]!.AsArray().Add(new JsonObject { ["certificate"] = "user0_cert.pem" });
        await RefusedAsync("same certificate");
    }

    [Fact]
    public async Task A_port_in_use_is_found_before_anything_is_written()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        folder.Listeners[0]!["address"] = other.LocalEndpoint.ToString();
        await RefusedAsync("already in use");
        Assert.False(File.Exists(folder.At("service_cert.pem")));
        other.Stop();
        using NodeProcess next = await NodeProcess.OpenAsync(folder);
    }

    // Root may write everywhere, so the folder is made impossible instead of forbidden.
    [Theory]
    [InlineData("ledger")]
    [InlineData("snapshots")]
    public async Task A_folder_that_cannot_be_made_is_named(string name)
    {
        await File.WriteAllTextAsync(folder.At("file"), "");
        folder.Configuration[name] = "file/below";
        await RefusedAsync($"{folder.At("file/below")} cannot be written");
        Assert.Empty(folder.LedgerFiles);
    }

    [Fact]
    public async Task An_output_that_cannot_be_written_is_found_before_the_ledger_begins()
    {
        await File.WriteAllTextAsync(folder.At("file"), "");
        folder.Configuration["output"]!["pid"] = "file/node.pid";
        await RefusedAsync("cannot be written");
        Assert.Empty(folder.LedgerFiles);
    }

    [Fact]
    public async Task A_ledger_folder_that_holds_something_is_left_alone()
    {
        Directory.CreateDirectory(folder.Ledger);
        await File.WriteAllTextAsync(Path.Combine(folder.Ledger, "ledger_1"), "precious");
        await RefusedAsync("cannot be believed");
        Assert.Equal("precious", await File.ReadAllTextAsync(folder.LedgerFiles.Single()));
    }

    [Fact]
    public async Task A_disk_that_is_full_before_the_service_opens_leaves_an_empty_ledger_folder()
    {
        using NodeFolder large = new(users: 100); // their genesis is larger than the disk
        using SmallDisk disk = SmallDisk.MountOrSkip(large.Ledger, bytes: 32 * 1024);
        using NodeProcess node = NodeProcess.Launch(large);
        Assert.Equal(3, await node.ExitCodeAsync());
        Assert.Contains("No space left", node.StandardError.Split('\n')[^1], StringComparison.Ordinal);
        Assert.Empty(large.LedgerFiles);
        Assert.False(File.Exists(large.At("node0/addresses.json")));
        disk.Grow(bytes: 1024 * 1024);
        using NodeProcess next = await NodeProcess.OpenAsync(large);
    }

    // Certificates of a service that never opened would send its users to nobody. The sixth file to get its name is the
    // one with the addresses, after sealed secrets, data keys and certificates.
    [Fact]
    public async Task A_start_that_fails_at_its_last_file_withdraws_all_others()
    {
        if (!Tracing.IsPossible()) Assert.Skip("a disk that fails is played by strace, which cannot run here");
        const string renames = "?rename,?renameat,?renameat2";
        string keys = folder.At("keys.json");
        string[] wrapper = ["strace", "-f", "-qq", "-o", folder.At("trace"), "-e", $"trace={renames}",
            "-e", $"inject={renames}:error=EIO:when=6"];
        using (NodeProcess node = NodeProcess.LaunchUnder(
            folder, wrapper, ["--config", folder.WriteConfiguration(), "--disclose-data-keys", keys]))
        {
            Assert.Equal(3, await node.ExitCodeAsync());
            Assert.Contains("addresses.json cannot be written", node.StandardError, StringComparison.Ordinal);
        }

        string[] left = [.. Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories)
            .Select(Path.GetFileName).OfType<string>().Where(name => !SealedSecrets.IsFileName(name)).Order()];
        Assert.Equal(["lock", "member0_cert.pem", "node.json", "trace", "user0_cert.pem"], left);
        using NodeProcess next = await NodeProcess.OpenAsync(folder);
    }

    private async Task RefusedAsync(string why)
    {
        using NodeProcess node = NodeProcess.Launch(folder);
        await RefusedAsync(node, why);
    }

    private static async Task RefusedAsync(NodeProcess node, string why)
    {
        Assert.Equal(3, await node.ExitCodeAsync());
        string line = Assert.Single(node.StandardError.Split('\n'), line => !line.StartsWith('{'));
        Assert.Contains(why, line, StringComparison.Ordinal);
        Assert.EndsWith(".", line, StringComparison.Ordinal);
    }
}
