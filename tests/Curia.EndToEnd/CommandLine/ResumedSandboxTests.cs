using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>A sandbox that is started again on its folder, as a user sees it.</summary>
public sealed class ResumedSandboxTests : IAsyncLifetime
{
    private readonly OpenSandbox sandbox = new();

    public ValueTask InitializeAsync() => sandbox.InitializeAsync();

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task After_Ctrl_C_and_after_kill_9_of_the_command_the_next_one_goes_on()
    {
        string[] open = ["sandbox", "--dir", "net", "--port", "0"];
        await sandbox.WriteAsync(7, "before");
        (await CuriaProgram.RunAsync(sandbox.Folder, "sandbox", "stop", "--dir", "net")).Expect(0);
        using (Process interrupted = CuriaProgram.Start(sandbox.Folder, open))
        {
            await RunningAsync(interrupted);
            string? line = "";
            while (line?.Contains("until Ctrl-C", StringComparison.Ordinal) is false)
                line = await interrupted.StandardOutput.ReadLineAsync(Cancel);
            using Process signal = Process.Start("kill", ["-INT", $"{interrupted.Id}"]);
            (await CuriaProgram.EndOfAsync(interrupted)).Expect(0);
        }

        using Process command = CuriaProgram.Start(sandbox.Folder, open);
        int node = await RunningAsync(command);
        (await CuriaProgram.RunAsync(sandbox.Folder, [.. open, "--detach"])).Expect(3).SaysOnce("is running");
        command.Kill();
        await command.WaitForExitAsync(Cancel);
        Assert.False(Process.GetProcessById(node).HasExited);

        string[] otherShape = [.. open, "--users", "4", "--detach"];
        (await CuriaProgram.RunAsync(sandbox.Folder, otherShape)).Expect(2);
        Assert.False(Process.GetProcessById(node).HasExited); // who is refused ends nothing
        ProgramRun next = await CuriaProgram.RunAsync(sandbox.Folder, [.. open, "--detach"]);
        Assert.Contains($"process {node}, was stopped first", next.Expect(0).Output, StringComparison.Ordinal);
        Assert.NotEqual(node, Pid());
        ProgramRun read = await sandbox.RunAsync("call", "GET", "/app/log/private?id=7", "--as", "user0", "--json");
        Assert.Equal("before", read.Expect(0).Json.GetProperty("body").GetProperty("msg").GetString());
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(node));
        (await CuriaProgram.RunAsync(sandbox.Folder, [.. open, "--detach"])).Expect(3).SaysOnce("is running");
    }

    [Fact]
    public async Task After_kill_9_it_is_back_with_its_data_and_leads_on_whoever_asks_for_it()
    {
        string txId = await sandbox.WriteAsync(7, "before");
        string older = sandbox.PathOf("older_cert.pem");
        File.Copy(sandbox.PathOf("service_cert.pem"), older);
        string kept = sandbox.PathOf("kept.json");
        string keptCose = sandbox.PathOf("kept.cose");
        (await sandbox.RunAsync("receipt", "get", txId, "--out", kept)).Expect(0);
        (await sandbox.RunAsync("receipt", "get", txId, "--format", "cose", "--out", keptCose)).Expect(0);
        using (Process kill = Process.Start("kill", ["-KILL", $"{Pid()}"])) await kill.WaitForExitAsync(Cancel);

        ProgramRun again = await CuriaProgram.RunAsync(
            sandbox.Folder, "sandbox", "--dir", "net", "--detach", "--json");
        string[] steps = [.. again.Expect(0).Json.GetProperty("steps").EnumerateArray()
            .Select(step => step.GetProperty("name").GetString()!)];
        Assert.Equal(["open", "identity", "network", "follow", "commit", "receipt-json", "receipt-cose"], steps);
        ProgramRun read = await sandbox.RunAsync("call", "GET", "/app/log/private?id=7", "--as", "user0", "--json");
        Assert.Equal("before", read.Expect(0).Json.GetProperty("body").GetProperty("msg").GetString());

        // The older identity: refused without --follow, followed with it.
        string[] call = ["call", "GET", "/app/commit", "--service-cert", older];
        (await sandbox.RunAsync(call)).Expect(3).SaysOnce("another key issued it");
        (await sandbox.RunAsync([.. call, "--follow"])).Expect(0);

        // Receipts of before, with the identity of before and with the one of now.
        foreach (string receipt in (string[])[kept, keptCose])
        {
            foreach (string certificate in (string[])[older, sandbox.PathOf("service_cert.pem")])
            {
                (await CuriaProgram.RunAsync(
                    sandbox.Folder, "receipt", "verify", receipt, "--service-cert", certificate)).Expect(0);
            }
        }

        string later = sandbox.PathOf("later.json");
        string laterId = await sandbox.WriteAsync(8, "after");
        (await sandbox.RunAsync("receipt", "get", laterId, "--out", later)).Expect(0);
        (await CuriaProgram.RunAsync(sandbox.Folder, "sandbox", "stop", "--dir", "net")).Expect(0);
        foreach (string certificate in (string[])[older, sandbox.PathOf("service_cert.pem")])
        {
            ProgramRun audit = await CuriaProgram.RunAsync(
                sandbox.Folder, "ledger", "verify", "net", "--service-cert", certificate, "--receipt", kept, "--json",
                "--endorsements", sandbox.PathOf("service_endorsements.pem"));
            Assert.Equal(2, audit.Expect(0).Json.GetProperty("epochs").GetInt32());
        }

        await ReceiptFindsCutAsync(later);
    }

    [Fact]
    public async Task What_is_said_of_members_users_and_application_must_be_what_the_sandbox_has()
    {
        (await CuriaProgram.RunAsync(sandbox.Folder, "sandbox", "stop", "--dir", "net")).Expect(0);
        (await CuriaProgram.RunAsync(sandbox.Folder, "sandbox", "--dir", "net", "--users", "4", "--once")).Expect(2)
            .SaysOnce("has 1 nodes, 3 members, 1 users and the application logging");
        File.WriteAllText(sandbox.PathOf("node0/node.json"), "{");
        (await CuriaProgram.RunAsync(sandbox.Folder, "sandbox", "--dir", "net", "--once")).Expect(3)
            .SaysOnce("cannot use the settings in net/node0/node.json");
        Assert.True(Directory.Exists(sandbox.PathOf("node0/ledger"))); // a failure takes nothing away
    }

    // Without its newest chunk the ledger ends before the transaction of the receipt.
    private async Task ReceiptFindsCutAsync(string receipt)
    {
        string[] verify =
        [
            "ledger", "verify", "net", "--service-cert", sandbox.PathOf("service_cert.pem"), "--endorsements",
            sandbox.PathOf("service_endorsements.pem"), "--json",
        ];
        (await CuriaProgram.RunAsync(sandbox.Folder, [.. verify, "--receipt", receipt])).Expect(0);
        string newest = Directory.GetFiles(sandbox.PathOf("node0/ledger"), "ledger_*").MaxBy(File.GetLastWriteTimeUtc)!;
        File.Delete(newest);
        ProgramRun cut = await CuriaProgram.RunAsync(sandbox.Folder, [.. verify, "--receipt", receipt]);
        Assert.NotEmpty(cut.Expect(1).Json.GetProperty("problems").EnumerateArray());
    }

    private static System.Threading.CancellationToken Cancel => TestContext.Current.CancellationToken;

    // The node's process, once the command has said in sandbox.json that it stays with it.
    private async Task<int> RunningAsync(Process command)
    {
        for (int attempt = 0; attempt < 1500; attempt++)
        {
            using JsonDocument file = JsonDocument.Parse(File.ReadAllText(sandbox.PathOf("sandbox.json")));
            if (file.RootElement.TryGetProperty("attached_pid", out JsonElement pid) && pid.GetInt32() == command.Id)
                return Pid();
            await Task.Delay(20, Cancel);
        }

        throw new TimeoutException("the sandbox was not open in time");
    }

    private int Pid()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(sandbox.PathOf("sandbox.json")));
        return file.RootElement.GetProperty("nodes")[0].GetProperty("pid").GetInt32();
    }
}
