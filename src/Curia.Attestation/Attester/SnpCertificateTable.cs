using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace Curia.Attestation;

/// <summary>The certificates that a host gives a guest beside a report (AMD 56421 section 4.1.8.1, the table of an
/// extended guest request; Linux has it as <c>auxblob</c>). Immutable; any thread.</summary>
/// <remarks>The host is not trusted: what is in the table is read here, and believed only after an appraisal.</remarks>
public sealed class SnpCertificateTable
{
    /// <summary>The largest table in bytes. The kernel hands out no more than 16 KiB for a guest's request, and some
    /// 32 KiB for a file.</summary>
    public const int SizeMax = 64 * 1024;

    /// <summary>The most entries. There are five kinds that are known.</summary>
    public const int EntriesMax = 32;

    private const int EntrySize = 24;

    private static readonly Guid vcek = new("63da758d-e664-4564-adc5-f4b93be8accd");
    private static readonly Guid vlek = new("a8074bc2-a25a-483e-aae6-39c045a0b8a1");
    private static readonly Guid ask = new("4ab7b379-bbac-4fe4-a02f-05aef327c782");
    private static readonly Guid ark = new("c0b406a4-a803-4952-9743-3fb6014cd0ae");
    private static readonly Guid crl = new("92f81bc3-5811-4d3d-97ff-d19f88dc67ea");

    private SnpCertificateTable(Dictionary<Guid, ReadOnlyMemory<byte>> found)
    {
        List<ReadOnlyMemory<byte>> certificates = [];
        if (found.TryGetValue(vcek, out ReadOnlyMemory<byte> leaf) || found.TryGetValue(vlek, out leaf))
        {
            certificates.Add(leaf);
            if (found.TryGetValue(ask, out ReadOnlyMemory<byte> signer)) certificates.Add(signer);
            if (found.TryGetValue(ark, out ReadOnlyMemory<byte> root)) certificates.Add(root);
        }

        Certificates = certificates;
        if (found.TryGetValue(crl, out ReadOnlyMemory<byte> list)) RevocationList = list;
    }

    /// <summary>That of the key which signs reports (VCEK, or VLEK), of its signer (ASK) and of the root (ARK), DER, in
    /// this order, as far as they are there. Empty without the first: a chain that ends nowhere is of no use.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; }

    /// <summary>The revocation list of the root, DER; null when there is none.</summary>
    public ReadOnlyMemory<byte>? RevocationList { get; }

    /// <summary>Reads a table; nothing throws. No bytes at all, or nothing but zeros, are a table without
    /// entries.</summary>
    /// <returns>False where an entry lies outside the table or in its entries, a kind comes twice, the entries have no
    /// end, or one is neither DER nor one certificate in PEM.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out SnpCertificateTable? table)
    {
        table = null;
        if (bytes.Length > SizeMax) return false;
        Dictionary<Guid, ReadOnlyMemory<byte>> found = [];
        if (!bytes.IsEmpty && !TryReadEntries(bytes, found)) return false;
        table = new SnpCertificateTable(found);
        return true;
    }

    private static bool TryReadEntries(ReadOnlySpan<byte> bytes, Dictionary<Guid, ReadOnlyMemory<byte>> found)
    {
        int count = CountEntries(bytes);
        if (count < 0) return false;
        int contents = (count + 1) * EntrySize;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = bytes.Slice(i * EntrySize, EntrySize);
            uint offset = BinaryPrimitives.ReadUInt32LittleEndian(entry[16..]);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]);
            if (offset < contents || offset > bytes.Length || length > bytes.Length - offset) return false;
            if (!TryKind(entry[..16], out Guid kind)) continue; // others may stand in it too
            if (!TryDer(bytes.Slice((int)offset, (int)length), kind == crl, out ReadOnlyMemory<byte> der)
                || !found.TryAdd(kind, der))
            {
                return false;
            }
        }

        return true;
    }

    // Up to an entry of zeros; -1 when there is none within the bounds.
    private static int CountEntries(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i <= EntriesMax && (i + 1) * EntrySize <= bytes.Length; i++)
        {
            if (!bytes.Slice(i * EntrySize, 16).ContainsAnyExcept((byte)0)) return i;
        }

        return -1;
    }

    // Hosts write the GUID in the order of its text, others as a structure in memory: no two of the five are each
    // other's in the two orders.
    private static bool TryKind(ReadOnlySpan<byte> guid, out Guid kind)
    {
        foreach (Guid known in (ReadOnlySpan<Guid>)[vcek, vlek, ask, ark, crl])
        {
            kind = known;
            if (new Guid(guid, bigEndian: true) == known || new Guid(guid) == known) return true;
        }

        kind = default;
        return false;
    }

    private static bool TryDer(ReadOnlySpan<byte> content, bool isList, out ReadOnlyMemory<byte> der)
    {
        der = content.ToArray();
        if (!content.StartsWith("-----BEGIN"u8)) return !content.IsEmpty;
        string text = Encoding.Latin1.GetString(content.TrimEnd((byte)0));
        if (isList || !PemCertificates.TryDecode(text, out IReadOnlyList<ReadOnlyMemory<byte>> found)
            || found.Count != 1)
        {
            return false;
        }

        der = found[0];
        return true;
    }
}
