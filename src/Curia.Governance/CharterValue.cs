using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>A charter as a tree, the one shape from which it is encoded, compared and shown: so no field can be
/// compared and not encoded, or the other way round.</summary>
internal abstract record CharterValue
{
    private CharterValue()
    {
    }

    internal sealed record Text(string Content) : CharterValue;

    /// <param name="Content">The number.</param>
    /// <param name="IsBits">Whether people read it as bits.</param>
    internal sealed record Number(ulong Content, bool IsBits = false) : CharterValue;

    internal sealed record Flag(bool Content) : CharterValue;

    /// <param name="Content">The bytes.</param>
    /// <param name="Pem">What they are called in PEM; null where people read hexadecimal digits.</param>
    internal sealed record Bytes(ReadOnlyMemory<byte> Content, string? Pem = null) : CharterValue;

    internal sealed record Items(IReadOnlyList<CharterValue> Content) : CharterValue;

    /// <param name="Content">Values by name.</param>
    /// <param name="IsKeyed">Whether the names are given by the members, and not by the format.</param>
    internal sealed record Fields(IReadOnlyList<KeyValuePair<string, CharterValue>> Content, bool IsKeyed = false)
        : CharterValue
    {
        public CharterValue? Find(string name) => Content.FirstOrDefault(field => field.Key == name).Value;
    }

    public static CharterValue Of(string content) => new Text(content);

    public static CharterValue Of(int content) => new Number(checked((ulong)content));

    public static CharterValue Of(bool content) => new Flag(content);

    public static CharterValue Of(Digest content) => new Bytes(content.ToArray());

    public static CharterValue Of(ReadOnlySpan<byte> content) => new Bytes(content.ToArray());

    /// <summary>A moment, in whole seconds since 1970.</summary>
    public static CharterValue Of(DateTimeOffset content) => new Number(checked((ulong)content.ToUnixTimeSeconds()));

    /// <summary>A list in its own order.</summary>
    public static CharterValue OfList(IEnumerable<CharterValue> values) => new Items([.. values]);

    /// <summary>The fields of a record, in the order in which people read them; those without a value are left
    /// out.</summary>
    public static CharterValue OfFields(params (string Name, CharterValue? Value)[] fields) => new Fields(
        [.. fields.Where(field => field.Value is not null).Select(field => KeyValuePair.Create(
            field.Name, field.Value!))]);

    /// <summary>Values by names that the members gave.</summary>
    public static CharterValue OfNamed<T>(
        IEnumerable<KeyValuePair<string, T>> values, Func<T, CharterValue> shape) => new Fields(
            [.. values.OrderBy(value => value.Key, StringComparer.Ordinal)
                .Select(value => KeyValuePair.Create(value.Key, shape(value.Value)))],
            IsKeyed: true);

    /// <summary>A set: in the order of its encodings and each value once, so that one set has one encoding.</summary>
    public static CharterValue OfSet(IEnumerable<CharterValue> values)
    {
        SortedDictionary<byte[], CharterValue> sorted = new(Comparer<byte[]>.Create(
            (one, other) => one.AsSpan().SequenceCompareTo(other)));
        foreach (CharterValue value in values) sorted.TryAdd(CharterCbor.Encode(value), value);
        return new Items([.. sorted.Values]);
    }
}
