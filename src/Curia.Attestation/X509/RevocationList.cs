using System;
using System.Collections.Generic;
using System.Formats.Asn1;

namespace Curia.Attestation;

/// <summary>A list of revoked certificates (RFC 5280 section 5). Immutable; any thread.</summary>
public sealed class RevocationList
{
    /// <summary>The largest list in bytes. That of AMD has under 1,000, the longest of Intel some 200,000.</summary>
    public const int SizeMax = 1024 * 1024;

    private readonly HashSet<string> revoked = new(StringComparer.Ordinal);
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
        if (body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence)) ReadEntries(body.ReadSequence());
        if (body.HasData)
        {
            AsnReader extensions = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
            ReadExtensions(extensions.ReadSequence());
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
    public int Count => revoked.Count;

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

    /// <summary>Whether the list names a certificate of its issuer.</summary>
    public bool Revokes(VendorCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return revoked.Contains(Convert.ToHexString(certificate.SerialNumber.Span));
    }

    /// <summary>Whether the certificate's name and key are those of the list, and it may sign lists.</summary>
    public bool IsIssuedBy(VendorCertificate issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        return issuer.MaySignRevocationLists && IssuerNameDer.Span.SequenceEqual(issuer.SubjectNameDer.Span)
            && structure.IsSignedBy(issuer.SubjectPublicKeyInfo.Span);
    }

    private void ReadEntries(AsnReader entries)
    {
        while (entries.HasData)
        {
            AsnReader entry = entries.ReadSequence();
            revoked.Add(Convert.ToHexString(entry.ReadIntegerBytes().Span));
            SignedStructure.ReadTime(entry);
            if (entry.HasData) ReadExtensions(entry.ReadSequence());
            entry.ThrowIfNotEmpty();
        }
    }

    private static void ReadExtensions(AsnReader sequence)
    {
        X509Extensions extensions = new();
        extensions.ReadFrom(sequence);
        if (!extensions.AreUnderstood()) throw new AsnContentException("A critical extension is not known.");
    }
}
