using System;
using System.Globalization;

namespace Curia.Vocabulary;

/// <summary>A period with at most one primary. Views grow at every election and are never used twice.</summary>
/// <param name="Value">From 1 on; 0 stands for "before the first view". Fits 32 bits, because the nonce of an entry
/// holds it in four bytes (docs/ledger-format.md, "Sealing").</param>
public readonly record struct View(ulong Value) : IComparable<View>
{
    /// <summary>The largest view that an entry can be sealed in.</summary>
    public static readonly View Max = new(uint.MaxValue);

    /// <summary>The view that comes after this one.</summary>
    public View Next => new(checked(Value + 1));

    /// <inheritdoc/>
    public int CompareTo(View other) => Value.CompareTo(other.Value);

    /// <summary>The decimal digits of the view.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether one view came before another.</summary>
    public static bool operator <(View left, View right) => left.Value < right.Value;

    /// <summary>Whether one view came after another.</summary>
    public static bool operator >(View left, View right) => left.Value > right.Value;

    /// <summary>Whether one view came before another or is the same.</summary>
    public static bool operator <=(View left, View right) => left.Value <= right.Value;

    /// <summary>Whether one view came after another or is the same.</summary>
    public static bool operator >=(View left, View right) => left.Value >= right.Value;
}
