using System;
using System.Formats.Asn1;

namespace Curia.Attestation;

/// <summary>What certificates and revocation lists have in common (RFC 5280 sections 4.1 and 5.1): a body, an
/// algorithm and a signature over the body.</summary>
internal sealed class SignedStructure
{
    private readonly ReadOnlyMemory<byte> signature;
    private readonly ReadOnlyMemory<byte> signed;

    /// <summary>Reads the structure and nothing behind it.</summary>
    /// <exception cref="AsnContentException">The bytes are something else.</exception>
    public SignedStructure(ReadOnlyMemory<byte> der)
    {
        AsnReader outer = new(der, AsnEncodingRules.DER);
        AsnReader structure = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        signed = structure.PeekEncodedValue();
        Body = structure.ReadSequence();
        Algorithm = structure.ReadEncodedValue();
        signature = structure.ReadBitString(out int unused);
        structure.ThrowIfNotEmpty();
        if (unused != 0) throw new AsnContentException("A signature has whole bytes.");
    }

    /// <summary>The body, at its beginning.</summary>
    public AsnReader Body { get; }

    /// <summary>The AlgorithmIdentifier beside the signature.</summary>
    public ReadOnlyMemory<byte> Algorithm { get; }

    /// <summary>Reads the AlgorithmIdentifier inside the body, which must be the same one (RFC 5280 sections 4.1.1.2
    /// and 5.1.1.2).</summary>
    public void ReadSameAlgorithm()
    {
        if (!Body.ReadEncodedValue().Span.SequenceEqual(Algorithm.Span))
            throw new AsnContentException("The two algorithm fields differ.");
    }

    /// <summary>Whether a key signed the body.</summary>
    /// <param name="key">SubjectPublicKeyInfo.</param>
    public bool IsSignedBy(ReadOnlySpan<byte> key) =>
        X509Signature.Verify(key, Algorithm, signed.Span, signature.Span);

    /// <summary>UTCTime until 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5).</summary>
    public static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime)
            ? reader.ReadUtcTime(2049)
            : reader.ReadGeneralizedTime();

    /// <summary>Whether the next value is a time.</summary>
    public static bool IsTime(AsnReader reader) => reader.HasData
        && (reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime)
            || reader.PeekTag().HasSameClassAndValue(Asn1Tag.GeneralizedTime));
}
