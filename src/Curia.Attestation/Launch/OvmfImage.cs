using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Attestation;

/// <summary>A firmware image of OVMF, with what it says at its end about a launch under SEV-SNP. Immutable; any
/// thread.</summary>
/// <remarks>It is mapped so that it ends at 4 GiB, where a processor begins. A table of GUIDs that is read from its end
/// backwards leads to the sections of memory that are prepared beside it. The image is given by whoever asks, perhaps
/// from a host: every length in it is checked before it is followed.</remarks>
public sealed class OvmfImage
{
    /// <summary>The largest image in bytes. Real ones have 2 to 4 MiB; a machine maps at most 16 MiB there.</summary>
    public const int SizeMax = 16 * 1024 * 1024;

    /// <summary>The size of a page in bytes.</summary>
    public const int PageSize = 4096;

    /// <summary>The most sections. Real images have six or seven.</summary>
    public const int SectionsMax = 64;

    /// <summary>The most pages of all sections: 256 MiB. Real images have some 30; each page is a step of the
    /// digest.</summary>
    public const int SectionPagesMax = 65_536;

    private const ulong End = 1ul << 32;

    // The reset vector fills the last 32 bytes; the table ends before it with an entry that names the table.
    private const int BehindTable = 32;
    private const int EntryHeaderSize = 18;
    private const int MetadataHeaderSize = 16;
    private const int SectionSize = 12;

    private static readonly Guid tableGuid = new("96b582de-1fb2-45f7-baea-a366c55a082d");
    private static readonly Guid metadataGuid = new("dc886566-984a-4798-a75e-5585a7bf67cc");
    private static readonly Guid hashTableGuid = new("7255371f-3a3b-4b04-927b-1da6efa8d454");
    private static readonly Guid resetGuid = new("00f771de-1a7e-4fcb-890e-68c77e2fb44e");

    private OvmfImage(
        ReadOnlyMemory<byte> bytes, Dictionary<Guid, uint[]> values, IReadOnlyList<OvmfSection> sections)
    {
        Bytes = bytes;
        Sections = sections;
        ResetAddress = values.GetValueOrDefault(resetGuid)?[0] ?? 0;
        if (values.GetValueOrDefault(hashTableGuid) is not { } table) return;
        HashTableAddress = table[0];
        HashTableSize = table[1];
    }

    /// <summary>The image.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The guest physical address of its first byte: it ends at 4 GiB.</summary>
    public ulong Address => End - (ulong)Bytes.Length;

    /// <summary>The sections, in the order in which they are prepared.</summary>
    public IReadOnlyList<OvmfSection> Sections { get; }

    /// <summary>Where processors other than the first begin; 0 when the image does not say.</summary>
    public uint ResetAddress { get; }

    /// <summary>Where the table of the kernel's hashes goes; 0 when the image has no place for it.</summary>
    public uint HashTableAddress { get; }

    /// <summary>How many bytes there are for that table.</summary>
    public uint HashTableSize { get; }

    /// <summary>The section for the kernel's hashes; null when the image has none.</summary>
    public OvmfSection? KernelHashes => Sections.Where(one => one.Type == OvmfSectionType.KernelHashes)
        .Select(one => (OvmfSection?)one).FirstOrDefault();

    /// <summary>Reads an image; nothing throws.</summary>
    /// <param name="bytes">The whole file. It is not copied, and must not change afterwards.</param>
    /// <param name="image">The image; null when it is refused.</param>
    /// <param name="refusal">Why it is refused; <see cref="LaunchRefusal.None"/> when it is not.</param>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out OvmfImage? image, out LaunchRefusal refusal)
    {
        image = null;
        Dictionary<Guid, uint[]> values = [];
        List<OvmfSection> sections = [];
        refusal = SizeRefusal(bytes.Length);
        if (refusal == LaunchRefusal.None) refusal = ReadTable(bytes.Span, values);
        if (refusal == LaunchRefusal.None) refusal = ReadMetadata(bytes.Span, values, sections);
        if (refusal == LaunchRefusal.None) refusal = CheckSections(sections, End - (ulong)bytes.Length);
        if (refusal != LaunchRefusal.None) return false;
        image = new OvmfImage(bytes, values, sections);
        return true;
    }

    private static LaunchRefusal SizeRefusal(int size) => size switch
    {
        0 => LaunchRefusal.FirmwareEmpty,
        > SizeMax => LaunchRefusal.FirmwareTooLarge,
        _ => size % PageSize == 0 ? LaunchRefusal.None : LaunchRefusal.FirmwareNotWholePages,
    };

    // An entry is its data, its size with the header, and its GUID; the last one is the table itself. Whole pages were
    // asked for, so there is room for that one.
    private static LaunchRefusal ReadTable(ReadOnlySpan<byte> image, Dictionary<Guid, uint[]> values)
    {
        ReadOnlySpan<byte> rest = image[..^BehindTable];
        (int size, Guid guid) = ReadEntry(rest);
        if (guid != tableGuid) return LaunchRefusal.FooterTableMissing;
        if (size < EntryHeaderSize || size > rest.Length) return LaunchRefusal.FooterTableOutOfBounds;
        rest = rest[^size..^EntryHeaderSize];
        while (!rest.IsEmpty)
        {
            if (rest.Length < EntryHeaderSize) return LaunchRefusal.FooterEntryOutOfBounds;
            (size, guid) = ReadEntry(rest);
            if (size < EntryHeaderSize || size > rest.Length) return LaunchRefusal.FooterEntryOutOfBounds;
            LaunchRefusal refusal = TakeEntry(guid, rest[^size..^EntryHeaderSize], values);
            if (refusal != LaunchRefusal.None) return refusal;
            rest = rest[..^size];
        }

        return LaunchRefusal.None;
    }

    private static (int Size, Guid Guid) ReadEntry(ReadOnlySpan<byte> upTo)
    {
        ReadOnlySpan<byte> header = upTo[^EntryHeaderSize..];
        return (BinaryPrimitives.ReadUInt16LittleEndian(header), new Guid(header[2..]));
    }

    // Of each entry that matters here: its words. Entries of others are none of our business.
    private static LaunchRefusal TakeEntry(Guid guid, ReadOnlySpan<byte> data, Dictionary<Guid, uint[]> values)
    {
        int words = guid == hashTableGuid ? 2 : guid == metadataGuid || guid == resetGuid ? 1 : 0;
        if (words == 0) return LaunchRefusal.None;
        if (data.Length < words * sizeof(uint)) return LaunchRefusal.FooterEntryTooShort;
        uint[] read = new uint[words];
        for (int i = 0; i < words; i++) read[i] = Word(data, i * sizeof(uint));
        return values.TryAdd(guid, read) ? LaunchRefusal.None : LaunchRefusal.FooterEntryTwice;
    }

    // Its header: signature, size with the header, version, number of sections. It is found from the end of the image.
    private static LaunchRefusal ReadMetadata(
        ReadOnlySpan<byte> image, Dictionary<Guid, uint[]> values, List<OvmfSection> sections)
    {
        if (values.GetValueOrDefault(metadataGuid) is not [uint fromEnd, ..]) return LaunchRefusal.MetadataMissing;
        if (fromEnd > image.Length || fromEnd < MetadataHeaderSize) return LaunchRefusal.MetadataOutOfBounds;
        ReadOnlySpan<byte> metadata = image[^(int)fromEnd..];
        if (!metadata.StartsWith("ASEV"u8)) return LaunchRefusal.MetadataSignature;
        uint size = Word(metadata, 4);
        uint count = Word(metadata, 12);
        if (Word(metadata, 8) != 1) return LaunchRefusal.MetadataVersion;
        if (count > SectionsMax) return LaunchRefusal.SectionsTooMany;
        if (size > metadata.Length || size < MetadataHeaderSize + (count * SectionSize))
            return LaunchRefusal.MetadataOutOfBounds;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> at = metadata[(MetadataHeaderSize + (i * SectionSize))..];
            sections.Add(new OvmfSection(Word(at, 0), Word(at, 4), (OvmfSectionType)Word(at, 8)));
        }

        return LaunchRefusal.None;
    }

    private static LaunchRefusal CheckSections(List<OvmfSection> sections, ulong firmware)
    {
        ulong pages = 0;
        foreach (OvmfSection one in sections)
        {
            if (!Enum.IsDefined(one.Type)) return LaunchRefusal.SectionTypeUnknown;
            if (one.Address % PageSize != 0 || one.Size % PageSize != 0 || one.Size == 0)
                return LaunchRefusal.SectionNotWholePages;
            if (one.Size != PageSize && IsOnePage(one.Type)) return LaunchRefusal.SectionNotOnePage;
            if ((ulong)one.Address + one.Size > firmware) return LaunchRefusal.SectionOutOfBounds;
            pages += one.Size / PageSize;
        }

        if (pages > SectionPagesMax) return LaunchRefusal.SectionsTooLarge;
        if (sections.Count(one => one.Type == OvmfSectionType.KernelHashes) > 1) return LaunchRefusal.KernelHashesTwice;
        OvmfSection[] ordered = [.. sections.OrderBy(one => one.Address)];
        for (int i = 1; i < ordered.Length; i++)
        {
            if (ordered[i].Address < ordered[i - 1].Address + (ulong)ordered[i - 1].Size)
                return LaunchRefusal.SectionsOverlap;
        }

        return LaunchRefusal.None;
    }

    private static bool IsOnePage(OvmfSectionType type) =>
        type is OvmfSectionType.Secrets or OvmfSectionType.Cpuid or OvmfSectionType.KernelHashes;

    private static uint Word(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
}
