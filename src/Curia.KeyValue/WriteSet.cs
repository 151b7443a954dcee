using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;

namespace Curia.KeyValue;

/// <summary>A write to one key.</summary>
/// <param name="Key">The encoded key.</param>
/// <param name="Value">The encoded value; none when the key is removed, which it may have been already.</param>
public readonly record struct KeyWrite(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte>? Value);

/// <summary>The writes to one map, at least one, in strictly ascending order of key.</summary>
public sealed record MapWrites(string Name, IReadOnlyList<KeyWrite> Writes);

/// <summary>What one transaction changed: what the ledger holds and what other nodes apply.</summary>
/// <remarks>Valid by construction: it comes out of a commit or a decoder. Format:
/// docs/ledger-format-write-sets.md.</remarks>
public sealed class WriteSet
{
    /// <summary>Changes nothing: the write set of a signature transaction.</summary>
    public static readonly WriteSet Empty = new([]);

    internal WriteSet(List<MapWrites> maps) => OwnMaps = maps;

    /// <summary>The changed maps in strictly ascending ordinal order of name.</summary>
    public IReadOnlyList<MapWrites> Maps => OwnMaps;

    // The same, to be walked without an object for each walk.
    internal List<MapWrites> OwnMaps { get; }

    /// <summary>Whether nothing is changed.</summary>
    public bool IsEmpty => OwnMaps.Count == 0;

    /// <summary>The canonical bytes of the writes to one domain; empty when it has none.</summary>
    public byte[] Encode(Domain domain) => WriteSetFormat.Encode(this, domain);

    /// <summary>Reads both parts of a write set, which are copied. Accepts exactly what <see cref="Encode"/>
    /// gives.</summary>
    /// <param name="publicBytes">The public part; empty for none.</param>
    /// <param name="privateBytes">The private part; empty for none, or when only the public part can be read.</param>
    /// <param name="writeSet">The write set, or null.</param>
    /// <returns>False for any other bytes; nothing throws, and no more memory is reserved than a small multiple of the
    /// input.</returns>
    public static bool TryDecode(
        ReadOnlySpan<byte> publicBytes, ReadOnlySpan<byte> privateBytes, [NotNullWhen(true)] out WriteSet? writeSet)
    {
        writeSet = null;
        if ((long)publicBytes.Length + privateBytes.Length > SizeLimits.WriteSetBytesMax) return false;
        List<MapWrites> maps = [];
        if (!WriteSetFormat.TryDecode(publicBytes, Domain.Public, maps)
            || !WriteSetFormat.TryDecode(privateBytes, Domain.Private, maps))
        {
            return false;
        }

        maps.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        writeSet = maps.Count == 0 ? Empty : new WriteSet(maps);
        return true;
    }
}
