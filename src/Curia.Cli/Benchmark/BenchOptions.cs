using System;

namespace Curia.Cli.Benchmark;

/// <summary>What the load consists of.</summary>
internal enum Workload
{
    Write,
    Read,
    Mixed,
}

/// <summary>What to measure.</summary>
internal sealed record BenchOptions(
    Workload Workload, int Connections, int InFlight, TimeSpan Duration, int PayloadBytes, bool WaitForCommit);
