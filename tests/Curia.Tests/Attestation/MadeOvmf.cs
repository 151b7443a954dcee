using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Tests.Attestation;

/// <summary>A firmware image that was never built: the table at its end and the sections are as a test wants.</summary>
internal sealed class MadeOvmf
{
    public const string Table = "96b582de-1fb2-45f7-baea-a366c55a082d";
    public const string Metadata = "dc886566-984a-4798-a75e-5585a7bf67cc";
    public const string HashTable = "7255371f-3a3b-4b04-927b-1da6efa8d454";
    public const string Reset = "00f771de-1a7e-4fcb-890e-68c77e2fb44e";

    private const int MetadataOffset = 64;

    public MadeOvmf(int pages = 1)
    {
        Pages = pages;
        Sections = [(0x800000, 0x9000, 1), (0x80D000, 0x1000, 2), (0x80E000, 0x1000, 3), (0x810000, 0x1000, 0x10)];
        Entries = [(Reset, Words(0x0080B004)), (HashTable, Words(0x810C00, 0x400)), (Metadata, Words(FromEnd))];
    }

    public int Pages { get; }

    public List<(uint Address, uint Size, uint Type)> Sections { get; set; }

    public List<(string Guid, byte[] Data)> Entries { get; }

    public string Signature { get; set; } = "ASEV";

    public uint Version { get; set; } = 1;

    /// <summary>The size that the metadata says it has; null for the true one.</summary>
    public uint? MetadataSize { get; set; }

    /// <summary>The number of sections that the metadata says it has; null for the true one.</summary>
    public uint? SectionCount { get; set; }

    /// <summary>The size that the table says it has; null for the true one.</summary>
    public int? TableSize { get; set; }

    /// <summary>Where the metadata lies, from the end of the image.</summary>
    public uint FromEnd => (uint)((Pages * 4096) - MetadataOffset);

    public static byte[] Words(params uint[] words)
    {
        byte[] bytes = new byte[4 * words.Length];
        for (int i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 * i), words[i]);
        return bytes;
    }

    /// <summary>An entry of the table with another size than it has.</summary>
    public static byte[] Entry(string guid, byte[] data, int? size = null)
    {
        byte[] header = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(header, (ushort)(size ?? data.Length + 18));
        return [.. data, .. header, .. new Guid(guid).ToByteArray()];
    }

    /// <summary>The bytes; what stands before the table is put there by a test.</summary>
    public byte[] ToBytes(byte[]? inTable = null)
    {
        byte[] image = [.. Enumerable.Range(0, Pages * 4096).Select(i => (byte)(i % 251))];
        byte[] table = [.. inTable ?? [], .. Entries.SelectMany(one => Entry(one.Guid, one.Data))];
        table = [.. table, .. Entry(Table, [], TableSize ?? table.Length + 18)];
        table.CopyTo(image.AsSpan(image.Length - 32 - table.Length));
        byte[] header = Words(0, MetadataSize ?? (uint)(16 + (12 * Sections.Count)), Version,
            SectionCount ?? (uint)Sections.Count);
        System.Text.Encoding.ASCII.GetBytes(Signature).CopyTo(header, 0);
        byte[] metadata = [.. header, .. Sections.SelectMany(one => Words(one.Address, one.Size, one.Type))];
        metadata.CopyTo(image.AsSpan(MetadataOffset));
        return image;
    }
}
