using System;

namespace Curia.KeyValue;

/// <summary>One end of an interval of encoded keys; no key means "no end".</summary>
internal readonly record struct KeyEnd(byte[]? Key, bool Includes);

/// <summary>Encoded keys between two ends, in byte order.</summary>
internal readonly record struct KeyInterval(KeyEnd Lower, KeyEnd Upper)
{
    public static KeyInterval All => default;

    public bool IsBelowUpper(ReadOnlySpan<byte> key)
    {
        if (Upper.Key is null) return true;
        int order = key.SequenceCompareTo(Upper.Key);
        return order < 0 || (order == 0 && Upper.Includes);
    }

    public bool IsAboveLower(ReadOnlySpan<byte> key)
    {
        if (Lower.Key is null) return true;
        int order = key.SequenceCompareTo(Lower.Key);
        return order > 0 || (order == 0 && Lower.Includes);
    }
}
