using System;
using System.Formats.Asn1;

namespace Curia.Attestation;

/// <summary>A list of revoked certificates (RFC 5280 section 5). Immutable; any thread.</summary>
/// <remarks>The entries stay as they were sent and are searched there: a hostile list costs no more memory than it
/// has bytes.</remarks>
public sealed class RevocationList
{
    /// <summary>The largest list in bytes. That of AMD has under 1,000, the longest of Intel some 200,000.</summary>
    public const int SizeMax = 512 * 1024;

    private const string NotUnderstood = "A critical extension is not known.";

    private readonly ReadOnlyMemory<byte> entries;
    private readonly SignedStructure structure;

    private RevocationList(byte[] der)
    {
        structure = new SignedStructure(der);
        AsnReader body = structure.Body;
        if (body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer)
            && (!body.TryReadInt32(out int version) || version != 1))
        {
            throw new AsnContentException("The list is not of version 2.");
        }

        structure.ReadSameAlgorithm();
        IssuerNameDer = body.ReadEncodedValue();
        ThisUpdate = SignedStructure.ReadTime(body);
        if (SignedStructure.IsTime(body)) NextUpdate = SignedStructure.ReadTime(body);
        if (body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            ReadOnlyMemory<byte> sequence = body.ReadEncodedValue();
            AsnDecoder.ReadSequence(sequence.Span, AsnEncodingRules.DER, out int start, out int length, out _);
            entries = sequence.Slice(start, length);
            Count = CountEntries();
        }

        if (body.HasData)
        {
            AsnReader extensions = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
            X509Extensions read = new();
            read.ReadFrom(extensions.ReadSequence());
            if (!read.AreUnderstood()) throw new AsnContentException(NotUnderstood);
            extensions.ThrowIfNotEmpty();
        }

        body.ThrowIfNotEmpty();
    }

    /// <summary>The issuer, DER.</summary>
    public ReadOnlyMemory<byte> IssuerNameDer { get; }

    /// <summary>When the list was made.</summary>
    public DateTimeOffset ThisUpdate { get; }

    /// <summary>Until when there is a newer one; null when the list does not say.</summary>
    public DateTimeOffset? NextUpdate { get; }

    /// <summary>How many certificates it revokes.</summary>
    public int Count { get; }

    /// <summary>Reads a DER list and nothing behind it; nothing throws.</summary>
    /// <returns>False also for lists with critical extensions: they would say less than they seem to (RFC 5280 section
    /// 5.2).</returns>
    public static bool TryDecode(ReadOnlySpan<byte> der, out RevocationList? list)
    {
        list = null;
        if (der.Length > SizeMax) return false;
        try
        {
            list = new RevocationList(der.ToArray());
            return true;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    /// <summary>Whether the list names a certificate of its issuer. Takes time with the length of the list.</summary>
    public bool Revokes(VendorCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ReadOnlySpan<byte> rest = entries.Span;
        while (!rest.IsEmpty)
        {
            rest = rest[ReadEntry(rest, out ReadOnlySpan<byte> serialNumber)..];
            if (serialNumber.SequenceEqual(certificate.SerialNumber.Span)) return true;
        }

        return false;
    }

    /// <summary>Whether the certificate's name and key are those of the list, and it may sign lists.</summary>
    public bool IsIssuedBy(VendorCertificate issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        return issuer.MaySignRevocationLists && IssuerNameDer.Span.SequenceEqual(issuer.SubjectNameDer.Span)
            && structure.IsSignedBy(issuer.SubjectPublicKeyInfo.Span);
    }

    private int CountEntries()
    {
        int count = 0;
        for (ReadOnlySpan<byte> rest = entries.Span; !rest.IsEmpty; count++) rest = rest[ReadEntry(rest, out _)..];
        return count;
    }

    // RFC 5280 section 5.1: a serial number, a time, and extensions that nobody must know.
    private static int ReadEntry(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> serialNumber)
    {
        AsnDecoder.ReadSequence(bytes, AsnEncodingRules.DER, out int start, out int length, out int consumed);
        ReadOnlySpan<byte> entry = bytes.Slice(start, length);
        serialNumber = AsnDecoder.ReadIntegerBytes(entry, AsnEncodingRules.DER, out int read);
        entry = entry[read..];
        if (Asn1Tag.Decode(entry, out _).HasSameClassAndValue(Asn1Tag.UtcTime))
            AsnDecoder.ReadUtcTime(entry, AsnEncodingRules.DER, out read, twoDigitYearMax: 2049);
        else
            AsnDecoder.ReadGeneralizedTime(entry, AsnEncodingRules.DER, out read);
        entry = entry[read..];
        if (!entry.IsEmpty)
        {
            AsnDecoder.ReadSequence(entry, AsnEncodingRules.DER, out start, out length, out read);
            RefuseCritical(entry.Slice(start, length));
            if (read != entry.Length) throw new AsnContentException("An entry ends with its extensions.");
        }

        return consumed;
    }

    private static void RefuseCritical(ReadOnlySpan<byte> extensions)
    {
        while (!extensions.IsEmpty)
        {
            AsnDecoder.ReadSequence(
                extensions, AsnEncodingRules.DER, out int start, out int length, out int consumed);
            ReadOnlySpan<byte> extension = extensions.Slice(start, length);
            AsnDecoder.ReadEncodedValue(extension, AsnEncodingRules.DER, out _, out _, out int name);
            extension = extension[name..];
            if (Asn1Tag.Decode(extension, out _).HasSameClassAndValue(Asn1Tag.Boolean)
                && AsnDecoder.ReadBoolean(extension, AsnEncodingRules.DER, out _))
            {
                throw new AsnContentException(NotUnderstood);
            }

            extensions = extensions[consumed..];
        }
    }
}
