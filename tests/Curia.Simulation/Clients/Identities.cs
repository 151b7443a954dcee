using System;
using System.Collections.Generic;
using Curia.Cryptography;

namespace Curia.Simulation;

/// <summary>Certificates of users and of a member, the same in every run.</summary>
internal static class Identities
{
    /// <summary>When virtual time begins.</summary>
    public static readonly DateTimeOffset Beginning = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static IReadOnlyList<Certificate> Users { get; } = [Make("user1", 1), Make("user2", 2)];

    public static Certificate Member { get; } = Make("member", 100);

    /// <summary>A certificate that no map holds.</summary>
    public static Certificate Stranger { get; } = Make("stranger", 200);

    private static Certificate Make(string name, ulong seed)
    {
        SeededEntropy entropy = new(seed);
        using SeededSigner signer = new(entropy);
        byte[] der = CertificateAuthority.SelfSigned(
            signer, name, Beginning.AddYears(-1), Beginning.AddYears(10), entropy);
        return Certificate.TryFromDer(der, out Certificate? certificate)
            ? certificate!
            : throw new InvalidOperationException("a certificate that was just made cannot be read");
    }
}
