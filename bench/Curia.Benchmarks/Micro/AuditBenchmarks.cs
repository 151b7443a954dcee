using System;
using System.Collections.Generic;
using BenchmarkDotNet.Attributes;
using Curia.Ledger;

namespace Curia.Benchmarks.Micro;

/// <summary>What the audit of a ledger costs for each entry, files already in memory. Expected: three hashes and one
/// for the tree for each entry (about 2 µs), and two P-256 verifications (about 0.1 ms each) for each block, so that
/// 60,000 entries a second need blocks of twenty entries and more on one thread.</summary>
[MemoryDiagnoser]
public class AuditBenchmarks
{
    private const int Entries = 10_000;

    private readonly List<(string Name, byte[] Bytes)> files = [];

    [Params(10, 100, 1000)]
    public int EntriesPerBlock { get; set; }

    [GlobalSetup]
    public void Write()
    {
        using BenchmarkLedger ledger = new();
        List<byte> chunk = [.. LedgerChunk.Header(ledger.Genesis.First), .. ledger.Genesis.Bytes.Span];
        SealedBlock first = ledger.Genesis;
        for (int written = 0; written < Entries; written += EntriesPerBlock)
        {
            SealedBlock block = ledger.SealBlock(EntriesPerBlock);
            if (chunk.Count == 0) chunk.AddRange(LedgerChunk.Header((first = block).First));
            chunk.AddRange(block.Bytes.Span);
            bool isLast = written + EntriesPerBlock >= Entries;
            if (chunk.Count < LedgerChunk.BytesToClose && !isLast) continue;
            string name = isLast ? LedgerChunk.OpenName(first.First) : LedgerChunk.ClosedName(first.First, block.Last);
            files.Add((name, [.. chunk]));
            chunk.Clear();
        }
    }

    /// <summary>The figure is for one entry.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public object Audit()
    {
        LedgerAudit audit = new(new AuditOptions());
        foreach ((string name, byte[] bytes) in files) audit.AddChunk(name, bytes);
        AuditReport report = audit.Finish();
        return report.Ok && report.Transactions > Entries
            ? report
            : throw new InvalidOperationException("the ledger of the benchmark is damaged");
    }
}
