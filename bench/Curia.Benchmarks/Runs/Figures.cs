using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace Curia.Benchmarks.Runs;

/// <summary>One measurement of one cell.</summary>
internal sealed record Figure(
    double Throughput, double P50, double P99, double? DriverCpu, double? ServerCpu, double? Allocated, double? Memory)
{
    /// <summary>From what <c>curia bench --json</c> prints.</summary>
    public static Figure Of(JsonNode json) => new(
        json["throughput_per_second"]!.GetValue<double>(),
        json["latency_ms"]!["p50"]!.GetValue<double>(),
        json["latency_ms"]!["p99"]!.GetValue<double>(),
        json["cpu_us_per_request"]!["driver"]?.GetValue<double>(),
        json["cpu_us_per_request"]!["nodes"]?.GetValue<double>(),
        json["allocated_bytes_per_request"]?.GetValue<double>(),
        json["peak_memory_mib"]?[0]?.GetValue<double>());
}

/// <summary>What all rounds found, cell by cell.</summary>
internal sealed class Figures
{
    private readonly Dictionary<string, List<Figure>> cells = new(StringComparer.Ordinal);

    /// <summary>The names of the cells, in the order in which they came.</summary>
    public IEnumerable<string> Names => cells.Keys;

    /// <summary>Takes down one measurement.</summary>
    public void Add(string name, Figure figure)
    {
        if (!cells.TryGetValue(name, out List<Figure>? all)) cells.Add(name, all = []);
        all.Add(figure);
    }

    /// <summary>Whether a cell was measured.</summary>
    public bool Has(string name) => cells.ContainsKey(name);

    /// <summary>All rounds of one cell.</summary>
    public IReadOnlyList<Figure> Rounds(string name) => cells[name];

    /// <summary>The median over the rounds of each part by itself.</summary>
    public Figure Median(string name)
    {
        List<Figure> all = cells[name];
        return new Figure(
            MedianOf(all.Select(figure => figure.Throughput)),
            MedianOf(all.Select(figure => figure.P50)),
            MedianOf(all.Select(figure => figure.P99)),
            Known(all.Select(figure => figure.DriverCpu)),
            Known(all.Select(figure => figure.ServerCpu)),
            Known(all.Select(figure => figure.Allocated)),
            all.Max(figure => figure.Memory));
    }

    /// <summary>The median of some values.</summary>
    public static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static double? Known(IEnumerable<double?> values)
    {
        double[] known = [.. values.OfType<double>()];
        return known.Length > 0 ? MedianOf(known) : null;
    }
}
