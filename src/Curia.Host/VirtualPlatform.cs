using Curia.Cryptography;

namespace Curia.Host;

/// <summary>The simulated platform of development: it goes the way of hardware and protects nothing.</summary>
internal static class VirtualPlatform
{
    /// <summary>The key under which a node seals what the next process on this disk must know. Hardware derives it
    /// from a secret of the processor and the measured code; this one is the same everywhere and stands here for all
    /// to read, so that whoever has the files has the secrets. It does not depend on the program, so that a sandbox
    /// goes on after the program was built anew. The caller disposes it.</summary>
    public static SecretBytes SealingKey() => new("virtual platform: INSECURE 0001!!"u8[..AeadKey.KeySize]);
}
