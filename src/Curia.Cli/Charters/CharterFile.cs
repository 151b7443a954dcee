using Curia.Cli.Files;
using Curia.Governance;

namespace Curia.Cli.Charters;

/// <summary>A charter as a file: its encoding, or the readable form that <c>charter new</c> writes beside it.</summary>
internal static class CharterFile
{
    /// <summary>The encoding.</summary>
    public const string Encoded = "charter.cbor";

    /// <summary>The readable form.</summary>
    public const string Readable = "charter.json";

    // The readable form has certificates in PEM and other bytes as hexadecimal digits.
    private const long BytesMax = 3L * Charter.SizeMax;

    /// <summary>Reads a charter.</summary>
    /// <exception cref="CommandFailure">It cannot be read, or is none.</exception>
    public static Charter Read(string path)
    {
        byte[] bytes = InputFile.Read(path, BytesMax);
        return IsText(bytes) ? ReadJson(bytes, path) : Decode(bytes, path);
    }

    /// <summary>Reads the readable form.</summary>
    /// <exception cref="CommandFailure">It is none.</exception>
    public static Charter ReadJson(byte[] json, string path) =>
        Charter.TryReadJson(json, out Charter? charter, out CharterRefusal? refusal)
            ? charter
            : throw Refused(path, refusal);

    private static Charter Decode(byte[] bytes, string path) =>
        Charter.TryDecode(bytes, out Charter? charter, out CharterRefusal? refusal)
            ? charter
            : throw Refused(path, refusal);

    private static CommandFailure Refused(string path, CharterRefusal refusal) => CommandFailure.Refused(
        $"{path} is no charter: {refusal}. docs/charter.md has its fields, and what the reason means.");

    // The encoding begins with a map, 0xA0 and above.
    private static bool IsText(byte[] bytes) => bytes.Length > 0 && bytes[0] < 0x80;
}
