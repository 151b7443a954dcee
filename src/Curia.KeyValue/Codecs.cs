using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Digest = Curia.Vocabulary.Digest;

namespace Curia.KeyValue;

/// <summary>The codecs that most maps need.</summary>
public static class Codecs
{
    /// <summary>Bytes as they are; ordered.</summary>
    public static Codec<byte[]> Bytes { get; } = new BytesCodec();

    /// <summary>Text as UTF-8; ordered by code point. Text with a lone surrogate has no encoding.</summary>
    public static Codec<string> Utf8 { get; } = new Utf8Codec();

    /// <summary>Eight bytes, big-endian; ordered.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The codec is named after the type it writes.")]
    public static Codec<ulong> UInt64 { get; } = new UInt64Codec();

    /// <summary>The 32 bytes of a digest; ordered.</summary>
    public static Codec<Digest> Digest { get; } = new DigestCodec();

    /// <summary>JSON in UTF-8; not ordered, so better for values than for keys.</summary>
    /// <param name="options">Naming and converters; without it the names are those of the type, and a property that
    /// comes twice is refused.</param>
    public static Codec<T> Json<T>(JsonSerializerOptions? options = null) => new JsonCodec<T>(options ?? JsonDefaults);

    private static readonly JsonSerializerOptions JsonDefaults = new() { AllowDuplicateProperties = false };

    private sealed class BytesCodec : Codec<byte[]>
    {
        public override byte[] Encode(byte[] value)
        {
            ArgumentNullException.ThrowIfNull(value);
            return value;
        }

        public override bool TryDecode(ReadOnlySpan<byte> bytes, [MaybeNullWhen(false)] out byte[] value)
        {
            value = bytes.ToArray();
            return true;
        }
    }

    private sealed class Utf8Codec : Codec<string>
    {
        private static readonly UTF8Encoding Strict = new(false, true);

        public override byte[] Encode(string value) => Strict.GetBytes(value);

        public override bool TryDecode(ReadOnlySpan<byte> bytes, [MaybeNullWhen(false)] out string value)
        {
            bool isText = System.Text.Unicode.Utf8.IsValid(bytes);
            value = isText ? Strict.GetString(bytes) : null;
            return isText;
        }
    }

    private sealed class UInt64Codec : Codec<ulong>
    {
        public override byte[] Encode(ulong value)
        {
            byte[] bytes = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
            return bytes;
        }

        public override bool TryDecode(ReadOnlySpan<byte> bytes, out ulong value)
        {
            value = 0;
            return bytes.Length == sizeof(ulong) && BinaryPrimitives.TryReadUInt64BigEndian(bytes, out value);
        }
    }

    private sealed class DigestCodec : Codec<Digest>
    {
        public override byte[] Encode(Digest value) => value.ToArray();

        public override bool TryDecode(ReadOnlySpan<byte> bytes, out Digest value)
        {
            value = bytes.Length == Curia.Vocabulary.Digest.Size ? new Digest(bytes) : default;
            return bytes.Length == Curia.Vocabulary.Digest.Size;
        }
    }

    private sealed class JsonCodec<T>(JsonSerializerOptions options) : Codec<T>
    {
        public override byte[] Encode(T value) => JsonSerializer.SerializeToUtf8Bytes(value, options);

        public override bool TryDecode(ReadOnlySpan<byte> bytes, [MaybeNullWhen(false)] out T value)
        {
            value = default;
            try
            {
                value = JsonSerializer.Deserialize<T>(bytes, options);
                return value is not null;
            }
            catch (JsonException)
            {
                return false;
            }
        }
    }
}
