using System;
using System.Collections.Generic;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>The smallest ledger that has everything an attacker could touch: three chunks, six blocks, two epochs,
/// write sets with public and private parts, claims, and a view that changes.</summary>
internal sealed class ChunkedLedger : IDisposable
{
    /// <summary>The number of the block that opens the second epoch.</summary>
    public const int EpochBlockAt = 4;

    private const int BlockCount = 6;

    private static readonly Map<string, string> PublicLog = new("public:log", Codecs.Utf8, Codecs.Utf8);
    private static readonly Map<string, string> PrivateLog = new("log", Codecs.Utf8, Codecs.Utf8);
    private static readonly Map<ulong, byte[]> Wrapped =
        new("public:curia.internal.wrapped_ledger_secrets", Codecs.UInt64, Codecs.Bytes);

    private readonly KeyValueStore store = new();
    private readonly string seed;

    public ChunkedLedger(string seed = "chunked")
        : this(seed, new SampleLedger(seed), "")
    {
    }

    private ChunkedLedger(string seed, SampleLedger first, string branch)
    {
        this.seed = seed;
        First = first;
        Sample = first;
        while (Sample.Blocks.Count < BlockCount) WriteNext(branch);
    }

    /// <summary>The first epoch: its keys, and the blocks up to the second one.</summary>
    public SampleLedger First { get; }

    /// <summary>The second epoch, with all blocks.</summary>
    public SampleLedger Sample { get; private set; }

    public SealedBlock[] Blocks => [.. Sample.Blocks];

    /// <summary>Two closed files with two blocks each, and an open one with those of the second epoch.</summary>
    public List<(string Name, byte[] Bytes)> Files() => FilesOf(Blocks);

    public static List<(string Name, byte[] Bytes)> FilesOf(SealedBlock[] blocks) =>
    [
        (LedgerChunk.ClosedName(blocks[0].First, blocks[1].Last), SampleLedger.Chunk(blocks[..2])),
        (LedgerChunk.ClosedName(blocks[2].First, blocks[3].Last), SampleLedger.Chunk(blocks[2..EpochBlockAt])),
        (LedgerChunk.OpenName(blocks[EpochBlockAt].First), SampleLedger.Chunk(blocks[EpochBlockAt..])),
    ];

    /// <summary>Where in these files each block stands.</summary>
    public IEnumerable<(int File, int Offset, SealedBlock Block)> Places()
    {
        int offset = LedgerChunk.HeaderSize;
        for (int i = 0; i < BlockCount; i++)
        {
            if (i is 2 or EpochBlockAt) offset = LedgerChunk.HeaderSize;
            yield return (i / 2, offset, Blocks[i]);
            offset += Blocks[i].Bytes.Length;
        }
    }

    /// <summary>The same keys and the same beginning, and then something else.</summary>
    public ChunkedLedger Fork(int blocksInCommon) => new(seed, First.Fork(blocksInCommon), "other ");

    /// <summary>The first file, the second, and as third one an epoch that is not as it should be.</summary>
    public List<(string Name, byte[] Bytes)> WithEpoch(EpochForgery forgery)
    {
        using SampleLedger fork = First.Fork(EpochBlockAt);
        using SampleLedger epoch = fork.NextEpoch($"{seed} epoch", WritesOfEpoch, forgery);
        return [.. Files()[..2], (Files()[2].Name, SampleLedger.Chunk(epoch.Blocks[^1]))];
    }

    public void Dispose()
    {
        First.Dispose();
        Sample.Dispose();
    }

    private void WriteNext(string branch)
    {
        switch (Sample.Blocks.Count)
        {
            case 0:
                Write(2, one => one.Map(PublicLog).Put("name", branch + "chunked"));
                break;
            case 1:
                Write(
                    2,
                    one =>
                    {
                        one.Map(PublicLog).Put("1", branch + "public one");
                        one.Map(PrivateLog).Put("1", "private one");
                        one.SetClaims(new ClaimsDigest(Digest.Of("claims of 2.3"u8)));
                    },
                    one => one.Map(PrivateLog).Put("2", "private two"));
                break;
            case 2:
                Write(3);
                break;
            case 3:
                Write(3, one => one.Map(PublicLog).Put("2", branch + "public two"));
                break;
            case EpochBlockAt:
                Sample = First.NextEpoch($"{seed} epoch", WritesOfEpoch);
                break;
            default:
                Write(5, one => one.Map(PrivateLog).Put("3", branch + "private three"),
                    one => one.Map(PublicLog).Put("3", "three"));
                break;
        }
    }

    private byte[] WritesOfEpoch(LedgerSecret secret) => Committed(
        5, one => one.Map(Wrapped).Put(1, secret.Wrap(new SeqNo(1), First.Secret)), out _).Encode(Domain.Public);

    private void Write(ulong view, params Action<Transaction>[] transactions)
    {
        OpenBlock open = new(new View(view), Sample.Last.SeqNo.Next);
        foreach (Action<Transaction> write in transactions)
        {
            WriteSet changes = Committed(view, write, out ClaimsDigest claims);
            byte[] written = changes.Encode(Domain.Public);
            bool genesis = open.Next.Value == 1;
            open.Add(
                new TxId(open.View, open.Next), genesis ? EntryType.Genesis : EntryType.WriteSet, claims,
                genesis ? GenesisBlock.EncodePublic(Sample.ServiceCertificate.Der.Span, written) : written,
                changes.Encode(Domain.Private));
        }

        Sample.Seal(open);
    }

    private WriteSet Committed(ulong view, Action<Transaction> write, out ClaimsDigest claims)
    {
        Transaction transaction = store.Begin(MapAccess.Node);
        write(transaction);
        claims = transaction.Claims;
        return Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, new View(view))).Changes;
    }
}
