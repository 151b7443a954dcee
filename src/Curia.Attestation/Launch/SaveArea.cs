using System;
using System.Buffers.Binary;

namespace Curia.Attestation;

/// <summary>The registers of a virtual processor at launch: a page that the security processor measures (AMD 24593
/// appendix B, "VMSA").</summary>
public static class SaveArea
{
    /// <summary>Where the first processor begins: at the reset vector, 16 bytes below 4 GiB.</summary>
    public const uint FirstProcessorAddress = 0xFFFF_FFF0;

    private const int SegmentSize = 16;

    /// <summary>The page of a processor: 4096 bytes.</summary>
    /// <param name="address">Where it begins.</param>
    /// <param name="signature">The signature of its type, which QEMU puts into RDX; others do not look at it.</param>
    /// <param name="features">SEV_FEATURES, one bit each; 0 under SEV-ES.</param>
    /// <param name="monitor">Who sets the registers.</param>
    public static byte[] ToPage(uint address, uint signature, ulong features, LaunchMonitor monitor)
    {
        byte[] page = new byte[OvmfImage.PageSize];
        WriteSegments(page, address, monitor);
        Write(page, 0x0D0, 0x1000);                  // EFER: SVME, which KVM sets
        Write(page, 0x148, 0x40);                    // CR4: machine checks, which KVM sets
        Write(page, 0x158, 0x10);                    // CR0
        Write(page, 0x160, 0x400);                   // DR7
        Write(page, 0x168, 0xFFFF_0FF0);             // DR6
        Write(page, 0x170, 0x2);                     // RFLAGS
        Write(page, 0x178, address & 0xFFFF);        // RIP
        Write(page, 0x268, monitor == LaunchMonitor.Gce ? 0x0007_0106ul : 0x0007_0406_0007_0406);   // G_PAT
        Write(page, 0x310, monitor == LaunchMonitor.Qemu ? signature : 0x600);                      // RDX
        Write(page, 0x3B0, features);                // SEV_FEATURES
        Write(page, 0x3E8, 0x1);                     // XCR0
        if (monitor != LaunchMonitor.Qemu) return page;
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(0x408), 0x1F80);  // MXCSR
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(0x410), 0x37F);   // x87 control word
        return page;
    }

    // es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr: selector, attributes, limit and base of each.
    private static void WriteSegments(byte[] page, uint address, LaunchMonitor monitor)
    {
        bool isEc2 = monitor == LaunchMonitor.Ec2;
        ushort code = isEc2 && address == FirstProcessorAddress ? (ushort)0x9A : (ushort)0x9B;
        ReadOnlySpan<ushort> attributes =
        [
            0x93, code, isEc2 ? (ushort)0x92 : (ushort)0x93, 0x93, 0x93, 0x93, 0, 0x82, 0,
            isEc2 ? (ushort)0x83 : (ushort)0x8B,
        ];
        for (int i = 0; i < attributes.Length; i++)
        {
            Span<byte> segment = page.AsSpan(i * SegmentSize, SegmentSize);
            BinaryPrimitives.WriteUInt16LittleEndian(segment[2..], attributes[i]);
            BinaryPrimitives.WriteUInt32LittleEndian(segment[4..], 0xFFFF);
        }

        Span<byte> cs = page.AsSpan(SegmentSize, SegmentSize);
        BinaryPrimitives.WriteUInt16LittleEndian(cs, 0xF000);
        BinaryPrimitives.WriteUInt64LittleEndian(cs[8..], address & 0xFFFF_0000);
    }

    private static void Write(byte[] page, int offset, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(offset), value);
}
