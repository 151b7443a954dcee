using System;
using System.Globalization;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Curia.Client;

namespace Curia.Cli.Benchmark;

/// <summary>What a node tells of itself at <c>/metrics</c>, in Prometheus text.</summary>
internal static class NodeMetrics
{
    /// <summary>All bytes that the process has ever allocated on its managed heap.</summary>
    public const string AllocatedBytes = "dotnet_gc_heap_total_allocated_bytes_total";

    /// <summary>An answer is never older than this: the exporter keeps one for 300 ms.</summary>
    public static readonly TimeSpan StaleMax = TimeSpan.FromMilliseconds(400);

    /// <summary>The value of a metric, summed over its labels; null when the node does not tell.</summary>
    public static async Task<double?> ReadAsync(CuriaClient client, string name, CancellationToken cancel)
    {
        try
        {
            CallResult result = await client.CallAsync(CallRequest.Get("/metrics"), cancel).ConfigureAwait(false);
            return result.IsSuccess ? Find(Encoding.UTF8.GetString(result.Body.Span), name) : null;
        }
        catch (CuriaClientException)
        {
            return null; // it has ended, as its CPU time will say too
        }
    }

    private static double? Find(string text, string name)
    {
        double? sum = null;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            bool isSample = line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length
                && line[name.Length] is '{' or ' ';
            if (!isSample) continue;
            int labelsEnd = line.LastIndexOf('}') + 1;
            ReadOnlySpan<char> rest = line[Math.Max(labelsEnd, name.Length)..].Trim();
            int space = rest.IndexOf(' '); // a time may follow
            if (space >= 0) rest = rest[..space];
            if (double.TryParse(rest, CultureInfo.InvariantCulture, out double value)) sum = (sum ?? 0) + value;
        }

        return sum;
    }
}
