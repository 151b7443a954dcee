using System.Diagnostics.CodeAnalysis;

namespace Curia.KeyValue;

/// <summary>One end of a range of keys. A plain key converts to a bound that includes it.</summary>
/// <remarks>To go on after a page, pass the last key seen as <see cref="Bound.Excluding"/>: as <c>from</c> when
/// ascending, as <c>to</c> when descending.</remarks>
public sealed record Bound<TKey>(TKey Key, bool Includes)
{
    /// <summary>A bound that includes the key; no bound when the key is null.</summary>
    [SuppressMessage("Usage", "CA2225", Justification = "Bound.Including is the named alternate.")]
    public static implicit operator Bound<TKey>?(TKey? key) => key is null ? null : new Bound<TKey>(key, true);
}

/// <summary>Makes bounds of ranges.</summary>
public static class Bound
{
    /// <summary>The range ends with this key.</summary>
    public static Bound<TKey> Including<TKey>(TKey key) => new(key, true);

    /// <summary>The range ends just before this key.</summary>
    public static Bound<TKey> Excluding<TKey>(TKey key) => new(key, false);
}
