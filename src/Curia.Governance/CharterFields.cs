using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>Takes the fields of one map out of the tree, each by its name and kind; what is left over at the end is
/// refused.</summary>
/// <remarks>In a description for people bytes are texts, and what is left out has its usual value. In the encoding
/// every field is there: what a charter says must not hang on what a program takes for usual.</remarks>
internal sealed class CharterFields
{
    private const string CertificateLabel = "CERTIFICATE";
    private const string PublicKeyLabel = "PUBLIC KEY";
    private const string AnyWord = "any";

    // The most that anything by names has, participants. Certificates are read before rules count them, and cost time.
    private const int NamedMax = 1_000;

    private readonly CharterValue.Fields fields;
    private readonly HashSet<string> taken = [];
    private readonly bool isDescription;

    private CharterFields(CharterValue value, string path, bool isDescription)
    {
        Path = path;
        this.isDescription = isDescription;
        fields = value as CharterValue.Fields ?? throw Wrong(path, "a map of fields");
    }

    /// <summary>Where it stands.</summary>
    public string Path { get; }

    public static CharterFields OfEncoding(CharterValue value) => new(value, "", isDescription: false);

    public static CharterFields OfDescription(CharterValue value) => new(value, "", isDescription: true);

    public string PathOf(string name) => Path.Length == 0 ? name : $"{Path}.{name}";

    public bool Has(string name) => fields.Find(name) is not null;

    public string Text(string name) => AsText(Take(name), PathOf(name));

    public string TextOr(string name, string usual) => IsUsual(name, usual) ? usual : Text(name);

    public int Number(string name, int? usual = null) =>
        IsUsual(name, usual) ? usual!.Value : AsNumber(Take(name), PathOf(name));

    public ulong Bits(string name, ulong usual)
    {
        if (IsUsual(name, usual)) return usual;
        CharterValue value = Take(name);
        if (value is CharterValue.Number number) return number.Content;
        return isDescription && value is CharterValue.Text { Content: string text }
            && text.StartsWith("0x", StringComparison.Ordinal)
            && ulong.TryParse(
                text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits)
                ? bits
                : throw Wrong(PathOf(name), isDescription ? "bits, as in \"0x10\"" : "a number");
    }

    public DateTimeOffset Time(string name)
    {
        const ulong last = 253_402_300_799; // of the year 9999
        return Take(name) is CharterValue.Number { Content: <= last } seconds
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds.Content)
            : throw Wrong(PathOf(name), "a time in seconds");
    }

    public bool Flag(string name, bool usual)
    {
        if (IsUsual(name, usual)) return usual;
        return Take(name) is CharterValue.Flag flag ? flag.Content : throw Wrong(PathOf(name), "true or false");
    }

    public ReadOnlyMemory<byte> Bytes(string name) => AsBytes(Take(name), PathOf(name));

    public Digest Digest(string name) => AsDigest(Take(name), PathOf(name));

    public Certificate Certificate(string name)
    {
        CharterValue value = Take(name);
        Certificate? certificate = null;
        bool isRead = value switch
        {
            CharterValue.Text text when isDescription =>
                Cryptography.Certificate.TryFromPem(text.Content, out certificate),
            CharterValue.Bytes bytes => Cryptography.Certificate.TryFromDer(bytes.Content.Span, out certificate),
            _ => throw Wrong(PathOf(name), "a certificate"),
        };
        return isRead
            ? certificate!
            : throw new RefusedException(CharterFault.BadCertificate, PathOf(name),
                "is no certificate of an ECDSA key on P-256, P-384 or P-521");
    }

    public EncryptionKey? EncryptionKeyOrNull(string name)
    {
        if (!Has(name)) return null;
        CharterValue value = Take(name);
        EncryptionKey? key = null;
        bool isRead = value switch
        {
            CharterValue.Text text when isDescription => EncryptionKey.TryFromPem(text.Content, out key),
            CharterValue.Bytes bytes => EncryptionKey.TryFromDer(bytes.Content.Span, out key),
            _ => throw Wrong(PathOf(name), "a public key"),
        };
        return isRead
            ? key
            : throw new RefusedException(CharterFault.BadEncryptionKey, PathOf(name),
                $"is no RSA public key of {EncryptionKey.BitsMin} to {EncryptionKey.BitsMax} bits");
    }

    /// <summary>One of the words of a list.</summary>
    public T OneOf<T>(string name, IReadOnlyDictionary<string, T> words, T? usual) where T : struct =>
        IsUsual(name, usual) ? usual!.Value : Word(Take(name), PathOf(name), words);

    /// <summary>A map of fields; in a description one without fields where it is left out.</summary>
    public CharterFields Section(string name)
    {
        bool isEmpty = isDescription && !Has(name);
        return new CharterFields(isEmpty ? new CharterValue.Fields([]) : Take(name), PathOf(name), isDescription);
    }

    public CharterFields? SectionOrNull(string name) => Has(name) ? Section(name) : null;

    /// <summary>Values by names that the members gave; in a description none where it is left out.</summary>
    public IReadOnlyDictionary<string, T> Named<T>(string name, Func<CharterFields, T> read) =>
        Named(name, (value, path) => Whole(value, path, read));

    /// <inheritdoc cref="Named{T}(string, Func{CharterFields, T})"/>
    public IReadOnlyDictionary<string, T> Named<T>(string name, Func<CharterValue, string, T> read)
    {
        if (isDescription && !Has(name)) return ImmutableSortedDictionary<string, T>.Empty;
        string path = PathOf(name);
        CharterValue.Fields found = Take(name) as CharterValue.Fields ?? throw Wrong(path, "a map by names");
        if (found.Content.Count > NamedMax)
            throw new RefusedException(CharterFault.OutOfBounds, path, $"has more than {NamedMax} entries");
        return found.Content.ToImmutableSortedDictionary(
            field => field.Key,
            field => read(field.Value, $"{path}[\"{CharterCbor.Shown(field.Key)}\"]"), StringComparer.Ordinal);
    }

    /// <summary>A list, or <c>null</c> for the word "any".</summary>
    public IReadOnlyList<T>? ListOrAny<T>(
        string name, Func<CharterValue, string, T> read, IReadOnlyList<T>? usual)
    {
        if (isDescription && !Has(name)) return usual;
        CharterValue value = Take(name);
        return value is CharterValue.Text { Content: AnyWord } ? null : AsList(value, PathOf(name), read);
    }

    public IReadOnlyList<T> List<T>(string name, Func<CharterValue, string, T> read, IReadOnlyList<T> usual) =>
        isDescription && !Has(name) ? usual : AsList(Take(name), PathOf(name), read);

    /// <summary>Reads the fields of a value that stands in a list or under a name.</summary>
    public T Whole<T>(CharterValue value, string path, Func<CharterFields, T> read)
    {
        CharterFields inner = new(value, path, isDescription);
        T whole = read(inner);
        inner.Done();
        return whole;
    }

    /// <summary>Refuses fields that nobody took.</summary>
    public void Done()
    {
        if (fields.Content.FirstOrDefault(field => !taken.Contains(field.Key)).Key is { } other)
        {
            throw new RefusedException(
                CharterFault.UnknownField, PathOf(CharterCbor.Shown(other)), "is a field that charters do not have");
        }
    }

    public static IReadOnlyList<T> AsList<T>(CharterValue value, string path, Func<CharterValue, string, T> read) =>
        value is CharterValue.Items items
            ? [.. items.Content.Select((item, index) => read(item, $"{path}[{index}]"))]
            : throw Wrong(path, "a list");

    public static string AsText(CharterValue value, string path) =>
        value is CharterValue.Text text ? text.Content : throw Wrong(path, "text");

    public static int AsNumber(CharterValue value, string path) => value is CharterValue.Number number
        ? number.Content <= int.MaxValue
            ? (int)number.Content
            : throw new RefusedException(CharterFault.OutOfBounds, path, $"is {number.Content}, which is too much")
        : throw Wrong(path, "a number");

    public ReadOnlyMemory<byte> AsBytes(CharterValue value, string path)
    {
        if (value is CharterValue.Bytes bytes) return bytes.Content;
        if (!isDescription || value is not CharterValue.Text { Content: string text })
            throw Wrong(path, isDescription ? "hexadecimal digits" : "bytes");
        byte[] read = new byte[text.Length / 2];
        return text.Length % 2 == 0
            && Convert.FromHexString(text, read, out _, out _) == System.Buffers.OperationStatus.Done
                ? read
                : throw new RefusedException(
                    CharterFault.UnknownValue, path, "is not hexadecimal digits, two for each byte");
    }

    public Digest AsDigest(CharterValue value, string path)
    {
        ReadOnlyMemory<byte> bytes = AsBytes(value, path);
        return bytes.Length == Vocabulary.Digest.Size
            ? new Digest(bytes.Span)
            : throw new RefusedException(
                CharterFault.OutOfBounds, path,
                $"has {bytes.Length} bytes, and a SHA-256 has {Vocabulary.Digest.Size}");
    }

    public static T Word<T>(CharterValue value, string path, IReadOnlyDictionary<string, T> words) =>
        words.TryGetValue(AsText(value, path), out T? word)
            ? word
            : throw new RefusedException(CharterFault.UnknownValue, path,
                $"is \"{CharterCbor.Shown(AsText(value, path))}\" and not one of {string.Join(", ", words.Keys)}");

    /// <summary>What a list is written as where it may be any.</summary>
    public static CharterValue SetOrAny<T>(IEnumerable<T>? values, Func<T, CharterValue> shape) =>
        values is null ? CharterValue.Of(AnyWord) : CharterValue.OfSet(values.Select(shape));

    public static CharterValue Of(Certificate certificate) =>
        new CharterValue.Bytes(certificate.Der, CertificateLabel);

    public static CharterValue Of(EncryptionKey key) => new CharterValue.Bytes(key.Der, PublicKeyLabel);

    private static RefusedException Wrong(string path, string what) =>
        new(CharterFault.UnexpectedType, path, $"is not {what}");

    private bool IsUsual<T>(string name, T? usual) => isDescription && usual is not null && !Has(name);

    private CharterValue Take(string name)
    {
        taken.Add(name);
        return fields.Find(name)
            ?? throw new RefusedException(CharterFault.MissingField, PathOf(name), "is missing");
    }
}
