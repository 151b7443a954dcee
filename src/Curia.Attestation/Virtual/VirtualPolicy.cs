using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>What evidence of the virtual platform must be like (RFC 9334 section 8.5).</summary>
/// <remarks>A program that may be debugged is refused by every policy, as on hardware.</remarks>
public sealed record VirtualPolicy
{
    /// <summary>Everybody's key, and no minimum.</summary>
    public static VirtualPolicy Strict { get; } = new();

    /// <summary>SHA-256 of the platform key that is believed, SubjectPublicKeyInfo. A test names one of its own to see
    /// evidence refused that does not chain to it.</summary>
    public Digest Root { get; init; } = VirtualPlatform.KeyDigest;

    /// <summary>The oldest security version, for each name that is played. With none listed there is no minimum; as
    /// soon as one is, a name that is not listed is refused, as a generation of hardware is
    /// (<see cref="SnpPolicy.MinimumTcb"/>).</summary>
    public IReadOnlyDictionary<string, int> MinimumTcb { get; init; } = new Dictionary<string, int>();
}
