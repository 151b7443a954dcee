using System;

namespace Curia.Attestation;

/// <summary>What names the key of one processor at one TCB, its VCEK: what a certificate is asked for with (AMD 57230
/// chapter 4).</summary>
/// <param name="Processor">The generation.</param>
/// <param name="ChipId">The name of the processor: 64 bytes, of Turin 8.</param>
/// <param name="Tcb">The security versions that the key is derived from.</param>
public sealed record SnpKeyName(SnpProcessor Processor, ReadOnlyMemory<byte> ChipId, SnpTcb Tcb)
{
    private const int TurinChipIdSize = 8;

    /// <summary>The name of the key that a report says it was signed with.</summary>
    /// <param name="report">The report; nobody need have vouched for it.</param>
    /// <param name="processor">The generation, for reports of version 2, which do not say it.</param>
    /// <param name="name">The name; null when there is none.</param>
    /// <returns>False for a key of a provider (VLEK), a masked chip id, and a report whose generation nobody
    /// knows.</returns>
    public static bool TryOf(SnpReport report, SnpProcessor? processor, out SnpKeyName? name)
    {
        ArgumentNullException.ThrowIfNull(report);
        name = null;
        SnpProcessor? said = report.HasCpuid
            ? SnpProcessors.FromCpuid(report.CpuidFamily, report.CpuidModel)
            : processor;
        ReadOnlyMemory<byte> chip = report.ChipId;
        if (said is not { } known || report.SigningKey != (uint)SnpKeyKind.Vcek
            || !chip.Span.ContainsAnyExcept((byte)0)
            || !SnpTcb.TryRead(report.ReportedTcb.Span, known, out SnpTcb tcb))
        {
            return false;
        }

        name = new SnpKeyName(known, known == SnpProcessor.Turin ? chip[..TurinChipIdSize] : chip, tcb);
        return true;
    }
}
