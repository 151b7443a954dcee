using System;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>What the founding members agree on before there is a network, and never change (DESIGN 1). One that exists
/// holds together: nothing in it contradicts the rest.</summary>
/// <remarks>One content has one encoding, and the digest of that is its name. Immutable; any thread.</remarks>
public sealed class Charter
{
    /// <summary>The most bytes. The constitution and a thousand participants are the most of it.</summary>
    public const int SizeMax = 4 << 20;

    private Charter(CharterContent content, CharterValue value, byte[] encoded)
    {
        Content = content;
        Value = value;
        Encoded = encoded;
        Digest = Digest.Of(encoded);
    }

    /// <summary>What it says.</summary>
    public CharterContent Content { get; }

    /// <summary>Its one encoding (docs/charter.md, "Encoding").</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>SHA-256 of <see cref="Encoded"/>: what members sign and evidence binds.</summary>
    public Digest Digest { get; }

    /// <summary>How many founders may cheat, and there is still one network only: fewer than 2k − n of the n
    /// founders of which k are needed (DESIGN 1).</summary>
    public int CheatingFoundersMax => 2 * Content.FoundersNeeded - Content.Slots.Count - 1;

    /// <summary>The content as a tree.</summary>
    internal CharterValue Value { get; }

    /// <summary>Makes a charter of what it is to say; nothing throws.</summary>
    /// <param name="content">What it says.</param>
    /// <param name="charter">The charter, or null.</param>
    /// <param name="refusal">Why not, or null.</param>
    public static bool TryCreate(
        CharterContent content, [NotNullWhen(true)] out Charter? charter,
        [NotNullWhen(false)] out CharterRefusal? refusal)
    {
        ArgumentNullException.ThrowIfNull(content);
        return TryMake(() => content, out charter, out refusal);
    }

    /// <summary>Reads an encoding and nothing behind it; nothing throws.</summary>
    /// <returns>False for all bytes but those that <see cref="Encoded"/> of some charter has.</returns>
    public static bool TryDecode(
        ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Charter? charter,
        [NotNullWhen(false)] out CharterRefusal? refusal)
    {
        bool isRead = TryMake(
            () =>
            {
                RefuseSize(bytes.Length);
                return CharterShape.Read(CharterFields.OfEncoding(CharterCbor.Decode(bytes)));
            },
            out charter, out refusal);
        if (!isRead || charter!.Encoded.Span.SequenceEqual(bytes.Span)) return isRead;
        int at = charter.Encoded.Span.CommonPrefixLength(bytes.Span);
        charter = null;
        refusal = new CharterRefusal(
            CharterFault.NotCanonical, "", $"from byte {at} on it is not in the one form that a charter has");
        return false;
    }

    /// <summary>Reads the readable form, as <see cref="ToJson"/> writes it and people do; nothing throws. What is left
    /// out has its usual value (docs/charter.md, "Fields").</summary>
    public static bool TryReadJson(
        ReadOnlyMemory<byte> json, [NotNullWhen(true)] out Charter? charter,
        [NotNullWhen(false)] out CharterRefusal? refusal) => TryMake(
            () =>
            {
                RefuseSize(json.Length / 2); // hexadecimal digits are twice the bytes
                return CharterShape.Read(CharterFields.OfDescription(CharterJson.Read(json)));
            },
            out charter, out refusal);

    /// <summary>The readable form: every field, bytes as hexadecimal digits or PEM. Reading it gives the same
    /// charter.</summary>
    public JsonObject ToJson() => (JsonObject)CharterJson.Write(Value);

    /// <summary>Finds a member by its id.</summary>
    /// <param name="id">SHA-256 of its certificate.</param>
    /// <param name="name">Its name, or null.</param>
    /// <param name="member">The member, or null.</param>
    public bool TryGetMember(
        MemberId id, [NotNullWhen(true)] out string? name, [NotNullWhen(true)] out CharterMember? member)
    {
        (name, member) = Content.Members.FirstOrDefault(one => one.Value.Id == id);
        return member is not null;
    }

    private static bool TryMake(Func<CharterContent> read, out Charter? charter, out CharterRefusal? refusal)
    {
        charter = null;
        refusal = null;
        try
        {
            CharterContent content = read();
            CharterRules.Check(content);
            CharterValue value = CharterShape.Write(content);
            byte[] encoded = CharterCbor.Encode(value);
            RefuseSize(encoded.Length);
            charter = new Charter(content, value, encoded);
            return true;
        }
        catch (RefusedException e)
        {
            refusal = e.Refusal;
            return false;
        }
    }

    private static void RefuseSize(int bytes)
    {
        if (bytes > SizeMax)
            throw new RefusedException(CharterFault.TooLarge, "", $"it has {bytes} bytes, and {SizeMax} are the most");
    }
}
