using System;
using BenchmarkDotNet.Attributes;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Benchmarks.Micro;

/// <summary>What the ledger costs without network and disk. Expected for 100 bytes a transaction: about 6 µs for an
/// entry (HMAC, AES-GCM, three hashes, one for the tree) and two P-256 signatures for each block, so 100,000 entries a
/// second on one thread need blocks of a hundred entries and more.</summary>
[MemoryDiagnoser]
public class LedgerBenchmarks : IDisposable
{
    private readonly MerkleTree leaves = MerkleTree.OfEmptyLedger();
    private BenchmarkLedger? ledger;
    private ReadOnlyMemory<byte> block;
    private ulong next;

    [Params(1, 100, 1000)]
    public int EntriesPerBlock { get; set; }

    [GlobalSetup]
    public void Start()
    {
        ledger = new BenchmarkLedger();
        block = ledger.SealBlock(EntriesPerBlock).Bytes;
        next = 1;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        ledger?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public byte[] SealEntry() => ledger!.Entries.Seal(
        EntryType.WriteSet, new TxId(new View(2), new SeqNo(++next)), ClaimsDigest.None, ledger.PublicBytes.Span,
        ledger.PrivateBytes.Span);

    [Benchmark]
    public object SealBlock() => ledger!.SealBlock(EntriesPerBlock);

    [Benchmark]
    public object? DecodeBlock() => Block.TryDecode(block, out Block? decoded) ? decoded : null;

    [Benchmark]
    public bool DecodeAndVerifyBlock() =>
        Block.TryDecode(block, out Block? decoded) && ledger!.Service.Verify(decoded, out _);

    [Benchmark]
    public void MerkleAppend()
    {
        leaves.Append(Digest.Zero);
        if (leaves.Size % 4096 == 0) leaves.Flush(leaves.Size);
    }
}
