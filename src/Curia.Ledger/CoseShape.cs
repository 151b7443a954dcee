using System;
using System.Formats.Cbor;

namespace Curia.Ledger;

/// <summary>The one encoding of a COSE_Sign1 that a signature transaction may have (RFC 9052 section 4.2).</summary>
internal static class CoseShape
{
    private const ulong CoseSign1Tag = 18;

    /// <summary>18([protected, {}, nil, signature]) in deterministic CBOR.</summary>
    public static byte[] Detached(ReadOnlySpan<byte> protectedHeader, ReadOnlySpan<byte> signature)
    {
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteTag((CborTag)CoseSign1Tag);
        writer.WriteStartArray(4);
        writer.WriteByteString(protectedHeader);
        writer.WriteStartMap(0);
        writer.WriteEndMap();
        writer.WriteNull();
        writer.WriteByteString(signature);
        writer.WriteEndArray();
        return writer.Encode();
    }
}
