using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Json;
using System.Threading.Tasks;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Host;

/// <summary>What stays in the folder of the snapshots, and what happens to one that is being made.</summary>
public sealed class SnapshotTests : IDisposable
{
    private readonly NodeFolder folder = new();

    private string Snapshots => folder.At("node0/snapshots");

    public void Dispose() => folder.Dispose();

    // Whole frames of a large state are still to be sealed when the signal comes: their key must be there until the
    // thread that seals them has ended.
    [Fact]
    public async Task A_snapshot_that_a_stop_interrupts_is_given_up_and_removed()
    {
        folder.Limits["snapshot_transactions"] = 60;
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using HttpClient client = node.Client(folder.User);
        string large = new('x', 1 << 20);
        for (int at = 0; at < 200 && !IsAny("snapshot_*.tmp"); at++) await WriteAsync(client, at, large);
        for (int attempt = 0; attempt < 500 && !IsAny("snapshot_*.tmp"); attempt++) await Task.Delay(1);
        Assert.True(IsAny("snapshot_*.tmp"), "no snapshot was begun");
        node.Terminate();
        Assert.Equal(0, await node.ExitCodeAsync());
        Assert.False(IsAny("*.tmp"));
        Assert.DoesNotContain("   at ", node.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_newest_snapshots_are_kept()
    {
        folder.Limits["snapshot_transactions"] = 10;
        folder.Limits["snapshots_kept"] = 2;
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using HttpClient client = node.Client(folder.User);
        ulong newest = 0;
        for (int at = 0; at < 2000 && newest < 100; at++)
        {
            await WriteAsync(client, at, "message");
            newest = Complete().DefaultIfEmpty().Max();
        }

        Assert.True(newest >= 100, "no new snapshots were made");
        node.Terminate();
        Assert.Equal(0, await node.ExitCodeAsync());
        Assert.Equal(2, Complete().Length);
        Assert.Contains(Complete(), one => one >= newest);
    }

    [Fact]
    public async Task The_snapshots_of_another_service_are_left_alone_and_unfinished_ones_removed()
    {
        Directory.CreateDirectory(Snapshots);
        string old = Path.Combine(Snapshots, Snapshot.FileName(new SeqNo(7), new SeqNo(9), committed: true));
        string unfinished = Path.Combine(Snapshots, "snapshot_12.tmp");
        await File.WriteAllTextAsync(old, "precious");
        await File.WriteAllTextAsync(unfinished, "half");
        using (NodeProcess node = NodeProcess.Launch(folder))
        {
            Assert.Equal(3, await node.ExitCodeAsync());
            Assert.Contains("it holds files", node.StandardError, StringComparison.Ordinal);
        }

        Assert.Equal("precious", await File.ReadAllTextAsync(old));
        Assert.False(File.Exists(unfinished));
        File.Delete(old);
        await File.WriteAllTextAsync(unfinished, "half");
        using NodeProcess next = await NodeProcess.OpenAsync(folder);
        Assert.False(IsAny("*"));
    }

    private bool IsAny(string pattern) => Directory.EnumerateFiles(Snapshots, pattern).Any();

    private ulong[] Complete() => [.. Directory.EnumerateFiles(Snapshots, "*.committed")
        .Select(path => Snapshot.TryParseFileName(Path.GetFileName(path), out SeqNo seqNo, out _, out _)
            ? seqNo.Value
            : 0)];

    private static async Task WriteAsync(HttpClient client, int id, string message)
    {
        using HttpResponseMessage response =
            await client.PostAsJsonAsync("/app/log/private", new { id, msg = message });
        response.EnsureSuccessStatusCode();
    }
}
