using System;
using System.Globalization;

namespace Curia.Vocabulary;

/// <summary>A position in the ledger.</summary>
/// <param name="Value">The first transaction has 1; 0 stands for the empty ledger.</param>
public readonly record struct SeqNo(ulong Value) : IComparable<SeqNo>
{
    /// <summary>The position before the first transaction.</summary>
    public static readonly SeqNo Zero;

    /// <summary>The largest position of an entry: the next one, and the size of the tree over both, still leave room
    /// where they are shifted and counted. A million entries a second would take 146,000 years to get
    /// there.</summary>
    public static readonly SeqNo Max = new(1UL << 62);

    /// <summary>The position after this one.</summary>
    public SeqNo Next => new(checked(Value + 1));

    /// <inheritdoc/>
    public int CompareTo(SeqNo other) => Value.CompareTo(other.Value);

    /// <summary>The decimal digits of the position.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether one position is before another.</summary>
    public static bool operator <(SeqNo left, SeqNo right) => left.Value < right.Value;

    /// <summary>Whether one position is after another.</summary>
    public static bool operator >(SeqNo left, SeqNo right) => left.Value > right.Value;

    /// <summary>Whether one position is before another or the same.</summary>
    public static bool operator <=(SeqNo left, SeqNo right) => left.Value <= right.Value;

    /// <summary>Whether one position is after another or the same.</summary>
    public static bool operator >=(SeqNo left, SeqNo right) => left.Value >= right.Value;
}
