using System;
using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.KeyValue;

/// <summary>Format 1 of write sets (docs/ledger-format-write-sets.md, "Write sets").</summary>
internal static class WriteSetFormat
{
    private const byte FormatVersion = 1;
    private const byte RemoveOperation = 0;
    private const byte PutOperation = 1;
    private const int HeaderSize = 1 + 4;
    private const int MapOverhead = 1 + 4;
    private const int RemoveOverhead = 1 + 4;
    private const int PutOverhead = RemoveOverhead + 4;

    // Room reserved for writes before they are seen; beyond it a list grows with what is really there.
    private const int WritesReservedMax = 4096;

    /// <summary>The encoded size of own writes, both domains together.</summary>
    public static long SizeOf(List<OpenMap> openMaps)
    {
        long publicBytes = 0;
        long privateBytes = 0;
        foreach (OpenMap map in openMaps)
        {
            if (map.Writes.Count == 0) continue;
            long bytes = MapOverhead + map.Name.Length;
            for (TreeCursor own = new(map.Writes, KeyInterval.All); !own.IsEnded; own.Move())
            {
                Record record = own.Current;
                bytes += record.Key.Length + (record.IsRemoval ? RemoveOverhead : PutOverhead + record.Value.Length);
            }

            if (MapNames.DomainOf(map.Name) == Domain.Public) publicBytes += bytes;
            else privateBytes += bytes;
        }

        return (publicBytes > 0 ? publicBytes + HeaderSize : 0) + (privateBytes > 0 ? privateBytes + HeaderSize : 0);
    }

    public static byte[] Encode(WriteSet writeSet, Domain domain)
    {
        (int maps, int size) = Measure(writeSet, domain);
        if (maps == 0) return [];
        ByteWriter writer = new(size);
        writer.Byte(FormatVersion);
        writer.UInt32(maps);
        foreach (MapWrites map in writeSet.OwnMaps)
        {
            if (MapNames.DomainOf(map.Name) == domain) EncodeMap(writer, map);
        }

        Invariant.Holds(writer.Length == size, "a write set has another size than was measured");
        return writer.ToArray();
    }

    /// <summary>Adds the maps that the bytes hold. False when they are not canonical.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, Domain domain, List<MapWrites> maps)
    {
        if (bytes.IsEmpty) return true;
        byte[] kept = bytes.ToArray();
        ByteReader reader = new(kept);
        if (!reader.TryByte(out byte version) || version != FormatVersion) return false;
        if (!reader.TryUInt32(out uint count) || count is 0 or > SizeLimits.MapsMax) return false;
        string? previous = null;
        for (uint i = 0; i < count; i++)
        {
            if (!reader.TryMapName(domain, out string? name)) return false;
            if (string.CompareOrdinal(previous, name) >= 0) return false;
            if (!TryDecodeWrites(ref reader, kept, out List<KeyWrite> writes)) return false;
            maps.Add(new MapWrites(name, writes));
            previous = name;
        }

        return reader.IsAtEnd;
    }

    private static (int Maps, int Size) Measure(WriteSet writeSet, Domain domain)
    {
        int maps = 0;
        long size = HeaderSize;
        foreach (MapWrites map in writeSet.OwnMaps)
        {
            if (MapNames.DomainOf(map.Name) != domain) continue;
            maps++;
            size += MapOverhead + map.Name.Length;
            foreach (KeyWrite write in map.Writes)
            {
                size += write.Key.Length + (write.Value is { } value ? PutOverhead + value.Length : RemoveOverhead);
            }
        }

        return (maps, checked((int)size));
    }

    private static void EncodeMap(ByteWriter writer, MapWrites map)
    {
        writer.MapName(map.Name);
        writer.UInt32(map.Writes.Count);
        foreach (KeyWrite write in map.Writes)
        {
            writer.Byte(write.Value is null ? RemoveOperation : PutOperation);
            writer.Counted(write.Key.Span);
            if (write.Value is { } value) writer.Counted(value.Span);
        }
    }

    private static bool TryDecodeWrites(ref ByteReader reader, byte[] kept, out List<KeyWrite> writes)
    {
        writes = [];
        if (!reader.TryUInt32(out uint count) || count == 0) return false;
        writes.Capacity = (int)Math.Min(count, WritesReservedMax);
        for (uint i = 0; i < count; i++)
        {
            if (!TryDecodeWrite(ref reader, kept, out KeyWrite write)) return false;
            if (i > 0 && writes[^1].Key.Span.SequenceCompareTo(write.Key.Span) >= 0) return false;
            writes.Add(write);
        }

        return true;
    }

    private static bool TryDecodeWrite(ref ByteReader reader, byte[] kept, out KeyWrite write)
    {
        write = default;
        if (!reader.TryByte(out byte operation) || operation > PutOperation) return false;
        if (!reader.TryCounted(SizeLimits.KeyBytesMax, out Range key)) return false;
        if (operation == RemoveOperation)
        {
            write = new KeyWrite(kept.AsMemory(key), null);
            return true;
        }

        if (!reader.TryCounted(SizeLimits.ValueBytesMax, out Range value)) return false;
        write = new KeyWrite(kept.AsMemory(key), kept.AsMemory(value));
        return true;
    }
}
