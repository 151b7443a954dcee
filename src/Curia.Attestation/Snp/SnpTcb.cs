using System;
using System.Collections.Generic;

namespace Curia.Attestation;

/// <summary>TCB_VERSION (AMD 56860 section 2.2, 2.3 from revision 1.59): the security version of each firmware. To be
/// compared part by part: as one number a new microcode would outweigh an old bootloader.</summary>
/// <param name="Fmc">Firmware of the first mutable code; Turin only.</param>
/// <param name="Bootloader">Bootloader of the security processor.</param>
/// <param name="Tee">Its operating system.</param>
/// <param name="Snp">SNP firmware.</param>
/// <param name="Microcode">Lowest patch level of all cores.</param>
public readonly record struct SnpTcb(byte Fmc, byte Bootloader, byte Tee, byte Snp, byte Microcode)
{
    /// <summary>The size in bytes.</summary>
    public const int Size = 8;

    /// <summary>Whether no part is older than that of the other.</summary>
    public bool IsAtLeast(SnpTcb other) => Fmc >= other.Fmc && Bootloader >= other.Bootloader && Tee >= other.Tee
        && Snp >= other.Snp && Microcode >= other.Microcode;

    /// <summary>The parts by name, as they lie in a report.</summary>
    public IReadOnlyList<TcbComponent> Components(SnpProcessor processor)
    {
        List<TcbComponent> parts = [];
        if (processor == SnpProcessor.Turin) parts.Add(new TcbComponent("fmc", Fmc));
        parts.Add(new TcbComponent("bootloader", Bootloader));
        parts.Add(new TcbComponent("tee", Tee));
        parts.Add(new TcbComponent("snp", Snp));
        parts.Add(new TcbComponent("microcode", Microcode));
        return parts;
    }

    /// <summary>Reads the eight bytes as a generation lays them out.</summary>
    /// <returns>False for another size, and when a reserved byte is not zero.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, SnpProcessor processor, out SnpTcb tcb)
    {
        tcb = default;
        if (bytes.Length != Size) return false;
        if (processor == SnpProcessor.Turin)
        {
            tcb = new SnpTcb(bytes[0], bytes[1], bytes[2], bytes[3], bytes[7]);
            return !bytes[4..7].ContainsAnyExcept((byte)0);
        }

        tcb = new SnpTcb(0, bytes[0], bytes[1], bytes[6], bytes[7]);
        return !bytes[2..6].ContainsAnyExcept((byte)0);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"fmc {Fmc}, bootloader {Bootloader}, tee {Tee}, snp {Snp}, microcode {Microcode}";
}
