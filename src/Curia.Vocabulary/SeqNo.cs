using System;
using System.Globalization;

namespace Curia.Vocabulary;

/// <summary>A position in the ledger.</summary>
/// <param name="Value">The first transaction has 1; 0 stands for the empty ledger.</param>
public readonly record struct SeqNo(ulong Value) : IComparable<SeqNo>
{
    /// <summary>The position before the first transaction.</summary>
    public static readonly SeqNo Zero;

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
