using System;
using System.Formats.Cbor;

namespace Curia.Cryptography;

/// <summary>A COSE_Sign1 message (RFC 9052 section 4.2) signed with ECDSA.</summary>
/// <remarks>Our own, because <see cref="Signer"/> is a seam that the framework's message cannot sign through; tests
/// check
/// it against the framework's both ways. Immutable; any thread.</remarks>
public sealed class CoseSign1
{
    /// <summary>The label of the algorithm (RFC 9052 section 3.1).</summary>
    public const long AlgorithmLabel = 1;

    /// <summary>The label of the labels that a reader must understand (RFC 9052 section 3.1).</summary>
    public const long CriticalLabel = 2;

    /// <summary>The label of the key identifier (RFC 9052 section 3.1).</summary>
    public const long KeyIdLabel = 4;

    /// <summary>The largest message in bytes: an HTTP body of the default limit, with room; larger ones are
    /// refused.</summary>
    public const int SizeMax = 16 * 1024 * 1024;

    private const CborTag Tag = (CborTag)18;

    private readonly ReadOnlyMemory<byte> encodedProtected;
    private readonly ReadOnlyMemory<byte> encodedPayload;
    private readonly ReadOnlyMemory<byte> encodedSignature;

    private CoseSign1(CborReader array)
    {
        encodedProtected = array.ReadEncodedValue();
        ReadOnlyMemory<byte> unprotected = array.ReadEncodedValue();
        encodedPayload = array.ReadEncodedValue();
        encodedSignature = array.ReadEncodedValue();
        ProtectedHeader = ByteString(encodedProtected);
        Signature = ByteString(encodedSignature);
        bool detached = new CborReader(encodedPayload).PeekState() == CborReaderState.Null;
        if (!detached) Payload = ByteString(encodedPayload); // a conditional would turn null into empty memory
        if (!CoseHeaders.TryDecode(ProtectedHeader, out CoseHeaders? signed)
            || !CoseHeaders.TryDecode(unprotected, out CoseHeaders? other) || signed!.SharesLabelWith(other!))
        {
            throw new CborContentException("The header maps are not maps of their own labels.");
        }

        Protected = signed;
        Unprotected = other!;
    }

    /// <summary>The protected header as it was signed: an encoded map, or nothing for the empty one.</summary>
    public ReadOnlyMemory<byte> ProtectedHeader { get; }

    /// <summary>What the signature covers besides the payload.</summary>
    public CoseHeaders Protected { get; }

    /// <summary>What anybody may have changed.</summary>
    public CoseHeaders Unprotected { get; }

    /// <summary>The payload, or null when it is detached.</summary>
    public ReadOnlyMemory<byte>? Payload { get; }

    /// <summary>r and s, each of the size of the curve, when an ECDSA key signed (RFC 9053 section 2.1).</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>The COSE algorithm of a curve: ES256, ES384 or ES512 (RFC 9053 section 2.1).</summary>
    public static long AlgorithmOf(SigningCurve curve) => curve switch
    {
        SigningCurve.P256 => -7,
        SigningCurve.P384 => -35,
        SigningCurve.P521 => -36,
        _ => throw new ArgumentOutOfRangeException(nameof(curve), curve, "No COSE algorithm is known for the curve."),
    };

    /// <summary>Reads a message; nothing throws.</summary>
    /// <param name="bytes">The message and nothing behind it.</param>
    /// <param name="message">The message, or null.</param>
    /// <param name="tagOptional">Whether a message without tag 18 is one too (RFC 9052 section 2).</param>
    /// <returns>False for whatever is not a well-formed message within the bounds.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out CoseSign1? message, bool tagOptional = false)
    {
        message = null;
        if (bytes.Length > SizeMax || !CborBounds.Hold(bytes.Span)) return false;
        try
        {
            CborReader reader = new(bytes, CborConformanceMode.Strict);
            if (reader.PeekState() != CborReaderState.Tag)
            {
                if (!tagOptional) return false;
            }
            else if (reader.ReadTag() != Tag)
            {
                return false;
            }

            if (reader.ReadStartArray() != 4) return false;
            message = new CoseSign1(reader);
            return true;
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>Signs a payload.</summary>
    /// <param name="signer">The key.</param>
    /// <param name="protectedHeader">An encoded map that names the signer's algorithm under label 1.</param>
    /// <param name="payload">What is signed.</param>
    /// <param name="detached">Whether the payload is left out of the message.</param>
    /// <param name="unprotectedHeader">An encoded map; nothing stands for the empty one.</param>
    /// <returns>The message with tag 18.</returns>
    /// <exception cref="ArgumentException">A header is no map, or the algorithm is not that of the key.</exception>
    public static byte[] Sign(
        Signer signer,
        ReadOnlySpan<byte> protectedHeader,
        ReadOnlySpan<byte> payload,
        bool detached = false,
        ReadOnlySpan<byte> unprotectedHeader = default)
    {
        ArgumentNullException.ThrowIfNull(signer);
        if (!CoseHeaders.TryDecode(protectedHeader.ToArray(), out CoseHeaders? headers)
            || !headers!.TryGetInt64(AlgorithmLabel, out long algorithm) || algorithm != AlgorithmOf(signer.Curve))
        {
            throw new ArgumentException("The header must name the signer's algorithm.", nameof(protectedHeader));
        }

        if (!CoseHeaders.TryDecode(unprotectedHeader.ToArray(), out _))
            throw new ArgumentException("The unprotected header must be a map.", nameof(unprotectedHeader));
        byte[] signature = signer.SignHash(HashToSign(signer.Curve, protectedHeader, [], payload));
        return Encode(
            EncodedBytes(protectedHeader),
            unprotectedHeader,
            detached ? EncodedNull : EncodedBytes(payload),
            EncodedBytes(signature));
    }

    /// <summary>What a key that is not in this process is given to sign: Sig_structure (RFC 9052 section 4.4), of which
    /// it takes the hash that belongs to its curve.</summary>
    /// <param name="protectedHeader">An encoded map that names the key's algorithm under label 1.</param>
    /// <param name="payload">What is signed.</param>
    public static byte[] BytesToSign(ReadOnlySpan<byte> protectedHeader, ReadOnlySpan<byte> payload) =>
        SignedStructure(protectedHeader, [], payload);

    /// <summary>The message with tag 18 that such a key has signed. Nothing is verified.</summary>
    /// <param name="protectedHeader">The map that was signed.</param>
    /// <param name="payload">What was signed.</param>
    /// <param name="signature">r and s, each of the size of the curve.</param>
    public static byte[] Assemble(
        ReadOnlySpan<byte> protectedHeader, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature) =>
        Encode(EncodedBytes(protectedHeader), [], EncodedBytes(payload), EncodedBytes(signature));

    /// <summary>Checks the signature over the payload inside, which must be there.</summary>
    public bool Verify(SignatureVerifier key) => Payload is { } payload && VerifyOver(key, payload.Span, []);

    /// <summary>Checks the signature over a payload from elsewhere. A payload inside must be the same bytes.</summary>
    /// <param name="key">The key; its curve must belong to the algorithm that the protected header names.</param>
    /// <param name="detachedPayload">The payload.</param>
    /// <param name="externalData">What both sides know and the message does not carry (RFC 9052 section 4.3).</param>
    public bool Verify(
        SignatureVerifier key,
        ReadOnlySpan<byte> detachedPayload,
        ReadOnlySpan<byte> externalData = default) =>
        (Payload is not { } inside || inside.Span.SequenceEqual(detachedPayload))
        && VerifyOver(key, detachedPayload, externalData);

    /// <summary>The message with another unprotected header, which the signature does not cover; tag 18 is
    /// kept.</summary>
    /// <param name="header">An encoded map; nothing stands for the empty one.</param>
    public byte[] WithUnprotected(ReadOnlySpan<byte> header) =>
        Encode(encodedProtected.Span, header, encodedPayload.Span, encodedSignature.Span);

    /// <summary>The message with its payload put inside.</summary>
    public byte[] WithPayload(ReadOnlySpan<byte> payload) => Encode(
        encodedProtected.Span, Unprotected.Encoded.Span, EncodedBytes(payload), encodedSignature.Span);

    private static ReadOnlySpan<byte> EncodedNull => [0xF6];

    private bool VerifyOver(SignatureVerifier key, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> externalData)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Protected.TryGetInt64(AlgorithmLabel, out long algorithm) && algorithm == AlgorithmOf(key.Curve)
            && key.VerifyHash(HashToSign(key.Curve, ProtectedHeader.Span, externalData, payload), Signature.Span);
    }

    /// <summary>What a signature is over: Sig_structure (RFC 9052 section 4.4). For algorithms whose keys are not
    /// <see cref="SignatureVerifier"/>.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="externalData">What both sides know and the message does not carry (RFC 9052 section 4.3).</param>
    public byte[] ToBeSigned(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> externalData = default) =>
        SignedStructure(ProtectedHeader.Span, externalData, payload);

    private static byte[] HashToSign(
        SigningCurve curve,
        ReadOnlySpan<byte> protectedHeader,
        ReadOnlySpan<byte> externalData,
        ReadOnlySpan<byte> payload) =>
        EcdsaSignature.Hash(curve, SignedStructure(protectedHeader, externalData, payload));

    // RFC 9052 section 4.4: Sig_structure = ["Signature1", protected, external data, payload].
    private static byte[] SignedStructure(
        ReadOnlySpan<byte> protectedHeader,
        ReadOnlySpan<byte> externalData,
        ReadOnlySpan<byte> payload)
    {
        CborWriter writer = new(CborConformanceMode.Lax);
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");

        // The empty map is signed as no bytes, however it was sent.
        writer.WriteByteString(protectedHeader.SequenceEqual((ReadOnlySpan<byte>)[0xA0]) ? [] : protectedHeader);
        writer.WriteByteString(externalData);
        writer.WriteByteString(payload);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static byte[] Encode(
        ReadOnlySpan<byte> protectedHeader,
        ReadOnlySpan<byte> unprotectedHeader,
        ReadOnlySpan<byte> payload,
        ReadOnlySpan<byte> signature)
    {
        CborWriter writer = new(CborConformanceMode.Lax);
        writer.WriteTag(Tag);
        writer.WriteStartArray(4);
        writer.WriteEncodedValue(protectedHeader);
        writer.WriteEncodedValue(unprotectedHeader.IsEmpty ? [0xA0] : unprotectedHeader);
        writer.WriteEncodedValue(payload);
        writer.WriteEncodedValue(signature);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static byte[] EncodedBytes(ReadOnlySpan<byte> bytes)
    {
        CborWriter writer = new();
        writer.WriteByteString(bytes);
        return writer.Encode();
    }

    private static ReadOnlyMemory<byte> ByteString(ReadOnlyMemory<byte> encoded) =>
        new CborReader(encoded, CborConformanceMode.Strict).ReadDefiniteLengthByteString();
}
