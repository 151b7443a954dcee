using System;
using System.Buffers.Binary;
using System.Text;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>The hashes that QEMU puts into the guest, for its firmware to compare kernel, initial RAM disk and command
/// line with.</summary>
/// <param name="Kernel">SHA-256 of the kernel.</param>
/// <param name="Initrd">SHA-256 of the initial RAM disk; of nothing when there is none.</param>
/// <param name="CommandLine">SHA-256 of the command line and the zero byte behind it.</param>
public sealed record KernelHashes(Digest Kernel, Digest Initrd, Digest CommandLine)
{
    /// <summary>The size of the table in bytes: whole blocks of 16.</summary>
    public const int TableSize = 176;

    private const int HeaderSize = 18;
    private const int EntrySize = HeaderSize + Digest.Size;
    private const int UsedSize = HeaderSize + (3 * EntrySize);

    private static readonly Guid tableGuid = new("9438d606-4f22-4cc9-b479-a793d411fd21");
    private static readonly Guid commandLineGuid = new("97d02dd8-bd20-4c94-aa78-e7714d36ab2a");
    private static readonly Guid initrdGuid = new("44baf731-3a2f-4bd7-9af1-41e29169781d");
    private static readonly Guid kernelGuid = new("4de79437-abd2-427f-b835-d5b172d2045b");

    /// <summary>The digest of a command line, in UTF-8, and the zero byte behind it.</summary>
    public static Digest OfCommandLine(string commandLine)
    {
        ArgumentNullException.ThrowIfNull(commandLine);
        return Digest.Of(Encoding.UTF8.GetBytes(commandLine + '\0'));
    }

    /// <summary>The table as it lies in the memory of the guest: <see cref="TableSize"/> bytes.</summary>
    public byte[] ToTable()
    {
        byte[] table = new byte[TableSize];
        WriteHeader(table, tableGuid, UsedSize);
        WriteEntry(table.AsSpan(HeaderSize), commandLineGuid, CommandLine);
        WriteEntry(table.AsSpan(HeaderSize + EntrySize), initrdGuid, Initrd);
        WriteEntry(table.AsSpan(HeaderSize + (2 * EntrySize)), kernelGuid, Kernel);
        return table;
    }

    private static void WriteEntry(Span<byte> to, Guid guid, Digest digest)
    {
        WriteHeader(to, guid, EntrySize);
        digest.CopyTo(to[HeaderSize..]);
    }

    private static void WriteHeader(Span<byte> to, Guid guid, int size)
    {
        guid.TryWriteBytes(to);
        BinaryPrimitives.WriteUInt16LittleEndian(to[16..], (ushort)size);
    }
}
