using System;
using System.Globalization;

namespace Curia.Vocabulary;

/// <summary>The identifier of a transaction, printed <c>view.seqno</c>, for example <c>2.15</c>.</summary>
/// <param name="View">The view in which the primary ordered it.</param>
/// <param name="SeqNo">Its position in the ledger.</param>
public readonly record struct TxId(View View, SeqNo SeqNo) : IComparable<TxId>
{
    /// <summary>The identifier before the first transaction, <c>0.0</c>.</summary>
    public static readonly TxId Zero;

    /// <summary>The longest text that <see cref="TryParse"/> accepts: two numbers of 20 digits and the dot.</summary>
    public const int TextLengthMax = 41;

    /// <summary>Reads <c>view.seqno</c>: two decimal numbers without sign, space or leading zero.</summary>
    /// <param name="text">The text, of any length.</param>
    /// <param name="txId">The identifier, or <see cref="Zero"/>.</param>
    /// <returns>False when the text is anything else; nothing throws.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out TxId txId)
    {
        txId = Zero;
        int dot = text.IndexOf('.');
        if (text.Length > TextLengthMax || dot < 0
            || !TryParseNumber(text[..dot], out ulong view) || !TryParseNumber(text[(dot + 1)..], out ulong seqNo))
        {
            return false;
        }

        txId = new TxId(new View(view), new SeqNo(seqNo));
        return true;
    }

    /// <summary>Views first, then positions.</summary>
    public int CompareTo(TxId other) =>
        View == other.View ? SeqNo.CompareTo(other.SeqNo) : View.CompareTo(other.View);

    /// <summary>The text <c>view.seqno</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{View.Value}.{SeqNo.Value}");

    /// <summary>Whether one identifier is before another.</summary>
    public static bool operator <(TxId left, TxId right) => left.CompareTo(right) < 0;

    /// <summary>Whether one identifier is after another.</summary>
    public static bool operator >(TxId left, TxId right) => left.CompareTo(right) > 0;

    /// <summary>Whether one identifier is before another or the same.</summary>
    public static bool operator <=(TxId left, TxId right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one identifier is after another or the same.</summary>
    public static bool operator >=(TxId left, TxId right) => left.CompareTo(right) >= 0;

    private static bool TryParseNumber(ReadOnlySpan<char> digits, out ulong value)
    {
        value = 0;
        bool leadingZero = digits.Length > 1 && digits[0] == '0';
        // The framework lets NUL characters stand behind a number.
        return !leadingZero && !digits.ContainsAnyExceptInRange('0', '9')
            && ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
