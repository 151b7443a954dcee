using System;
using Curia.Vocabulary;

namespace Curia.Endpoints;

/// <summary>The types that a parameter of path or query can have, and their names for people.</summary>
internal static class ScalarType
{
    /// <summary>Says in words what a value of the type looks like, for messages to senders.</summary>
    public static string Describe(Type type)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain == typeof(TxId)) return "a TxID (view.seqno)";
        if (VocabularyJson.IsHex(plain)) return "64 hexadecimal digits";
        if (plain.IsEnum) return "one of " + string.Join(", ", Enum.GetNames(plain));
        if (plain == typeof(string)) return "a string";
        if (plain == typeof(bool)) return "true or false";
        if (IsUnsigned(plain)) return $"an unsigned integer of {Bits(plain)} bits";
        if (IsSigned(plain)) return $"an integer of {Bits(plain)} bits";
        bool real = plain == typeof(double) || plain == typeof(float) || plain == typeof(decimal);
        return real ? "a number" : "what this endpoint takes here";
    }

    /// <summary>Whether a parameter can have the type.</summary>
    public static bool IsParameter(Type type)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(string) || plain == typeof(TxId) || VocabularyJson.IsHex(plain) || plain.IsEnum
            || IsRaw(plain);
    }

    /// <summary>Whether the text of a parameter stands in JSON as it is, without quotes.</summary>
    public static bool IsRaw(Type type)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(bool) || (!plain.IsEnum && (IsUnsigned(plain) || IsSigned(plain)));
    }

    /// <summary>Whether the text is <c>true</c>, <c>false</c> or an integer in JSON's grammar, of sensible
    /// length.</summary>
    /// <remarks>Only then may it become part of a JSON text; the reader of that text checks its range.</remarks>
    public static bool IsRawText(Type type, string text)
    {
        if ((Nullable.GetUnderlyingType(type) ?? type) == typeof(bool)) return text is "true" or "false";
        ReadOnlySpan<char> digits = text.StartsWith('-') ? text.AsSpan(1) : text;
        bool canonical = digits.Length == 1 || (digits.Length is > 1 and <= 20 && digits[0] != '0');
        return canonical && !digits.ContainsAnyExceptInRange('0', '9');
    }

    private static bool IsUnsigned(Type type) =>
        type == typeof(ulong) || type == typeof(uint) || type == typeof(ushort) || type == typeof(byte)
            || type == typeof(SeqNo) || type == typeof(View);

    private static bool IsSigned(Type type) =>
        type == typeof(long) || type == typeof(int) || type == typeof(short) || type == typeof(sbyte);

    private static int Bits(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte or TypeCode.SByte => 8,
        TypeCode.UInt16 or TypeCode.Int16 => 16,
        TypeCode.UInt32 or TypeCode.Int32 => 32,
        _ => 64,
    };
}
