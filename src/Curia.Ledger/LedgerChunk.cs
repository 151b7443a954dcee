using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The name of a chunk file, read.</summary>
/// <param name="First">The seqno of its first entry.</param>
/// <param name="Last">The seqno of its last entry; null while the chunk is open.</param>
public readonly record struct LedgerChunkName(SeqNo First, SeqNo? Last) : IComparable<LedgerChunkName>
{
    /// <summary>Whether the chunk is still appended to.</summary>
    public bool IsOpen => Last is null;

    /// <summary>In the order of the ledger.</summary>
    public int CompareTo(LedgerChunkName other) => First.CompareTo(other.First);

    /// <summary>The file name.</summary>
    public override string ToString() =>
        Last is { } last ? LedgerChunk.ClosedName(First, last) : LedgerChunk.OpenName(First);

    /// <summary>Whether one chunk comes before another.</summary>
    public static bool operator <(LedgerChunkName left, LedgerChunkName right) => left.CompareTo(right) < 0;

    /// <summary>Whether one chunk comes after another.</summary>
    public static bool operator >(LedgerChunkName left, LedgerChunkName right) => left.CompareTo(right) > 0;

    /// <summary>Whether one chunk comes before another or at the same seqno.</summary>
    public static bool operator <=(LedgerChunkName left, LedgerChunkName right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one chunk comes after another or at the same seqno.</summary>
    public static bool operator >=(LedgerChunkName left, LedgerChunkName right) => left.CompareTo(right) >= 0;
}

/// <summary>The files of a ledger: a header and then blocks, back to back. <c>ledger_1</c> is appended to,
/// <c>ledger_1-57.committed</c> never changes again.</summary>
/// <remarks>Names and bytes only; the shell reads and writes the files. docs/ledger-format.md, "Chunk files".</remarks>
public static class LedgerChunk
{
    /// <summary>The version of the file format that this code writes and reads.</summary>
    public const byte FormatVersion = 1;

    /// <summary>Magic, version, first seqno.</summary>
    public const int HeaderSize = 8 + 1 + 8;

    /// <summary>A chunk is closed after the block that brings it to this size: as in CCF, large enough to keep the
    /// number of files low and small enough to be fetched in one request.</summary>
    public const int BytesToClose = 5 * 1024 * 1024;

    private const string Prefix = "ledger_";
    private const string ClosedSuffix = ".committed";

    /// <summary>The first eight bytes of every chunk file.</summary>
    public static ReadOnlySpan<byte> Magic => "CURIALED"u8;

    /// <summary>The name of the chunk that is appended to.</summary>
    public static string OpenName(SeqNo first) => Prefix + first;

    /// <summary>The name of a chunk that never changes again.</summary>
    public static string ClosedName(SeqNo first, SeqNo last) => $"{Prefix}{first}-{last}{ClosedSuffix}";

    /// <summary>Reads a file name without its folder, in its one spelling.</summary>
    /// <returns>False for the name of any other file.</returns>
    public static bool TryParseName(string fileName, out LedgerChunkName name)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        name = default;
        if (!fileName.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        ReadOnlySpan<char> numbers = fileName.AsSpan(Prefix.Length);
        SeqNo? last = null;
        if (numbers.EndsWith(ClosedSuffix, StringComparison.Ordinal))
        {
            numbers = numbers[..^ClosedSuffix.Length];
            int dash = numbers.IndexOf('-');
            if (dash < 0 || !TryParse(numbers[(dash + 1)..], out SeqNo end)) return false;
            last = end;
            numbers = numbers[..dash];
        }

        if (!TryParse(numbers, out SeqNo first) || last < first) return false;
        name = new LedgerChunkName(first, last);
        return name.ToString() == fileName;
    }

    /// <summary>The names among these that are of ledger files, in the order of the ledger: what an audit is
    /// given.</summary>
    /// <param name="fileNames">File names without their folder.</param>
    public static IReadOnlyList<string> InOrder(IEnumerable<string> fileNames)
    {
        List<LedgerChunkName> names = [];
        foreach (string fileName in fileNames)
        {
            if (TryParseName(fileName, out LedgerChunkName name)) names.Add(name);
        }

        // Of two with one beginning the open one is the newer.
        return
        [
            .. names.OrderBy(name => name.First).ThenBy(name => name.IsOpen).ThenBy(name => name.Last)
                .Select(name => name.ToString()),
        ];
    }

    /// <summary>The bytes at the start of a chunk file.</summary>
    public static byte[] Header(SeqNo first)
    {
        byte[] header = new byte[HeaderSize];
        ByteWriter writer = new(header);
        writer.Bytes(Magic);
        writer.U8(FormatVersion);
        writer.U64(first.Value);
        return header;
    }

    /// <summary>Reads the start of a chunk file.</summary>
    /// <param name="bytes">The file or its start.</param>
    /// <param name="first">The seqno of its first entry.</param>
    /// <param name="reason">Empty, or a sentence for the auditor.</param>
    public static bool TryReadHeader(ReadOnlySpan<byte> bytes, out SeqNo first, out string reason)
    {
        ByteReader reader = new(bytes);
        bool magic = reader.Bytes(Magic.Length).SequenceEqual(Magic);
        byte version = reader.U8();
        first = new SeqNo(reader.U64());
        if (reader.Failed) reason = "the file ends within its header";
        else if (!magic) reason = "the file is not a ledger chunk: it does not begin with CURIALED";
        else if (version != FormatVersion) reason = $"chunk version {version} is unknown";
        else if (first == SeqNo.Zero || first > SeqNo.Max) reason = $"a chunk cannot begin at seqno {first}";
        else reason = string.Empty;
        return reason.Length == 0;
    }

    /// <summary>Whether a file begins with a header of which a part was not written: what is there of it is right, and
    /// the rest is zeros or beyond the end of the file.</summary>
    internal static bool IsCutHeader(ReadOnlySpan<byte> bytes, SeqNo first) =>
        Header(first).AsSpan().StartsWith(bytes[..Math.Min(HeaderSize, bytes.Length)].TrimEnd((byte)0));

    private static bool TryParse(ReadOnlySpan<char> digits, out SeqNo seqNo)
    {
        bool parsed = ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value);
        seqNo = new SeqNo(value);
        return parsed && seqNo > SeqNo.Zero && seqNo <= SeqNo.Max;
    }
}
