using System;
using System.Security.Cryptography;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>The simulated platform of development: it goes the way of hardware, and proves nothing. INSECURE.</summary>
public static class VirtualPlatform
{
    /// <summary>The name of the platform.</summary>
    public const string Name = "virtual";

    /// <summary>How a name begins that a virtual platform only plays, so that rules over several platforms can be
    /// tried.</summary>
    public const string PlayedPrefix = Name + "-";

    // The key of a "processor" that everybody has. It is no secret, and what it signs is no evidence.
    private static readonly byte[] everybodysKey = Convert.FromBase64String(
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIxpa3ZUj3s8CFW1IF2+pc3kaJtwA0o3vQJVswAZkzhShRANCAAQqKznfXP+AKo"
        + "RjJv0VW1FnynsJdYNt+SKGXsO2UMA66sw8eW6vvXm4UfV24Xr5+L8CSc9xa3uZsqU3HnjbjF0Z");

    /// <summary>SHA-256 of the platform key, SubjectPublicKeyInfo: the root of the virtual platform.</summary>
    public static Digest KeyDigest { get; } = FindKeyDigest();

    /// <summary>The key of the platform; the caller disposes it.</summary>
    public static EcdsaSigner OpenKey()
    {
        using SecretBytes exported = new(everybodysKey);
        bool isOpened = EcdsaSigner.TryOpen(exported, out EcdsaSigner? key);
        Invariant.Holds(isOpened && key is not null, "the virtual platform has a key");
        return key;
    }

    private static Digest FindKeyDigest()
    {
        using EcdsaSigner key = OpenKey();
        return new Digest(SHA256.HashData(key.SubjectPublicKeyInfo.Span));
    }
}
