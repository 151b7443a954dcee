using System;
using System.Collections.Generic;

namespace Curia.Attestation;

/// <summary>The types of virtual processors by the names that QEMU has for them, with the signature that each has in
/// CPUID Fn0000_0001_EAX (AMD 25481).</summary>
public static class ProcessorTypes
{
    private static readonly SortedDictionary<string, uint> signatures = new(StringComparer.Ordinal)
    {
        ["EPYC"] = Signature(23, 1, 2),
        ["EPYC-v1"] = Signature(23, 1, 2),
        ["EPYC-v2"] = Signature(23, 1, 2),
        ["EPYC-IBPB"] = Signature(23, 1, 2),
        ["EPYC-v3"] = Signature(23, 1, 2),
        ["EPYC-v4"] = Signature(23, 1, 2),
        ["EPYC-Rome"] = Signature(23, 49, 0),
        ["EPYC-Rome-v1"] = Signature(23, 49, 0),
        ["EPYC-Rome-v2"] = Signature(23, 49, 0),
        ["EPYC-Rome-v3"] = Signature(23, 49, 0),
        ["EPYC-Milan"] = Signature(25, 1, 1),
        ["EPYC-Milan-v1"] = Signature(25, 1, 1),
        ["EPYC-Milan-v2"] = Signature(25, 1, 1),
        ["EPYC-Genoa"] = Signature(25, 17, 0),
        ["EPYC-Genoa-v1"] = Signature(25, 17, 0),
        ["EPYC-Turin"] = Signature(26, 0, 0),
    };

    /// <summary>The known names, in order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. signatures.Keys];

    /// <summary>The signature of a type.</summary>
    /// <returns>False for a name that is not known.</returns>
    public static bool TryGetSignature(string name, out uint signature) => signatures.TryGetValue(name, out signature);

    // The family has four bits, and a second field for what is above 15; the model has two fields of four bits.
    private static uint Signature(uint family, uint model, uint stepping) =>
        ((family - 0xF) << 20) | ((model >> 4) << 16) | (0xFu << 8) | ((model & 0xF) << 4) | stepping;
}
