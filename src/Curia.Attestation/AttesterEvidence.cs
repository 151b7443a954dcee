using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Attestation;

/// <summary>What an attester gives to whoever asks: its evidence, and the endorsements that it has, as named files
/// (docs/attestation.md, "Files"). Nobody has appraised any of it.</summary>
/// <remarks>One shape for all platforms, so that what carries it from node to node, and into the ledger, need not know
/// any. The bytes are not copied; nobody changes them.</remarks>
/// <param name="Platform">What it is evidence of: <c>snp</c>, <c>tdx</c>, <c>sgx</c> or <c>virtual</c>.</param>
/// <param name="Files">The bytes by their names, for example <c>report.bin</c>.</param>
public sealed record AttesterEvidence(string Platform, IReadOnlyDictionary<string, byte[]> Files)
{
    /// <summary>The most files.</summary>
    public const int FilesMax = 16;

    /// <summary>The most bytes of all files together. A report of SEV-SNP with all that Azure adds has some 25,000, a
    /// quote of TDX with its collateral as many.</summary>
    public const int SizeMax = 512 * 1024;

    /// <summary>The file of the virtual platform.</summary>
    public const string VirtualFile = "evidence.cose";

    /// <summary>Evidence of the virtual platform.</summary>
    public static AttesterEvidence OfVirtual(byte[] evidence) =>
        new(VirtualPlatform.Name, new Dictionary<string, byte[]> { [VirtualFile] = evidence });

    /// <summary>Whether it is within the bounds: what is not is refused unread.</summary>
    public bool IsBounded => Files.Count <= FilesMax
        && Files.All(file => file.Value is not null) && Files.Sum(file => (long)file.Value.Length) <= SizeMax
        && Platforms.ContainsKey(Platform);

    /// <summary>The platforms by their names.</summary>
    public static IReadOnlyDictionary<string, AttestationPlatform> Platforms { get; } =
        new Dictionary<string, AttestationPlatform>(StringComparer.Ordinal)
        {
            ["virtual"] = AttestationPlatform.Virtual,
            ["snp"] = AttestationPlatform.Snp,
            ["tdx"] = AttestationPlatform.Tdx,
            ["sgx"] = AttestationPlatform.Sgx,
        };

    /// <summary>The name of a platform.</summary>
    public static string NameOf(AttestationPlatform platform) => Platforms.First(one => one.Value == platform).Key;

    /// <summary>The same with other files in the place of those that have their names, or beside them.</summary>
    public AttesterEvidence With(IReadOnlyDictionary<string, byte[]> others)
    {
        ArgumentNullException.ThrowIfNull(others);
        if (others.Count == 0) return this;
        Dictionary<string, byte[]> files = new(Files, StringComparer.Ordinal);
        foreach ((string name, byte[] bytes) in others) files[name] = bytes;
        return this with { Files = files };
    }

    /// <summary>The bytes of a file; null when there is none of this name.</summary>
    public ReadOnlyMemory<byte>? Find(string name) =>
        Files.TryGetValue(name, out byte[]? bytes) ? bytes : (ReadOnlyMemory<byte>?)null;
}
