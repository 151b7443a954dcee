using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>Something that a host can do to the files of a ledger, and where a reader has to find it.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Files">The files after that.</param>
/// <param name="File">The file that the first problem has to name.</param>
/// <param name="From">The first seqno that the first problem may name.</param>
/// <param name="To">The last one.</param>
internal sealed record Tampering(
    string Name, IReadOnlyList<(string Name, byte[] Bytes)> Files, string File, ulong From, ulong To)
{
    /// <summary>Everything that is done here to a ledger. None of it leaves a valid ledger.</summary>
    public static IEnumerable<Tampering> Of(ChunkedLedger ledger) =>
        OfEntries(ledger).Concat(OfBlocks(ledger)).Concat(OfChunks(ledger)).Concat(OfKeys(ledger));

    // The second block, 3 to 5: once as bytes are moved, once with numbers that fit again.
    private static IEnumerable<Tampering> OfEntries(ChunkedLedger ledger)
    {
        byte[][] entries = EntriesOf(ledger.Blocks[1]);
        byte[][] other = EntriesOf(ledger.Blocks[4]);
        (string, byte[][])[] changes =
        [
            ("an entry dropped", [entries[1], entries[2]]),
            ("the signature dropped", [entries[0], entries[1]]),
            ("an entry twice", [entries[0], entries[0], entries[1], entries[2]]),
            ("entries swapped", [entries[1], entries[0], entries[2]]),
            ("the signature first", [entries[2], entries[0], entries[1]]),
            ("an entry of another block", [other[0], entries[1], entries[2]]),
            ("the signature of another block", [entries[0], entries[1], other[2]]),
            ("another public byte", [With(entries[0], LedgerEntry.HeaderSize + 30), entries[1], entries[2]]),
            ("another private byte", [entries[0], With(entries[1], entries[1].Length - 20), entries[2]]),
            ("other claims", [With(entries[0], 20), entries[1], entries[2]]),
            ("another evidence digest", [With(entries[0], 60), entries[1], entries[2]]),
            ("no private part", [entries[0], WithoutPrivate(entries[1]), entries[2]]),
            ("another type", [entries[0], With(entries[1], 1), entries[2]]),
        ];
        foreach ((string name, byte[][] changed) in changes)
        {
            yield return Rebuilt(ledger, name, changed);
            byte[][] numbered = [.. changed.Select((entry, i) => At(entry, ledger.Blocks[1].First.Value + (ulong)i))];
            if (!numbered.SequenceEqual(changed)) yield return Rebuilt(ledger, $"{name}, numbered again", numbered);
        }
    }

    private static IEnumerable<Tampering> OfBlocks(ChunkedLedger ledger)
    {
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        SealedBlock[] b = ledger.Blocks;
        string shorter = LedgerChunk.ClosedName(b[0].First, b[0].Last);
        using ChunkedLedger fork = ledger.Fork(2);
        yield return new("a block dropped at the end of a file",
            [(files[0].Name, SampleLedger.Chunk(b[0])), files[1], files[2]], files[0].Name, 2, 5);
        yield return new("the same, and the file renamed",
            [(shorter, SampleLedger.Chunk(b[0])), files[1], files[2]], files[1].Name, 3, 6);
        yield return new("a block dropped", [files[0], (files[1].Name, Chunk(6, b[3])), files[2]], files[1].Name, 6, 8);
        yield return new("the genesis block dropped",
            [(files[0].Name, Chunk(1, b[1])), files[1], files[2]], files[0].Name, 1, 5);
        yield return new("a block twice",
            [files[0], (files[1].Name, Chunk(6, b[2], b[2], b[3])), files[2]], files[1].Name, 6, 7);
        yield return new("blocks swapped",
            [files[0], (files[1].Name, Chunk(6, b[3], b[2])), files[2]], files[1].Name, 6, 8);
        yield return new("blocks of two files swapped",
            [files[0], (files[1].Name, Chunk(6, b[2], b[4])), (files[2].Name, Chunk(9, b[3]))], files[1].Name, 7, 11);
        yield return new("an older block in place of a newer one",
            [files[0], (files[1].Name, Chunk(6, b[2], b[1])), files[2]], files[1].Name, 3, 8);
        yield return new("a block of another history",
            [files[0], (files[1].Name, Chunk(6, b[2], fork.Blocks[3])), files[2]], files[1].Name, 7, 8);
        yield return new("bytes behind the last block",
            [files[0], files[1], (files[2].Name, [.. files[2].Bytes, 1, .. new byte[80]])], files[2].Name, 12, 12);
        yield return new("an older block behind the last one",
            [files[0], files[1], (files[2].Name, Chunk(9, b[4], b[3]))], files[2].Name, 7, 12);
    }

    private static IEnumerable<Tampering> OfChunks(ChunkedLedger ledger)
    {
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        SealedBlock[] b = ledger.Blocks;
        string open = LedgerChunk.OpenName(b[2].First);
        yield return new("the first file dropped", [files[1], files[2]], files[1].Name, 1, 6);
        yield return new("a file dropped", [files[0], files[2]], files[2].Name, 6, 9);
        yield return new("contents of files swapped",
            [files[0], (files[1].Name, files[2].Bytes), (files[2].Name, files[1].Bytes)], files[1].Name, 6, 6);
        yield return new("one content under two names",
            [files[0], files[1], (files[2].Name, files[1].Bytes)], files[2].Name, 9, 9);
        yield return new("a file twice, with its first and its second name",
            [files[0], files[1], (open, files[1].Bytes), files[2]], open, 6, 6);
        yield return new("an older copy of a file under its first name",
            [files[0], (open, SampleLedger.Chunk(b[2])), files[2]], files[2].Name, 7, 9);
        yield return new("an older copy of a file under its second name",
            [files[0], (files[1].Name, SampleLedger.Chunk(b[2])), files[2]], files[1].Name, 6, 8);
        yield return new("an older copy of a file, and the newest file dropped",
            [files[0], (files[1].Name, SampleLedger.Chunk(b[2]))], files[1].Name, 6, 8);
        foreach (int cut in (int[])[1, 40, 400, files[1].Bytes.Length - 17, files[1].Bytes.Length])
        {
            yield return new($"{cut} bytes cut off a file with its second name",
                [files[0], (files[1].Name, files[1].Bytes[..^cut]), files[2]], files[1].Name, 5, 8);
        }

        yield return new("zeros behind the last block of a file with its second name",
            [files[0], (files[1].Name, [.. files[1].Bytes, .. new byte[512]]), files[2]], files[1].Name, 9, 9);
    }

    // Signatures that are right, of keys that are not those of the service.
    private static IEnumerable<Tampering> OfKeys(ChunkedLedger ledger)
    {
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        using ChunkedLedger thief = new("thief");
        SealedBlock[] resigned = [.. ledger.Blocks[..2]];
        for (int i = 2; i < 5; i++) resigned = [.. resigned, Resigned(ledger, thief, resigned, ledger.Blocks[i])];
        List<(string Name, byte[] Bytes)> changed = ChunkedLedger.FilesOf(resigned);
        yield return new("the last block signed with other keys", [files[0], files[1], (files[2].Name,
            Chunk(9, Resigned(ledger, thief, ledger.Blocks[..4], ledger.Blocks[4])))], files[2].Name, 9, 11);
        yield return new("everything from a block on signed with other keys", changed, files[1].Name, 6, 6);
        yield return new("the files of another ledger behind ours",
            [files[0], .. thief.Files()[1..]], files[1].Name, 6, 6);
    }

    // A block with the entries of one of ours, signed by the thief, in the tree of the blocks before it.
    private static SealedBlock Resigned(
        ChunkedLedger ledger, ChunkedLedger thief, SealedBlock[] before, SealedBlock block)
    {
        MerkleTree tree = MerkleTree.OfEmptyLedger();
        foreach (SealedBlock one in before) foreach (Digest leaf in Decoded(one).Leaves()) tree.Append(leaf);
        MerkleFrontier frontier = tree.Frontier();
        Block signed = Decoded(block);
        foreach (LedgerEntry entry in signed.Entries.SkipLast(1)) tree.Append(entry.Leaf);
        TxId last = signed.Entries[^1].TxId;
        SignatureTransaction signature = SignatureTransaction.Sign(
            last, tree.Root(), frontier, thief.Sample.NodeKey, thief.Sample.NodeCertificate.Der,
            thief.Sample.ServiceKey, signed.Signature.Committed, signed.Signature.Time, "service.example.com",
            "ledger.signature");
        using EntrySealer sealer = new(ledger.Sample.Secret, thief.Sample.NodeId);
        byte[] entry2 = sealer.Seal(EntryType.Signature, last, ClaimsDigest.None, signature.Encode(), default);
        byte[] bytes = Block.Encode(
            thief.Sample.NodeId, signed.View, signed.First,
            [.. signed.Entries.SkipLast(1).Select(one => one.Bytes.ToArray()), entry2]);
        return block with { Bytes = bytes };
    }

    private static Tampering Rebuilt(ChunkedLedger ledger, string name, byte[][] entries)
    {
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        SealedBlock block = ledger.Blocks[1];
        byte[] bytes = Block.Encode(ledger.Sample.NodeId, block.View, block.First, entries);
        files[0] = (files[0].Name, [.. SampleLedger.Chunk(ledger.Blocks[0]), .. bytes]);
        return new Tampering(name, files, files[0].Name, 3, 6);
    }

    private static byte[][] EntriesOf(SealedBlock block) =>
        [.. Decoded(block).Entries.Select(entry => entry.Bytes.ToArray())];

    private static Block Decoded(SealedBlock sealedBlock)
    {
        Assert.True(Block.TryDecode(sealedBlock.Bytes, out Block? block));
        return block;
    }

    private static byte[] Chunk(ulong first, params SealedBlock[] blocks) =>
        [.. LedgerChunk.Header(new SeqNo(first)), .. blocks.SelectMany(block => block.Bytes.ToArray())];

    private static byte[] With(byte[] bytes, int at)
    {
        byte[] changed = [.. bytes];
        changed[at] ^= 1;
        return changed;
    }

    private static byte[] At(byte[] entry, ulong seqNo)
    {
        byte[] changed = [.. entry];
        BinaryPrimitives.WriteUInt64BigEndian(changed.AsSpan(10), seqNo);
        return changed.AsSpan().SequenceEqual(entry) ? entry : changed;
    }

    private static byte[] WithoutPrivate(byte[] entry)
    {
        int length = (int)BinaryPrimitives.ReadUInt32BigEndian(entry.AsSpan(86));
        byte[] changed = entry[..^length];
        changed.AsSpan(86, 4).Clear();
        return changed;
    }
}
