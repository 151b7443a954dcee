using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Attestation;

/// <summary>What the claims of evidence are compared with (RFC 9334 section 8.3). What is null is not compared, and
/// then its check is not among those of the result.</summary>
public sealed record ReferenceValues
{
    /// <summary>Nothing to compare with: who asks only for genuine hardware looks at the claims himself.</summary>
    public static ReferenceValues None { get; } = new();

    /// <summary>The platforms that evidence may be of, so that the attester does not choose the rules that it is held
    /// to; null takes all. <see cref="EvidenceAppraiser"/> compares it: who calls a verifier has chosen.</summary>
    public IReadOnlyList<AttestationPlatform>? Platforms { get; init; }

    /// <summary>The accepted measurements; an empty list accepts none.</summary>
    public IReadOnlyList<Measurement>? Measurements { get; init; }

    /// <summary>Who may endorse a measurement that is not listed; null where an endorsement does not make up for that.
    /// One that is there must hold in any case: without a list, of Microsoft
    /// (<see cref="UvmEndorser.Microsoft"/>).</summary>
    public IReadOnlyList<UvmEndorser>? MeasurementEndorsers { get; init; }

    /// <summary>What the attester must have bound: all 64 bytes.</summary>
    public ReadOnlyMemory<byte>? ReportData { get; init; }

    /// <summary>What the host must have bound at launch: as many bytes as the platform has
    /// (<see cref="AttestationClaims.HostData"/>).</summary>
    public ReadOnlyMemory<byte>? HostData { get; init; }

    /// <summary>What the attester must have measured since its launch, by the number of the register; one that is not
    /// listed is not compared.</summary>
    public IReadOnlyDictionary<int, Measurement>? RuntimeMeasurements { get; init; }

    /// <summary>Whether a measurement must be listed or endorsed.</summary>
    internal bool AsksForMeasurement => Measurements is not null || MeasurementEndorsers is not null;

    /// <summary>Whether a measurement is listed.</summary>
    internal bool Lists(Measurement measurement) => Measurements?.Contains(measurement) ?? false;
}
