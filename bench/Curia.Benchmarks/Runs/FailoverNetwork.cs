using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Curia.Client;

namespace Curia.Benchmarks.Runs;

/// <summary>A sandbox of three nodes whose primary is ended again and again, and another node takes the place of
/// it.</summary>
internal sealed class FailoverNetwork : IDisposable
{
    public const int Kill = 9; // POSIX.1-2017, <signal.h>
    public const int Terminate = 15;

    private const int NodesUsual = 3;
    private const string Sandbox = "net";
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(50);

    private readonly string folder;
    private readonly SortedDictionary<string, FailoverNode> nodes = new(StringComparer.Ordinal);
    private readonly CuriaClientSettings user;

    private FailoverNetwork(string folder)
    {
        this.folder = folder;
        string pem = Path.Combine(folder, Sandbox);
        user = new CuriaClientSettings
        {
            Url = new Uri("https://127.0.0.1"), // each node has its own
            ServiceCertificates =
                [X509CertificateLoader.LoadCertificateFromFile(Path.Combine(pem, "service_cert.pem"))],
            Identity = X509Certificate2.CreateFromPemFile(
                Path.Combine(pem, "user0_cert.pem"), Path.Combine(pem, "user0_privk.pem")),
        };
    }

    /// <summary>Makes it.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="electionTimeout">In milliseconds; null for the default.</param>
    public static async Task<FailoverNetwork> OpenAsync(string folder, int? electionTimeout)
    {
        string[] further = electionTimeout is int timeout ? ["--election-timeout-ms", $"{timeout}"] : [];
        await CuriaCommand.RunAsync(
            folder,
            ["sandbox", "--nodes", $"{NodesUsual}", "--dir", Sandbox, "--port", "0", "--detach", .. further]);
        FailoverNetwork network = new(folder);
        await network.ReadAsync();
        return network;
    }

    /// <summary>Waits until all nodes agree on their primary.</summary>
    /// <param name="ended">One that is not asked any more; null for none.</param>
    /// <returns>The primary, the others, and the view.</returns>
    public async Task<(FailoverNode Primary, FailoverNode[] Others, ulong View)> AgreeAsync(
        FailoverNode? ended = null)
    {
        FailoverNode[] asked = [.. nodes.Values.Where(node => node != ended)];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < patience)
        {
            List<(string? Primary, ulong View)> told = [];
            foreach (FailoverNode node in asked)
            {
                JsonNode details = (await node.Client.GetFromJsonAsync<JsonNode>("/node/consensus"))!["details"]!;
                told.Add(((string?)details["primary_id"], details["current_view"]!.GetValue<ulong>()));
            }

            FailoverNode? primary = asked.FirstOrDefault(node => node.Id == told[0].Primary);
            if (primary is not null && told.Distinct().Count() == 1)
                return (primary, [.. asked.Where(node => node != primary)], told[0].View);
            await Task.Delay(pause);
        }

        throw new InvalidOperationException($"no primary after {patience.TotalSeconds} s");
    }

    /// <summary>Adds a node, and retires one that has ended.</summary>
    public async Task ReplaceAsync(FailoverNode ended)
    {
        await CuriaCommand.RunAsync(folder, "node", "add", "--dir", Sandbox);
        await CuriaCommand.RunAsync(folder, "node", "retire", ended.Name, "--dir", Sandbox);
        await ReadAsync();
    }

    /// <summary>Sends a signal to the process of a node.</summary>
    public static void Signal(FailoverNode node, int signal)
    {
        if (SendSignal(node.Pid, signal) != 0) throw new Win32Exception();
    }

    /// <summary>Waits until the process of a node has ended.</summary>
    public static async Task EndOfAsync(FailoverNode node)
    {
        using Process process = Process.GetProcessById(node.Pid);
        await process.WaitForExitAsync();
    }

    /// <summary>Stops all nodes.</summary>
    public Task StopAsync() => CuriaCommand.RunAsync(folder, "sandbox", "stop", "--dir", Sandbox);

    /// <summary>How often each message was written, by the ledger of one of its nodes, which have stopped.</summary>
    public async Task<Dictionary<string, int>> WritesAsync()
    {
        string name = nodes.Values.First().Name;
        string shown = await CuriaCommand.RunAsync(folder, "ledger", "show", $"{Sandbox}/{name}/ledger", "--json");
        Dictionary<string, int> writes = new(StringComparer.Ordinal);
        foreach (string line in shown.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (JsonNode.Parse(line)!["public"]?["public:records"] is not JsonObject records) continue;
            foreach ((string _, JsonNode? message) in records)
            {
                string text = message!.GetValue<string>();
                writes[text] = writes.GetValueOrDefault(text) + 1;
            }
        }

        return writes;
    }

    public void Dispose()
    {
        foreach (FailoverNode node in nodes.Values) node.Dispose();
    }

    private async Task ReadAsync()
    {
        string path = Path.Combine(folder, Sandbox, "sandbox.json");
        JsonArray listed = JsonNode.Parse(await File.ReadAllTextAsync(path))!["nodes"]!.AsArray();
        JsonNode[] entries = [.. listed.OfType<JsonNode>()];
        foreach (string gone in nodes.Keys.Except(entries.Select(IdOf)).ToArray())
        {
            nodes[gone].Dispose();
            nodes.Remove(gone);
        }

        foreach (JsonNode entry in entries)
        {
            if (nodes.ContainsKey(IdOf(entry))) continue;
            string name = entry["config"]!.GetValue<string>().Split('/')[0];
            CuriaClientSettings settings = user with { Url = new Uri(entry["url"]!.GetValue<string>()) };
            nodes.Add(
                IdOf(entry), new FailoverNode(IdOf(entry), name, entry["pid"]!.GetValue<int>(), settings));
        }

        static string IdOf(JsonNode entry) => entry["id"]!.GetValue<string>();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int pid, int signal);
}
