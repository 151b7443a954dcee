using System;

namespace Curia.Cli.Benchmark.Load;

/// <summary>The server did what no load can go on with; the message says what, as the end of a sentence.</summary>
internal sealed class LoadFailure(string message) : Exception(message);
