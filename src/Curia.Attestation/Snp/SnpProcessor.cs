using System;

namespace Curia.Attestation;

/// <summary>A generation of AMD EPYC processors: each has a root key of its own.</summary>
public enum SnpProcessor
{
    /// <summary>Third generation (7003).</summary>
    Milan,

    /// <summary>Fourth generation (9004, with Bergamo and Siena, 8004).</summary>
    Genoa,

    /// <summary>Fifth generation (9005).</summary>
    Turin,
}

/// <summary>The names of generations in reports and certificates.</summary>
internal static class SnpProcessors
{
    /// <summary>By the combined family and model of CPUID (AMD 56860 section 7.3, CPUID_FAM_ID and
    /// CPUID_MOD_ID).</summary>
    public static SnpProcessor? FromCpuid(byte family, byte model) => (family, model) switch
    {
        (0x19, <= 0x0F) => SnpProcessor.Milan,
        (0x19, (>= 0x10 and <= 0x1F) or (>= 0xA0 and <= 0xAF)) => SnpProcessor.Genoa,
        (0x1A, <= 0x1F) => SnpProcessor.Turin,
        _ => null,
    };

    /// <summary>By the productName of a certificate: the generation alone, or with a stepping, as in
    /// <c>Milan-B0</c>.</summary>
    public static SnpProcessor? FromProductName(string name)
    {
        int dash = name.IndexOf('-', StringComparison.Ordinal);
        if (dash >= 0 && name.Length - dash is < 2 or > 3) return null;
        return (dash < 0 ? name : name[..dash]) switch
        {
            "Milan" => SnpProcessor.Milan,
            "Genoa" => SnpProcessor.Genoa,
            "Turin" => SnpProcessor.Turin,
            _ => null,
        };
    }
}
