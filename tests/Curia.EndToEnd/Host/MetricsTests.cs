using System;
using System.Diagnostics;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Host;

[Collection(SharedNodeTests.Name)]
public sealed partial class MetricsTests(SharedNode shared)
{
    private static readonly string[] promised =
    [
        "curia_http_requests_total", "curia_http_request_duration_seconds_bucket", "curia_http_requests_in_flight",
        "curia_sessions",
        "curia_seqno", "curia_committed", "curia_view", "curia_blocks_sealed_total", "curia_block_size_bytes_bucket",
        "curia_ledger_flush_duration_seconds_bucket", "curia_ledger_written_bytes_total", "curia_inputs_queued",
        "curia_transactions_conflicts_total", "curia_snapshots_total", "dotnet_gc_heap_total_allocated_bytes_total",
    ];

    [Fact]
    public async Task What_is_measured_is_there_and_its_labels_cannot_be_made_up_by_clients()
    {
        using HttpClient client = shared.Node.Client(shared.Folder.User);
        await client.PostAsJsonAsync("/app/log/private", new { id = 4711, msg = "m" });
        await client.GetAsync("/app/log/private?id=4711");
        await client.GetAsync("/app/made/up/path/4711");
        using (HttpRequestMessage odd = new(new HttpMethod("FETCH4711"), "/app/log/private"))
            await client.SendAsync(odd);
        string text = await ScrapeAsync(client, until: "endpoint=\"/app/log/private\"");
        Assert.All(promised, name => Assert.Contains($"\n{name}{{", text, StringComparison.Ordinal));
        Assert.DoesNotContain("4711", text, StringComparison.Ordinal);
        string[] endpoints = [.. Labels().Matches(text).Select(match => match.Groups[1].Value).Distinct()];
        Assert.Contains("/app/log/private", endpoints);
        Assert.Contains("none", endpoints);
        Assert.DoesNotContain(endpoints, endpoint => endpoint.Contains("made", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sessions_are_told_per_listener()
    {
        using HttpClient client = shared.Node.Client();
        using JsonDocument body = JsonDocument.Parse(await client.GetStringAsync("/node/metrics"));
        JsonElement sessions = body.RootElement.GetProperty("sessions");
        JsonElement primary = sessions.GetProperty("interfaces").GetProperty("primary");
        Assert.True(primary.GetProperty("active").GetInt64() >= 1);
        Assert.True(primary.GetProperty("peak").GetInt64() >= primary.GetProperty("active").GetInt64());
        Assert.Equal(1000, primary.GetProperty("soft_cap").GetInt32());
        Assert.Equal(1010, primary.GetProperty("hard_cap").GetInt32());
        Assert.Equal(0, primary.GetProperty("errors").GetProperty("request_payload_too_large").GetInt32());
    }

    // A request is counted after its answer has left, and an exporter may answer from what it told a moment ago.
    private static async Task<string> ScrapeAsync(HttpClient client, string until)
    {
        string text = "";
        for (Stopwatch waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(10);)
        {
            text = await client.GetStringAsync("/metrics");
            if (text.Contains(until, StringComparison.Ordinal)) break;
            await Task.Delay(50);
        }

        return text;
    }

    [GeneratedRegex("endpoint=\"([^\"]*)\"")]
    private static partial Regex Labels();
}
