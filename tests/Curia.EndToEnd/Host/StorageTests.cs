using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Host;

/// <summary>What a node puts on its disk, and what it does when that is no longer possible.</summary>
public sealed class StorageTests : IDisposable
{
    private readonly NodeFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Chunks_are_closed_by_size_and_history_is_read_back_from_them()
    {
        // The node holds 32 MiB of blocks in memory: 48 MiB put the first transaction on disk only.
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using HttpClient client = node.Client(folder.User);
        TxId first = await WriteAsync(client, 1, "the first one");
        string large = new('x', 1 << 20);
        for (int at = 0; at < 48; at++) await WriteAsync(client, 2, large);
        JsonElement message = await PollAsync(client, $"/app/log/private/historical?id=1&seqno={first.SeqNo}");
        Assert.Equal("the first one", message.GetProperty("msg").GetString());
        node.Terminate();
        Assert.Equal(0, await node.ExitCodeAsync());
        string[] names = [.. LedgerOnDisk.Chunks(folder).Select(path => Path.GetFileName(path))];
        Assert.True(names.Length > 6, string.Join(' ', names));
        Assert.All(names[..^1], name => Assert.EndsWith(".committed", name, StringComparison.Ordinal));
        AuditReport report = LedgerOnDisk.Audit(folder, [first]);
        Assert.True(report.Ok, string.Join('\n', report.Problems));
    }

    [Fact]
    public async Task The_name_of_a_chunk_is_durable_before_the_next_chunk_begins()
    {
        if (!Tracing.IsPossible()) Assert.Skip("the order of system calls is seen by strace, which cannot run here");
        string trace = folder.At("trace");
        using (NodeProcess node = await NodeProcess.OpenUnderAsync(
            folder, "strace", "-f", "-qq", "-y", "-o", trace, "-e", "trace=openat,fsync",
            "-e", "inject=fsync:delay_enter=100000"))
        {
            // At a slow disk blocks pile up, until a chunk begins and ends in what is written at one go.
            using HttpClient client = node.Client(folder.User);
            string large = new('x', 700_000); // two of them fill a block
            await Task.WhenAll(Enumerable.Range(0, 80).Select(at => WriteAsync(client, at, large)));
        }

        int begun = 0;
        bool isDurable = true;
        foreach (string line in File.ReadLines(trace))
        {
            isDurable |= line.Contains("fsync(", StringComparison.Ordinal)
                && line.Contains($"<{folder.Ledger}>", StringComparison.Ordinal);
            if (!line.Contains($"{folder.Ledger}/ledger_", StringComparison.Ordinal)
                || !line.Contains("O_CREAT|O_EXCL", StringComparison.Ordinal)) continue;
            Assert.True(isDurable, line);
            isDurable = false;
            begun++;
        }

        Assert.InRange(begun, 3, 80); // how many depends on how much comes while the disk is busy
    }

    [Fact]
    public async Task Snapshots_are_written_whole_or_not_at_all()
    {
        folder.Limits["snapshot_transactions"] = 10;
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using HttpClient client = node.Client(folder.User);
        for (int at = 0; at < 40; at++) await WriteAsync(client, at, "message");
        string snapshots = folder.At("node0/snapshots");
        for (int attempt = 0; attempt < 200 && !IsAnyCommitted(snapshots); attempt++) await Task.Delay(20);
        node.Terminate();
        Assert.Equal(0, await node.ExitCodeAsync());
        string path = Directory.EnumerateFiles(snapshots, "*.committed").First();
        Assert.True(Snapshot.TryDecode(await File.ReadAllBytesAsync(path), out Snapshot? snapshot));
        Assert.False(snapshot!.Receipt.IsEmpty);
    }

    [Fact]
    public async Task A_disk_that_is_full_stops_the_node_and_loses_nothing_that_was_committed()
    {
        using SmallDisk disk = SmallDisk.MountOrSkip(folder.Ledger, bytes: 512 * 1024);
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using HttpClient client = node.Client(folder.User);
        List<TxId> committed = [];
        try
        {
            for (int at = 0; at < 100; at++) committed.Add(await WriteAsync(client, at, new string('x', 20_000)));
        }
        catch (HttpRequestException)
        {
            // The node has stopped, or says that it could not commit.
        }

        Assert.Equal(3, await node.ExitCodeAsync());
        Assert.Contains("No space left", node.StandardError, StringComparison.Ordinal);
        Assert.InRange(committed.Count, 5, 30);
        AuditReport report = LedgerOnDisk.Audit(folder, committed);
        Assert.All(report.Problems, problem => Assert.Equal(AuditProblemKind.TornTail, problem.Kind));
        Assert.Subset(LedgerOnDisk.Transactions(folder), committed.ToHashSet());
    }

    // fsync(2) and the PostgreSQL lesson of 2018: after a failure the pages count as clean, so a second call that
    // succeeds proves nothing.
    [Fact]
    public async Task A_flush_that_fails_stops_the_node_and_is_never_tried_again()
    {
        using NodeProcess node = await OpenWithFaultAsync("error=EIO:when=12");
        using HttpClient client = node.Client(folder.User);
        List<TxId> committed = [];
        try
        {
            for (int at = 0; at < 100; at++) committed.Add(await WriteAsync(client, at, "message"));
        }
        catch (HttpRequestException)
        {
            // The node has stopped, or says that it could not commit.
        }

        Assert.Equal(3, await node.ExitCodeAsync());
        Assert.InRange(committed.Count, 1, 20);
        string[] flushes =
            [.. File.ReadLines(folder.At("trace")).Where(line => line.Contains("fsync(", StringComparison.Ordinal))];
        Assert.Contains("EIO", flushes[^1], StringComparison.Ordinal);
        Assert.Subset(LedgerOnDisk.Transactions(folder), committed.ToHashSet());
    }

    [Fact]
    public async Task Who_has_waited_long_enough_gets_504_and_the_transaction_may_still_commit()
    {
        using NodeProcess node = await OpenWithFaultAsync("delay_enter=2500000:when=12+");
        using HttpClient client = node.Client(folder.User);
        HttpResponseMessage response;
        do
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/app/log/private");
            request.Content = JsonContent.Create(new { id = 1, msg = "message" });
            request.Headers.TryAddWithoutValidation("Prefer", "wait=committed, timeout=1");
            response = await client.SendAsync(request);
        }
        while (response.IsSuccessStatusCode);

        Assert.Equal(System.Net.HttpStatusCode.GatewayTimeout, response.StatusCode);
        string txId = response.Headers.GetValues("x-ms-ccf-transaction-id").Single();
        string body = await response.Content.ReadAsStringAsync();
        Assert.Contains("CommitTimeout", body, StringComparison.Ordinal);
        Assert.Contains(txId, body, StringComparison.Ordinal);
        string status = "Pending";
        for (int attempt = 0; attempt < 500 && status == "Pending"; attempt++)
        {
            await Task.Delay(20);
            JsonElement reply = await client.GetFromJsonAsync<JsonElement>($"/app/tx?transaction_id={txId}");
            status = reply.GetProperty("status").GetString()!;
        }

        Assert.Equal("Committed", status);
        response.Dispose();
    }

    [Fact]
    public async Task Data_keys_are_disclosed_to_the_owner_of_the_file_and_loudly()
    {
        string path = folder.At("keys.json");
        using NodeProcess node = await NodeProcess.OpenAsync(folder, "--disclose-data-keys", path);
        using HttpClient client = node.Client(folder.User);
        TxId txId = await WriteAsync(client, 5, "not secret any more");
        node.Terminate();
        Assert.Equal(0, await node.ExitCodeAsync());
        Assert.Contains("INSECURE: the key of all private data", node.StandardError, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        using JsonDocument keys = JsonDocument.Parse(await File.ReadAllTextAsync(path));
        string hex = keys.RootElement.GetProperty("periods")[0].GetProperty("data_key").GetString()!;
        Block block = LedgerOnDisk.Blocks(folder)
            .Single(block => block.First <= txId.SeqNo && txId.SeqNo <= block.Last);
        using SecretBytes key = new(Convert.FromHexString(hex));
        using EntrySealer sealer = new(key, block.NodeId);
        Assert.True(sealer.TryOpen(block.EntryAt(txId.SeqNo), out byte[] opened));
        Assert.Contains("not secret any more", Encoding.UTF8.GetString(opened), StringComparison.Ordinal);
        Assert.DoesNotContain(hex, node.StandardError, StringComparison.OrdinalIgnoreCase);
    }

    // The count is per thread: the one that writes the ledger flushes once a block.
    private Task<NodeProcess> OpenWithFaultAsync(string fault)
    {
        string trace = folder.At("trace");
        if (!Tracing.IsPossible())
            Assert.Skip("a disk that fails or is slow is played by strace, which cannot run here");
        return NodeProcess.OpenUnderAsync(
            folder, "strace", "-f", "-qq", "-o", trace, "-e", "trace=fsync", "-e", $"inject=fsync:{fault}");
    }

    private static bool IsAnyCommitted(string snapshots) => Directory.EnumerateFiles(snapshots, "*.committed").Any();

    private static async Task<TxId> WriteAsync(HttpClient client, int id, string message)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/app/log/private");
        request.Content = JsonContent.Create(new { id, msg = message });
        request.Headers.TryAddWithoutValidation("Prefer", "wait=committed");
        using HttpResponseMessage response = await client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        Assert.True(TxId.TryParse(response.Headers.GetValues("x-ms-ccf-transaction-id").Single(), out TxId txId));
        return txId;
    }

    private static async Task<JsonElement> PollAsync(HttpClient client, string path)
    {
        for (int attempt = 0; attempt < 200; attempt++)
        {
            using HttpResponseMessage response = await client.GetAsync(path);
            if (response.StatusCode == System.Net.HttpStatusCode.OK)
                return await response.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal(System.Net.HttpStatusCode.Accepted, response.StatusCode);
            await Task.Delay(20);
        }

        Assert.Fail($"{path} was not loaded");
        return default;
    }
}
