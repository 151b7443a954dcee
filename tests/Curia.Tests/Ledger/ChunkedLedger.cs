using System;
using System.Collections.Generic;
using System.Linq;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>The smallest ledger that has everything an attacker could touch: three chunks, five blocks, write sets with
/// public and private parts, claims, two views.</summary>
internal sealed class ChunkedLedger : IDisposable
{
    private static readonly Map<string, string> PublicLog = new("public:log", Codecs.Utf8, Codecs.Utf8);
    private static readonly Map<string, string> PrivateLog = new("log", Codecs.Utf8, Codecs.Utf8);

    private readonly KeyValueStore store = new();

    public ChunkedLedger(string seed = "chunked")
        : this(new SampleLedger(seed))
    {
        Write(2, one => one.Map(PublicLog).Put("name", "chunked"));
        Write(
            2,
            one =>
            {
                one.Map(PublicLog).Put("1", "public one");
                one.Map(PrivateLog).Put("1", "private one");
                one.SetClaims(new ClaimsDigest(Digest.Of("claims of 2.3"u8)));
            },
            one => one.Map(PrivateLog).Put("2", "private two"));
        Write(3);
        Write(3, one => one.Map(PublicLog).Put("2", "public two"));
        Write(3, one => one.Map(PrivateLog).Put("3", "private three"), one => one.Map(PublicLog).Put("3", "three"));
    }

    private ChunkedLedger(SampleLedger sample) => Sample = sample;

    public SampleLedger Sample { get; }

    public SealedBlock[] Blocks => [.. Sample.Blocks];

    /// <summary>Two closed files with two blocks each, and an open one with the rest.</summary>
    public List<(string Name, byte[] Bytes)> Files() => FilesOf(Blocks);

    public static List<(string Name, byte[] Bytes)> FilesOf(SealedBlock[] blocks) =>
    [
        (LedgerChunk.ClosedName(blocks[0].First, blocks[1].Last), SampleLedger.Chunk(blocks[..2])),
        (LedgerChunk.ClosedName(blocks[2].First, blocks[3].Last), SampleLedger.Chunk(blocks[2..4])),
        (LedgerChunk.OpenName(blocks[4].First), SampleLedger.Chunk(blocks[4..])),
    ];

    /// <summary>Where in these files each block stands.</summary>
    public IEnumerable<(int File, int Offset, SealedBlock Block)> Places()
    {
        for (int file = 0; file < 3; file++)
        {
            int offset = LedgerChunk.HeaderSize;
            foreach (SealedBlock block in file < 2 ? Blocks[(2 * file)..(2 * file + 2)] : Blocks[4..])
            {
                yield return (file, offset, block);
                offset += block.Bytes.Length;
            }
        }
    }

    /// <summary>The same keys and the same beginning, and then something else.</summary>
    public ChunkedLedger Fork(int blocksInCommon)
    {
        ChunkedLedger fork = new(Sample.Fork(blocksInCommon));
        while (fork.Blocks.Length < Blocks.Length)
        {
            ulong view = Blocks[fork.Blocks.Length].View.Value;
            string key = $"fork {fork.Blocks.Length}";
            Action<Transaction>[] writes = [.. Enumerable.Range(0, Count(Blocks[fork.Blocks.Length])).Select(i =>
                (Action<Transaction>)(one => one.Map(PublicLog).Put(key, $"other {i}")))];
            fork.WriteFrom(fork.Sample.Last.SeqNo.Next, view, writes);
        }

        return fork;
    }

    public void Dispose() => Sample.Dispose();

    private static int Count(SealedBlock block) => (int)(block.Last.Value - block.First.Value);

    private void Write(ulong view, params Action<Transaction>[] transactions) =>
        WriteFrom(Sample.Last.SeqNo.Next, view, transactions);

    private void WriteFrom(SeqNo first, ulong view, Action<Transaction>[] transactions)
    {
        OpenBlock open = new(new View(view), first);
        foreach (Action<Transaction> write in transactions)
        {
            Transaction transaction = store.Begin(MapAccess.Node);
            write(transaction);
            WriteSet changes = Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, open.View)).Changes;
            TxId txId = new(open.View, open.Next);
            byte[] written = changes.Encode(Domain.Public);
            bool genesis = txId.SeqNo.Value == 1;
            open.Add(
                txId, genesis ? EntryType.Genesis : EntryType.WriteSet, transaction.Claims,
                genesis ? GenesisBlock.EncodePublic(Sample.ServiceCertificate.Der.Span, written) : written,
                changes.Encode(Domain.Private));
        }

        Sample.Seal(open);
    }
}
