using System;
using System.Buffers.Binary;

namespace Curia.Tests.Attestation;

/// <summary>The report of a paravisor of our own.</summary>
internal static class MadeHcl
{
    /// <summary>Puts a hardware report and runtime data into one report of version 2; type 2 is SEV-SNP, 4 is
    /// TDX.</summary>
    public static byte[] Wrap(byte[] report, byte[] runtime, byte type = 2)
    {
        byte[] bytes = new byte[32 + report.Length + 20 + runtime.Length];
        "HCLA"u8.CopyTo(bytes);
        bytes[4] = 2;
        report.CopyTo(bytes, 32);
        Span<byte> header = bytes.AsSpan(32 + report.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header, 20 + runtime.Length);
        header[4] = 1;
        header[8] = type;
        header[12] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], runtime.Length);
        runtime.CopyTo(header[20..]);
        return bytes;
    }
}
