using System;
using System.Security.Cryptography;

namespace Curia.Cryptography;

/// <summary>The only source of randomness in Curia. The host passes <see cref="SystemEntropy"/>, the simulation a
/// seeded one.</summary>
public abstract class Entropy
{
    /// <summary>Fills the target with bytes that nobody outside the TEE can predict.</summary>
    public abstract void Fill(Span<byte> target);
}

/// <summary>Entropy of the operating system's generator. Safe to call from any thread.</summary>
public sealed class SystemEntropy : Entropy
{
    /// <inheritdoc/>
    public override void Fill(Span<byte> target) => RandomNumberGenerator.Fill(target);
}
