using System;

namespace Curia.Cli.Benchmark;

/// <summary>What the load consists of.</summary>
internal enum Workload
{
    Write,
    Read,
    Mixed,
    Echo,
}

/// <summary>What to measure.</summary>
/// <param name="Workload">What is sent.</param>
/// <param name="IsHttp1">HTTP/1.1 with one request in flight on each connection, instead of HTTP/2.</param>
/// <param name="Connections">How many connections.</param>
/// <param name="InFlight">How many requests at a time, over all of them.</param>
/// <param name="WarmUp">How long to send before anything is counted.</param>
/// <param name="Duration">For how long requests are begun.</param>
/// <param name="RequestsMax">How many at most; null for as many as fit.</param>
/// <param name="Messages">How many messages are written over and over.</param>
/// <param name="PayloadBytes">The size of a message.</param>
/// <param name="WaitForCommit">Whether a write is answered when it is committed.</param>
internal sealed record BenchOptions(
    Workload Workload,
    bool IsHttp1,
    int Connections,
    int InFlight,
    TimeSpan WarmUp,
    TimeSpan Duration,
    long? RequestsMax,
    int Messages,
    int PayloadBytes,
    bool WaitForCommit);
