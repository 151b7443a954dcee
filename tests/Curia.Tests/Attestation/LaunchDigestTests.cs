using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Attestation;
using Curia.Vocabulary;

namespace Curia.Tests.Attestation;

/// <summary>A launch digest depends on all that goes in, and on nothing else.</summary>
public sealed class LaunchDigestTests
{
    private static readonly KernelHashes kernel =
        new(Digest.Of([1]), Digest.Of([2]), KernelHashes.OfCommandLine("quiet"));

    [Fact]
    public void Everything_that_goes_in_changes_the_digest()
    {
        LaunchInputs launch = Launch(new MadeOvmf(2));
        MadeOvmf otherOrder = new(2);
        otherOrder.Sections.Reverse();
        MadeOvmf elsewhere = new(2);
        elsewhere.Sections[0] = (0x700000, 0x9000, 1);
        MadeOvmf longer = new(2);
        longer.Sections[0] = (0x800000, 0xA000, 1);
        MadeOvmf otherReset = new(2);
        otherReset.Entries[0] = (MadeOvmf.Reset, MadeOvmf.Words(0x0080B005));
        List<LaunchInputs> all =
        [
            launch, Launch(new MadeOvmf(3)), Launch(otherOrder), Launch(elsewhere), Launch(longer), Launch(otherReset),
            launch with { Kernel = null }, launch with { Kernel = kernel with { Kernel = Digest.Of([9]) } },
            launch with { Kernel = kernel with { Initrd = Digest.Of([9]) } },
            launch with { Kernel = kernel with { CommandLine = KernelHashes.OfCommandLine("quiet ") } },
            launch with { Processors = 1 }, launch with { Processors = 3 },
            launch with { ProcessorSignature = 0x800F13 }, launch with { GuestFeatures = 0x21 },
            launch with { Monitor = LaunchMonitor.Ec2 }, launch with { Monitor = LaunchMonitor.Gce },
            launch with { FirmwareDigest = new Measurement(new byte[48]) },
        ];
        Assert.Equal(all.Count, all.Select(Compute).Distinct().Count());
        Assert.Equal(Compute(launch), Compute(Launch(new MadeOvmf(2))));
    }

    [Fact]
    public void Each_page_of_the_firmware_counts()
    {
        byte[] image = new MadeOvmf(4).ToBytes();
        Measurement first = OfFirmware(image);
        foreach (int offset in (int[])[0, 4095, 4096, 8192 + 17, image.Length - 1])
        {
            image[offset] ^= 1;
            Assert.NotEqual(first, OfFirmware(image));
            image[offset] ^= 1;
        }

        static Measurement OfFirmware(byte[] bytes)
        {
            // A change in the first bytes of the first page or in the reset vector leaves the tables as they are.
            Assert.True(OvmfImage.TryDecode(bytes.ToArray(), out OvmfImage? read, out _));
            return LaunchDigest.OfFirmware(read!);
        }
    }

    [Fact]
    public void A_firmware_of_16_MiB_is_hashed_page_by_page()
    {
        byte[] image = new MadeOvmf(OvmfImage.SizeMax / 4096).ToBytes();
        Assert.True(OvmfImage.TryDecode(image, out OvmfImage? read, out _));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(48, LaunchDigest.OfFirmware(read!).Bytes.Length);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void What_cannot_be_launched_has_a_name()
    {
        LaunchInputs launch = Launch(new MadeOvmf());
        AssertRefused(LaunchRefusal.ProcessorCount, launch with { Processors = 0 });
        AssertRefused(LaunchRefusal.ProcessorCount, launch with { Processors = LaunchInputs.ProcessorsMax + 1 });
        AssertRefused(LaunchRefusal.ProcessorSignatureMissing, launch with { ProcessorSignature = null });
        AssertRefused(LaunchRefusal.FirmwareDigestSize, launch with { FirmwareDigest = new Measurement(new byte[32]) });
        AssertRefused(LaunchRefusal.FirmwareDigestSize, launch with { FirmwareDigest = default(Measurement) });

        MadeOvmf noReset = new();
        noReset.Entries.RemoveAt(0);
        AssertRefused(LaunchRefusal.ResetAddressMissing, Launch(noReset));
        Assert.NotEqual(default, Compute(Launch(noReset) with { Processors = 1 }));
    }

    [Fact]
    public void A_kernel_needs_a_page_and_a_table_in_it()
    {
        MadeOvmf noPage = new();
        noPage.Sections.RemoveAt(3);
        AssertRefused(LaunchRefusal.KernelHashesUnsupported, Launch(noPage));
        AssertTable(LaunchRefusal.KernelHashesUnsupported, 0, 0);
        AssertTable(LaunchRefusal.KernelHashesOutOfBounds, 0x80FFFF, 0x400);
        AssertTable(LaunchRefusal.KernelHashesOutOfBounds, 0x811000 - 175, 0x400);
        AssertTable(LaunchRefusal.KernelHashesOutOfBounds, 0x811000, 0x400);
        AssertTable(LaunchRefusal.KernelHashesOutOfBounds, uint.MaxValue, 0x400);
        AssertTable(LaunchRefusal.KernelHashesOutOfBounds, 0x810C00, 175);
        AssertTable(LaunchRefusal.None, 0x811000 - 176, 176);
        AssertTable(LaunchRefusal.None, 0x810000, 176);

        static void AssertTable(LaunchRefusal refusal, uint address, uint size)
        {
            MadeOvmf made = new();
            made.Entries[1] = (MadeOvmf.HashTable, MadeOvmf.Words(address, size));
            Assert.Equal(refusal == LaunchRefusal.None,
                LaunchDigest.TryCompute(Launch(made), out _, out LaunchRefusal found));
            Assert.Equal(refusal, found);
            Assert.True(LaunchDigest.TryCompute(Launch(made) with { Kernel = null }, out _, out _));
        }
    }

    /// <summary>Selector, attributes, limit and base of the code segment, and what the monitors set
    /// differently.</summary>
    [Theory]
    [InlineData(LaunchMonitor.Qemu, 0x9B, 0x9B, 0x93, 0x8B, 0xA00F11ul, 0x7040600070406ul, 0x37F, 0x1F80)]
    [InlineData(LaunchMonitor.Ec2, 0x9A, 0x9B, 0x92, 0x83, 0x600ul, 0x7040600070406ul, 0, 0)]
    [InlineData(LaunchMonitor.Gce, 0x9B, 0x9B, 0x93, 0x8B, 0x600ul, 0x70106ul, 0, 0)]
    public void The_registers_are_those_that_each_monitor_sets(
        LaunchMonitor monitor, int first, int others, int stack, int task, ulong rdx, ulong pat, int fcw, int mxcsr)
    {
        byte[] page = SaveArea.ToPage(SaveArea.FirstProcessorAddress, 0xA00F11, 0x21, monitor);
        byte[] other = SaveArea.ToPage(0x0080B004, 0xA00F11, 0x21, monitor);
        Assert.Equal([0, 0xF0, (byte)first, 0, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0], page[16..32]);
        Assert.Equal([0, 0xF0, (byte)others, 0, 0xFF, 0xFF, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0], other[16..32]);
        Assert.Equal((0xFFF0ul, 0xB004ul), (Word(page, 0x178), Word(other, 0x178)));
        Assert.Equal((stack, task), (page[0x22], page[0x92]));
        Assert.Equal((rdx, pat, 0x21ul), (Word(page, 0x310), Word(page, 0x268), Word(page, 0x3B0)));
        Assert.Equal((fcw, mxcsr),
            (BitConverter.ToUInt16(page, 0x410), (int)BitConverter.ToUInt32(page, 0x408)));
        Assert.Equal(OvmfImage.PageSize, page.Length);

        static ulong Word(byte[] bytes, int offset) => BitConverter.ToUInt64(bytes, offset);
    }

    [Fact]
    public void Types_of_processors_have_the_signatures_of_their_generation()
    {
        Assert.Equal((0x800F12u, 0xA00F11u, 0xA10F10u, 0xB00F00u, 0x830F10u), (Of("EPYC-v4"), Of("EPYC-Milan"),
            Of("EPYC-Genoa"), Of("EPYC-Turin"), Of("EPYC-Rome")));
        Assert.False(ProcessorTypes.TryGetSignature("epyc", out _));
        Assert.All(ProcessorTypes.Names, name => Assert.NotEqual(0u, Of(name)));

        static uint Of(string name) => ProcessorTypes.TryGetSignature(name, out uint signature) ? signature : 0;
    }

    private static LaunchInputs Launch(MadeOvmf made)
    {
        Assert.True(OvmfImage.TryDecode(made.ToBytes(), out OvmfImage? firmware, out LaunchRefusal found), $"{found}");
        return new LaunchInputs
        {
            Firmware = firmware!,
            Kernel = kernel,
            Processors = 2,
            ProcessorSignature = 0x800F12,
        };
    }

    private static Measurement Compute(LaunchInputs inputs)
    {
        Assert.True(LaunchDigest.TryCompute(inputs, out Measurement digest, out LaunchRefusal refusal), $"{refusal}");
        return digest;
    }

    private static void AssertRefused(LaunchRefusal expected, LaunchInputs inputs)
    {
        Assert.False(LaunchDigest.TryCompute(inputs, out Measurement digest, out LaunchRefusal refusal));
        Assert.Equal((expected, default(Measurement)), (refusal, digest));
    }
}
