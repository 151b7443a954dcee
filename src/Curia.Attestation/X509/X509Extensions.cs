using System;
using System.Collections.Generic;
using System.Formats.Asn1;

namespace Curia.Attestation;

/// <summary>The extensions of a certificate, a revocation list or an entry of one (RFC 5280 section 4.2).</summary>
internal sealed class X509Extensions
{
    // Vendors use up to 14.
    private const int CountMax = 64;

    private readonly Dictionary<string, (bool Critical, ReadOnlyMemory<byte> Value)> byName =
        new(StringComparer.Ordinal);

    /// <summary>Reads a sequence of extensions.</summary>
    /// <exception cref="AsnContentException">They are malformed, too many, or one comes twice.</exception>
    public void ReadFrom(AsnReader sequence)
    {
        while (sequence.HasData)
        {
            AsnReader extension = sequence.ReadSequence();
            string name = extension.ReadObjectIdentifier();
            bool critical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            ReadOnlyMemory<byte> value = extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (byName.Count == CountMax || !byName.TryAdd(name, (critical, value)))
                throw new AsnContentException("RFC 5280 section 4.2: an extension comes once.");
        }
    }

    /// <summary>The value of an extension, as it lies in its octet string.</summary>
    public bool TryGet(string name, out ReadOnlyMemory<byte> value)
    {
        bool found = byName.TryGetValue(name, out (bool Critical, ReadOnlyMemory<byte> Value) extension);
        value = extension.Value;
        return found;
    }

    /// <summary>Whether every critical extension is among these: a reader that does not know one must refuse (RFC 5280
    /// section 4.2).</summary>
    public bool AreUnderstood(params ReadOnlySpan<string> names)
    {
        foreach ((string name, (bool critical, _)) in byName)
        {
            if (critical && !names.Contains(name)) return false;
        }

        return true;
    }
}
