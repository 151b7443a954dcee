using System;
using System.Buffers.Binary;
using System.Linq;
using System.Security.Cryptography;

namespace Curia.Attestation;

/// <summary>The launch digest of SEV-SNP, computed beforehand: what a genuine processor will report as the measurement
/// of a guest (AMD 56860 section 8.17, SNP_LAUNCH_UPDATE).</summary>
/// <remarks>Each page adds one step: the digest so far, the digest of the page, its kind and its address are hashed
/// together. So a page more, less, elsewhere or in another order is another digest.</remarks>
public sealed class LaunchDigest
{
    private const int Size = SHA384.HashSizeInBytes;
    private const int PageInfoSize = 0x70;

    // The address of a save area has all bits set that an address of a page can have: 51 down to 12.
    private const ulong SaveAreaAddress = 0xFFFF_FFFF_F000;

    private static readonly byte[] noContent = new byte[Size];

    private byte[] digest;

    private LaunchDigest(byte[] digest) => this.digest = digest;

    // AMD 56860 section 8.17, PAGE_TYPE.
    private enum PageType : byte
    {
        Normal = 1,
        SaveArea = 2,
        Zero = 3,
        Unmeasured = 4,
        Secrets = 5,
        Cpuid = 6,
    }

    /// <summary>The digest after the pages of a firmware and nothing else: what its launches begin with.</summary>
    public static Measurement OfFirmware(OvmfImage firmware)
    {
        ArgumentNullException.ThrowIfNull(firmware);
        LaunchDigest digest = new(noContent);
        digest.AddFirmware(firmware);
        return new Measurement(digest.digest);
    }

    /// <summary>Computes the digest; nothing throws.</summary>
    /// <param name="inputs">What is launched, and by whom.</param>
    /// <param name="measurement">The digest, 48 bytes.</param>
    /// <param name="refusal">Why there is none; <see cref="LaunchRefusal.None"/> when there is.</param>
    public static bool TryCompute(LaunchInputs inputs, out Measurement measurement, out LaunchRefusal refusal)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        measurement = default;
        refusal = RefusalOf(inputs);
        if (refusal != LaunchRefusal.None) return false;
        LaunchDigest digest = new(inputs.FirmwareDigest is { } known ? known.Bytes.ToArray() : noContent);
        if (inputs.FirmwareDigest is null) digest.AddFirmware(inputs.Firmware);
        digest.AddSections(inputs);
        digest.AddProcessors(inputs);
        measurement = new Measurement(digest.digest);
        return true;
    }

    private static LaunchRefusal RefusalOf(LaunchInputs inputs)
    {
        OvmfImage firmware = inputs.Firmware;
        if (inputs.Processors is < 1 or > LaunchInputs.ProcessorsMax) return LaunchRefusal.ProcessorCount;
        if (inputs.Monitor == LaunchMonitor.Qemu && inputs.ProcessorSignature is null)
            return LaunchRefusal.ProcessorSignatureMissing;
        if (inputs.Processors > 1 && firmware.ResetAddress == 0) return LaunchRefusal.ResetAddressMissing;
        if (inputs.FirmwareDigest is { } given && given.Bytes.Length != Size) return LaunchRefusal.FirmwareDigestSize;
        if (inputs.Kernel is null) return LaunchRefusal.None;
        if (firmware.KernelHashes is not { } section || firmware.HashTableAddress == 0)
            return LaunchRefusal.KernelHashesUnsupported;
        ulong end = (ulong)firmware.HashTableAddress + KernelHashes.TableSize;
        return firmware.HashTableAddress >= section.Address && end <= (ulong)section.Address + section.Size
            && firmware.HashTableSize >= KernelHashes.TableSize
                ? LaunchRefusal.None
                : LaunchRefusal.KernelHashesOutOfBounds;
    }

    private void AddFirmware(OvmfImage firmware)
    {
        ReadOnlySpan<byte> bytes = firmware.Bytes.Span;
        Span<byte> content = stackalloc byte[Size];
        for (int offset = 0; offset < bytes.Length; offset += OvmfImage.PageSize)
        {
            SHA384.HashData(bytes.Slice(offset, OvmfImage.PageSize), content);
            Add(PageType.Normal, firmware.Address + (ulong)offset, content);
        }
    }

    // EC2 adds the page of the processor's features after all others.
    private void AddSections(LaunchInputs inputs)
    {
        bool cpuidLast = inputs.Monitor == LaunchMonitor.Ec2;
        foreach (OvmfSection section in inputs.Firmware.Sections)
        {
            if (section.Type != OvmfSectionType.Cpuid || !cpuidLast) AddSection(section, inputs);
        }

        if (!cpuidLast) return;
        foreach (OvmfSection section in inputs.Firmware.Sections.Where(one => one.Type == OvmfSectionType.Cpuid))
            AddSection(section, inputs);
    }

    private void AddSection(OvmfSection section, LaunchInputs inputs)
    {
        if (section.Type == OvmfSectionType.KernelHashes && inputs.Kernel is { } kernel)
        {
            byte[] page = new byte[OvmfImage.PageSize];
            kernel.ToTable().CopyTo(page, (int)(inputs.Firmware.HashTableAddress - section.Address));
            Add(PageType.Normal, section.Address, SHA384.HashData(page));
            return;
        }

        PageType type = section.Type switch
        {
            OvmfSectionType.Secrets => PageType.Secrets,
            OvmfSectionType.Cpuid => PageType.Cpuid,
            OvmfSectionType.SecMemory when inputs.Monitor == LaunchMonitor.Gce => PageType.Unmeasured,
            _ => PageType.Zero,
        };
        for (uint offset = 0; offset < section.Size; offset += OvmfImage.PageSize)
            Add(type, section.Address + offset, noContent);
    }

    private void AddProcessors(LaunchInputs inputs)
    {
        byte[] first = ContentOf(SaveArea.FirstProcessorAddress);
        byte[] others = inputs.Processors > 1 ? ContentOf(inputs.Firmware.ResetAddress) : [];
        for (int i = 0; i < inputs.Processors; i++) Add(PageType.SaveArea, SaveAreaAddress, i == 0 ? first : others);

        byte[] ContentOf(uint address) => SHA384.HashData(SaveArea.ToPage(
            address, inputs.ProcessorSignature ?? 0, inputs.GuestFeatures, inputs.Monitor));
    }

    // PAGE_INFO: digest so far, digest of the page, its own size, type, address. Between the last two are the mark of a
    // migration image and the rights of lower privilege levels, all zero.
    private void Add(PageType type, ulong address, ReadOnlySpan<byte> content)
    {
        Span<byte> info = stackalloc byte[PageInfoSize];
        info.Clear();
        digest.CopyTo(info);
        content.CopyTo(info[Size..]);
        BinaryPrimitives.WriteUInt16LittleEndian(info[(2 * Size)..], PageInfoSize);
        info[(2 * Size) + 2] = (byte)type;
        BinaryPrimitives.WriteUInt64LittleEndian(info[^8..], address);
        digest = SHA384.HashData(info);
    }
}
