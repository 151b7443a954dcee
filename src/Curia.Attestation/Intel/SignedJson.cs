using System;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Curia.Cryptography;

namespace Curia.Attestation;

/// <summary>JSON of Intel's service: an object, and a signature over its bytes as they were sent (PCS API v4). What the
/// object says is read after its signature has been verified, from the same bytes.</summary>
internal sealed class SignedJson
{
    private const int SignatureSize = 64;
    private const int DepthMax = 16;

    private readonly byte[] signature;

    private SignedJson(ReadOnlyMemory<byte> content, byte[] signature)
    {
        Content = content;
        this.signature = signature;
    }

    /// <summary>The object, byte for byte.</summary>
    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>Finds the object and its signature; nothing throws.</summary>
    /// <remarks>No signature covers what is around the object, so that there is one form of it: the object under its
    /// name, then the signature in lower-case digits, no space between, as the service sends it.</remarks>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, string name, out SignedJson? json)
    {
        json = null;
        byte[] beginning = Encoding.ASCII.GetBytes($"{{\"{name}\":");
        ReadOnlySpan<byte> middle = ",\"signature\":\""u8;
        ReadOnlySpan<byte> end = "\"}"u8;
        int size = bytes.Length - beginning.Length - middle.Length - (2 * SignatureSize) - end.Length;
        ReadOnlySpan<byte> span = bytes.Span;
        if (size <= 0
            || bytes.Length > IntelEndorsements.DocumentSizeMax || !span.StartsWith(beginning) || !span.EndsWith(end)
            || !span[(beginning.Length + size)..].StartsWith(middle)
            || !IsOneObject(span.Slice(beginning.Length, size)))
        {
            return false;
        }

        ReadOnlySpan<byte> digits = span[^((2 * SignatureSize) + end.Length)..^end.Length];
        byte[] signature = new byte[SignatureSize];
        if (digits.ContainsAnyInRange((byte)'A', (byte)'F')
            || Convert.FromHexString(digits, signature, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        json = new SignedJson(bytes.Slice(beginning.Length, size).ToArray(), signature);
        return true;
    }

    /// <summary>Whether a key of P-256 signed the object.</summary>
    public bool IsSignedBy(SignatureVerifier key) =>
        key.Curve == SigningCurve.P256 && key.VerifyHash(SHA256.HashData(Content.Span), signature);

    // So that the name above is that of the object and nothing else hides in between.
    private static bool IsOneObject(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = DepthMax });
            if (json[0] != '{' || !reader.Read()) return false;
            reader.Skip();
            return reader.BytesConsumed == json.Length && json[^1] == '}' && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
