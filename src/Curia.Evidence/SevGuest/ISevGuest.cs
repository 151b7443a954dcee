using System;

namespace Curia.Evidence;

/// <summary>The device through which a guest asks its security processor (Linux, <c>/dev/sev-guest</c>).</summary>
public interface ISevGuest
{
    /// <summary>Where it is, for messages.</summary>
    string Path { get; }

    /// <summary>Whether the machine has it.</summary>
    bool IsThere { get; }

    /// <summary>Makes one call and waits for its answer.</summary>
    /// <param name="command"><see cref="Attestation.SevGuestRequest.GetReport"/> or
    /// <see cref="Attestation.SevGuestRequest.GetExtendedReport"/>.</param>
    /// <param name="request">The request for a report, 96 bytes.</param>
    /// <param name="certificatesSize">The memory for certificates in bytes, for the second command.</param>
    /// <exception cref="System.IO.IOException">The device cannot be opened; the error number is in it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    SevGuestAnswer Call(uint command, ReadOnlySpan<byte> request, int certificatesSize);
}

/// <summary>What a call came to.</summary>
public sealed record SevGuestAnswer
{
    /// <summary>The error number of the call; 0 when it worked.</summary>
    public required int Error { get; init; }

    /// <summary>What the firmware says went wrong; 0 for nothing.</summary>
    public uint FirmwareError { get; init; }

    /// <summary>What the monitor says went wrong: 1 that the memory for certificates is too small, 2 that it is
    /// busy.</summary>
    public uint MonitorError { get; init; }

    /// <summary>The answer, 4000 bytes.</summary>
    public ReadOnlyMemory<byte> Response { get; init; }

    /// <summary>The memory for certificates, as long as it was given.</summary>
    public ReadOnlyMemory<byte> Certificates { get; init; }

    /// <summary>How much memory for certificates there must be, as the kernel says.</summary>
    public uint CertificatesSize { get; init; }
}
