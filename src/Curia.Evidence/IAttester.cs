using System;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>A part of a machine that gives evidence (RFC 9334 section 3.1, "Attester"). Safe on any thread.</summary>
public interface IAttester
{
    /// <summary>Its name in settings, for example <c>snp-tsm</c> (docs/evidence.md).</summary>
    string Name { get; }

    /// <summary>The platform that its evidence is of.</summary>
    AttestationPlatform Platform { get; }

    /// <summary>Asks for evidence that binds report data: a digest of a key, or a nonce.</summary>
    /// <param name="reportData">64 bytes.</param>
    /// <param name="cancel">Ends waiting for a device that is busy.</param>
    /// <returns>The evidence, with the certificates and endorsements that the machine has. Takes some milliseconds, and
    /// seconds where the host limits how often it is asked.</returns>
    /// <exception cref="EvidenceException">There is none, for a reason that has a name.</exception>
    /// <exception cref="ArgumentException">There are not 64 bytes.</exception>
    Task<MachineEvidence> CollectAsync(ReadOnlyMemory<byte> reportData, CancellationToken cancel);
}
