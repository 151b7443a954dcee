using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>What happened, line by line, and a digest over all of it: two runs of one seed have the same.</summary>
/// <param name="linesKept">The end of a failed run is what a reader wants; the digest covers the rest.</param>
internal sealed class Trace(int linesKept = Trace.LinesKept) : IDisposable
{
    public const int LinesKept = 200;

    private readonly Queue<string> tail = new();
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public IReadOnlyCollection<string> Tail => tail;

    public long Lines { get; private set; }

    public void Add(long microseconds, string line)
    {
        string timed = $"{microseconds,12} {line}";
        hash.AppendData(Encoding.UTF8.GetBytes(timed));
        tail.Enqueue(timed);
        if (tail.Count > linesKept) tail.Dequeue();
        Lines++;
    }

    public Digest Finish() => new(hash.GetHashAndReset());

    public void Dispose() => hash.Dispose();
}
