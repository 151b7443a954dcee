using System;

namespace Curia.KeyValue;

/// <summary>What the name of a map says about it: its domain, and whether it belongs to the application.</summary>
public static class MapNames
{
    /// <summary>A map whose name begins so is in clear on the ledger.</summary>
    public const string PublicPrefix = "public:";

    /// <summary>The longest name, in characters. It fits one length byte, and a name is repeated in every write
    /// set.</summary>
    public const int LengthMax = 128;

    private static readonly string[] PublicReservedPrefixes =
        ["public:ccf.gov.", "public:curia.gov.", "public:ccf.internal.", "public:curia.internal."];

    private const string PrivateReservedPrefix = "curia.internal.";

    /// <summary>The domain that the writes to a map go to.</summary>
    public static Domain DomainOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith(PublicPrefix, StringComparison.Ordinal) ? Domain.Public : Domain.Private;
    }

    /// <summary>Whether a map can have this name: 1 to 128 characters of printable ASCII (space to tilde).</summary>
    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= LengthMax } && !name.AsSpan().ContainsAnyExceptInRange(' ', '~');

    /// <summary>Whether code with this access may read the map.</summary>
    public static bool MayRead(string name, MapAccess access)
    {
        ArgumentNullException.ThrowIfNull(name);
        return access == MapAccess.Node || !name.StartsWith(PrivateReservedPrefix, StringComparison.Ordinal);
    }

    /// <summary>Whether code with this access may write the map.</summary>
    public static bool MayWrite(string name, MapAccess access)
    {
        if (!MayRead(name, access)) return false;
        if (access == MapAccess.Node) return true;
        foreach (string prefix in PublicReservedPrefixes)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal)) return false;
        }

        return true;
    }
}
