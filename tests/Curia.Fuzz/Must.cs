using System;
using System.Diagnostics.CodeAnalysis;

namespace Curia.Fuzz;

/// <summary>The rules that a target holds its decoder to.</summary>
internal static class Must
{
    /// <summary>Fails the input when a rule is broken.</summary>
    public static void Hold([DoesNotReturnIf(false)] bool condition, string rule)
    {
        if (!condition) throw new BrokenRuleException(rule);
    }

    /// <summary>One value has one encoding: what was read is written with the same bytes.</summary>
    public static void BeSame(ReadOnlySpan<byte> written, ReadOnlySpan<byte> read, string what)
    {
        if (written.SequenceEqual(read)) return;
        int at = written.CommonPrefixLength(read);
        throw new BrokenRuleException(
            $"{what}: {read.Length} bytes were read and {written.Length} written, which differ from byte {at} on");
    }
}

/// <summary>A decoder took something that it must refuse, or gave something that is not true.</summary>
internal sealed class BrokenRuleException(string rule) : Exception(rule);
