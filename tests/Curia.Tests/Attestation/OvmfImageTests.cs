using System;
using System.Linq;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>A firmware image is read from its end, and refused by name wherever a length in it is not true.</summary>
public sealed class OvmfImageTests
{
    [Fact]
    public void An_image_says_its_sections_and_addresses()
    {
        MadeOvmf made = new(pages: 3);
        Assert.True(OvmfImage.TryDecode(made.ToBytes(), out OvmfImage? image, out LaunchRefusal refusal));
        Assert.Equal(LaunchRefusal.None, refusal);
        Assert.Equal(0xFFFF_D000ul, image!.Address);
        Assert.Equal(
            (0x0080B004u, 0x810C00u, 0x400u), (image.ResetAddress, image.HashTableAddress, image.HashTableSize));
        Assert.Equal(made.Sections, image.Sections.Select(one => (one.Address, one.Size, (uint)one.Type)));
        Assert.Equal(new OvmfSection(0x810000, 0x1000, OvmfSectionType.KernelHashes), image.KernelHashes);
    }

    [Fact]
    public void Entries_of_others_do_not_matter_and_an_image_may_lack_what_not_every_launch_needs()
    {
        MadeOvmf made = new();
        made.Entries.RemoveAll(one => one.Guid is MadeOvmf.Reset or MadeOvmf.HashTable);
        made.Entries.Insert(0, (Guid.Empty.ToString(), [1, 2, 3]));
        made.Entries.Insert(0, (Guid.Empty.ToString(), []));
        made.Sections.RemoveAll(one => one.Type == 0x10);
        Assert.True(OvmfImage.TryDecode(made.ToBytes(), out OvmfImage? image, out _));
        Assert.Equal((0u, 0u), (image!.ResetAddress, image.HashTableAddress));
        Assert.Null(image.KernelHashes);
    }

    [Fact]
    public void The_size_of_an_image_is_bounded_and_whole_pages()
    {
        AssertRefused(LaunchRefusal.FirmwareEmpty, []);
        AssertRefused(LaunchRefusal.FirmwareNotWholePages, new byte[4095]);
        AssertRefused(LaunchRefusal.FirmwareTooLarge, new byte[OvmfImage.SizeMax + 4096]);
    }

    [Fact]
    public void A_table_that_is_not_whole_is_refused()
    {
        AssertRefused(LaunchRefusal.FooterTableMissing, new byte[4096]);
        AssertRefused(LaunchRefusal.FooterTableOutOfBounds, new MadeOvmf { TableSize = 17 }.ToBytes());
        AssertRefused(LaunchRefusal.FooterTableOutOfBounds, new MadeOvmf { TableSize = 4065 }.ToBytes());
        AssertRefused(LaunchRefusal.FooterEntryOutOfBounds, new MadeOvmf().ToBytes(inTable: [1, 2, 3]));
        foreach (int size in (int[])[0, 17, 23, 60_000])
        {
            byte[] entry = MadeOvmf.Entry(Guid.NewGuid().ToString(), MadeOvmf.Words(1), size);
            AssertRefused(LaunchRefusal.FooterEntryOutOfBounds, new MadeOvmf().ToBytes(inTable: entry));
        }
    }

    [Theory]
    [InlineData(MadeOvmf.Reset, 4)]
    [InlineData(MadeOvmf.HashTable, 8)]
    [InlineData(MadeOvmf.Metadata, 4)]
    public void An_entry_that_matters_is_there_once_and_long_enough(string entry, int size)
    {
        MadeOvmf twice = new();
        twice.Entries.Add((entry, new byte[size]));
        AssertRefused(LaunchRefusal.FooterEntryTwice, twice.ToBytes());
        MadeOvmf shortened = new();
        shortened.Entries.RemoveAll(one => one.Guid == entry);
        shortened.Entries.Add((entry, new byte[size - 1]));
        AssertRefused(LaunchRefusal.FooterEntryTooShort, shortened.ToBytes());
    }

    [Fact]
    public void Metadata_lies_in_the_image_and_is_what_it_says()
    {
        MadeOvmf without = new();
        without.Entries.RemoveAll(one => one.Guid == MadeOvmf.Metadata);
        AssertRefused(LaunchRefusal.MetadataMissing, without.ToBytes());
        foreach (uint fromEnd in (uint[])[0, 15, 4097, uint.MaxValue])
        {
            MadeOvmf made = new();
            made.Entries[^1] = (MadeOvmf.Metadata, MadeOvmf.Words(fromEnd));
            AssertRefused(LaunchRefusal.MetadataOutOfBounds, made.ToBytes());
        }

        AssertRefused(LaunchRefusal.MetadataSignature, new MadeOvmf { Signature = "ASEW" }.ToBytes());
        AssertRefused(LaunchRefusal.MetadataVersion, new MadeOvmf { Version = 2 }.ToBytes());
        AssertRefused(LaunchRefusal.MetadataOutOfBounds, new MadeOvmf { MetadataSize = 63 }.ToBytes());
        AssertRefused(LaunchRefusal.MetadataOutOfBounds, new MadeOvmf { MetadataSize = 4033 }.ToBytes());
        AssertRefused(LaunchRefusal.MetadataOutOfBounds, new MadeOvmf { SectionCount = 5 }.ToBytes());
        AssertRefused(LaunchRefusal.SectionsTooMany, new MadeOvmf { SectionCount = 65 }.ToBytes());
        AssertRefused(LaunchRefusal.SectionsTooMany, new MadeOvmf { SectionCount = uint.MaxValue }.ToBytes());
    }

    [Theory]
    [InlineData(LaunchRefusal.SectionTypeUnknown, 0x900000u, 0x1000u, 0u)]
    [InlineData(LaunchRefusal.SectionTypeUnknown, 0x900000u, 0x1000u, 5u)]
    [InlineData(LaunchRefusal.SectionTypeUnknown, 0x900000u, 0x1000u, 0x80000001u)]
    [InlineData(LaunchRefusal.SectionNotWholePages, 0x900001u, 0x1000u, 1u)]
    [InlineData(LaunchRefusal.SectionNotWholePages, 0x900000u, 0x1001u, 1u)]
    [InlineData(LaunchRefusal.SectionNotWholePages, 0x900000u, 0u, 1u)]
    [InlineData(LaunchRefusal.SectionNotOnePage, 0x900000u, 0x2000u, 2u)]
    [InlineData(LaunchRefusal.SectionNotOnePage, 0x900000u, 0x2000u, 3u)]
    [InlineData(LaunchRefusal.SectionNotOnePage, 0x900000u, 0x2000u, 0x10u)]
    [InlineData(LaunchRefusal.SectionOutOfBounds, 0xFFFFF000u, 0x1000u, 1u)]
    [InlineData(LaunchRefusal.SectionOutOfBounds, 0xFFFFE000u, 0xFFFFF000u, 1u)]
    [InlineData(LaunchRefusal.SectionsTooLarge, 0x10000000u, 0x10000000u, 1u)]
    [InlineData(LaunchRefusal.KernelHashesTwice, 0x900000u, 0x1000u, 0x10u)]
    [InlineData(LaunchRefusal.SectionsOverlap, 0x808000u, 0x1000u, 4u)]
    [InlineData(LaunchRefusal.SectionsOverlap, 0x7FF000u, 0x2000u, 1u)]
    [InlineData(LaunchRefusal.SectionsOverlap, 0x800000u, 0x1000u, 1u)]
    public void A_section_that_cannot_be_launched_is_refused(LaunchRefusal refusal, uint address, uint size, uint type)
    {
        MadeOvmf made = new();
        made.Sections.Add((address, size, type));
        AssertRefused(refusal, made.ToBytes());
    }

    /// <summary>Whatever the bytes are, an image is read or refused by a name, and never both.</summary>
    [Fact]
    public void Any_change_of_a_byte_is_read_or_refused_by_name()
    {
        byte[] bytes = new MadeOvmf().ToBytes();
        for (int i = 0; i < bytes.Length; i++)
        {
            foreach (byte flip in (byte[])[1, 0x80, 0xFF])
            {
                bytes[i] ^= flip;
                bool read = OvmfImage.TryDecode(bytes, out OvmfImage? image, out LaunchRefusal refusal);
                Assert.True(read == image is not null && read == (refusal == LaunchRefusal.None), $"byte {i}");
                bytes[i] ^= flip;
            }
        }
    }

    private static void AssertRefused(LaunchRefusal expected, byte[] bytes)
    {
        Assert.False(OvmfImage.TryDecode(bytes, out OvmfImage? image, out LaunchRefusal refusal));
        Assert.Null(image);
        Assert.Equal(expected, refusal);
    }
}
