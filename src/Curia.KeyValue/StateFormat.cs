using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Curia.Vocabulary;

namespace Curia.KeyValue;

/// <summary>Format 1 of exported state and of its digest (docs/ledger-format-write-sets.md, "State export").</summary>
internal static class StateFormat
{
    public const byte FormatVersion = 1;

    private const int SectionOverhead = 1 + 4;
    private const int EntryOverhead = 8 + 4 + 4;

    // Hashed in pieces of this size, which keeps the memory small whatever the size of the state.
    private const int HashedBytesMax = 64 * 1024;

    public static IEnumerable<ReadOnlyMemory<byte>> Frames(
        ImmutableSortedDictionary<string, Tree> maps, Domain domain, int frameBytesMax)
    {
        FrameWriter frame = new(domain, frameBytesMax);
        foreach ((string name, Tree tree) in maps)
        {
            if (MapNames.DomainOf(name) != domain) continue;
            frame.EndSection();
            for (TreeCursor cursor = new(tree, KeyInterval.All); !cursor.IsEnded; cursor.Move())
            {
                if (!frame.HasRoomFor(name, cursor.Current)) yield return frame.Take();
                frame.Add(name, cursor.Current);
            }
        }

        if (!frame.IsEmpty) yield return frame.Take();
    }

    public static Digest DigestOf(ImmutableSortedDictionary<string, Tree> maps, Domain domain)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ByteWriter writer = new(HashedBytesMax);
        writer.Byte(FormatVersion);
        writer.Byte((byte)domain);
        foreach ((string name, Tree tree) in maps)
        {
            if (MapNames.DomainOf(name) != domain) continue;
            writer.MapName(name);
            writer.UInt64((ulong)tree.Count);
            for (TreeCursor cursor = new(tree, KeyInterval.All); !cursor.IsEnded; cursor.Move())
            {
                WriteEntry(writer, cursor.Current);
                if (writer.Length < HashedBytesMax / 2) continue;
                hash.AppendData(writer.Written);
                writer.Clear();
            }
        }

        hash.AppendData(writer.Written);
        return new Digest(hash.GetHashAndReset());
    }

    public static Digest DigestOf(TxId txId, Digest publicPart, Digest privatePart)
    {
        ByteWriter writer = new(1 + 8 + 8);
        writer.Byte(FormatVersion);
        writer.UInt64(txId.View.Value);
        writer.UInt64(txId.SeqNo.Value);
        return Digest.Of([.. writer.Written, .. publicPart.ToArray(), .. privatePart.ToArray()]);
    }

    private static void WriteEntry(ByteWriter writer, Record record)
    {
        writer.UInt64(record.Version.Value);
        writer.Counted(record.Key);
        writer.Counted(record.Value);
    }

    /// <summary>Fills one frame after the other.</summary>
    private sealed class FrameWriter(Domain domain, int frameBytesMax)
    {
        private readonly ByteWriter writer = new(Math.Min(frameBytesMax, HashedBytesMax));
        private int entries;
        private int sectionCountAt;

        public bool IsEmpty => writer.Length == 0;

        public void EndSection() => entries = 0;

        public bool HasRoomFor(string name, Record record)
        {
            if (IsEmpty) return true;
            int section = entries == 0 ? SectionOverhead + name.Length : 0;
            int entry = EntryOverhead + record.Key.Length + record.Value.Length;
            return writer.Length + section + entry <= frameBytesMax;
        }

        public void Add(string name, Record record)
        {
            if (IsEmpty)
            {
                writer.Byte(FormatVersion);
                writer.Byte((byte)domain);
            }

            if (entries == 0)
            {
                writer.MapName(name);
                sectionCountAt = writer.Length;
                writer.UInt32(0);
            }

            WriteEntry(writer, record);
            writer.SetUInt32(sectionCountAt, ++entries);
        }

        public ReadOnlyMemory<byte> Take()
        {
            byte[] frame = writer.Written.ToArray();
            writer.Clear();
            entries = 0;
            return frame;
        }
    }
}
