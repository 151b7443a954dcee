using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;

namespace Curia.Attestation;

/// <summary>Fields of Intel's collateral, of which each must be there and have its shape.</summary>
internal static class CollateralFields
{
    /// <summary>The most members of a list. Real ones have under 30.</summary>
    public const int ListMax = 256;

    private const int DepthMax = 16;
    private const string Time = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>Reads an object; nothing throws.</summary>
    /// <param name="json">The object, alone. Names that come twice are refused.</param>
    /// <param name="read">Reads the fields; may throw what the readers below throw.</param>
    /// <returns>Null for anything else.</returns>
    public static T? Read<T>(ReadOnlyMemory<byte> json, Func<JsonElement, T> read)
        where T : class
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = DepthMax });
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException
            or KeyNotFoundException)
        {
            return null; // the framework's words for: no JSON, no digits, another kind of value, no such field
        }
    }

    /// <summary>A text.</summary>
    public static string Text(this JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException(name);

    /// <summary>Bytes in hexadecimal digits, in either case: both have been sent.</summary>
    public static byte[] Bytes(this JsonElement element, string name, int size)
    {
        byte[] bytes = Convert.FromHexString(element.Text(name));
        return bytes.Length == size ? bytes : throw new FormatException(name);
    }

    /// <summary>A number from 0 to a most.</summary>
    public static int Number(this JsonElement element, string name, int most)
    {
        int value = element.GetProperty(name).GetInt32();
        return value >= 0 && value <= most ? value : throw new FormatException(name);
    }

    /// <summary>A moment, in UTC.</summary>
    public static DateTimeOffset Moment(this JsonElement element, string name) => DateTimeOffset.ParseExact(
        element.Text(name), Time, CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    /// <summary>A list, each member read in turn.</summary>
    public static IReadOnlyList<T> List<T>(this JsonElement element, string name, Func<JsonElement, T> read)
    {
        JsonElement array = element.GetProperty(name);
        if (array.GetArrayLength() > ListMax) throw new FormatException(name);
        List<T> list = [];
        foreach (JsonElement member in array.EnumerateArray()) list.Add(read(member));
        return list;
    }

    /// <summary>A list that may be missing.</summary>
    public static IReadOnlyList<T> OptionalList<T>(this JsonElement element, string name, Func<JsonElement, T> read) =>
        element.TryGetProperty(name, out _) ? element.List(name, read) : [];

    /// <summary>The status of a level.</summary>
    public static TcbStatus Status(this JsonElement element) =>
        TcbStatuses.Parse(element.Text("tcbStatus")) ?? throw new FormatException("tcbStatus");

    /// <summary>The advisories of a level.</summary>
    public static IReadOnlyList<string> Advisories(this JsonElement element) => element.OptionalList(
        "advisoryIDs", member => member.GetString() ?? throw new FormatException("advisoryIDs"));
}
