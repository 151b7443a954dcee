using System;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Text;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>What a member signs outside of requests: COSE_Sign1 with the headers of the other messages of members
/// (<see cref="MemberMessage"/>) but the time, over a payload that has one encoding.</summary>
internal static class SignedStatement
{
    private const string TypeLabel = "ccf.gov.msg.type";

    private static readonly long[] understoodNumbers =
        [CoseSign1.AlgorithmLabel, CoseSign1.CriticalLabel, CoseSign1.KeyIdLabel];

    /// <summary>The protected header.</summary>
    public static byte[] HeaderOf(Certificate member, string type)
    {
        ArgumentNullException.ThrowIfNull(member);
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartMap(3);
        writer.WriteInt64(CoseSign1.AlgorithmLabel);
        writer.WriteInt64(CoseSign1.AlgorithmOf(member.Key.Curve));
        writer.WriteInt64(CoseSign1.KeyIdLabel);
        writer.WriteByteString(Encoding.ASCII.GetBytes(member.Fingerprint.ToString()));
        writer.WriteTextString(TypeLabel);
        writer.WriteTextString(type);
        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>Reads a message of this type with its payload inside; verifies nothing.</summary>
    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded, string type, [NotNullWhen(true)] out CoseSign1? message, out MemberId signer)
    {
        signer = default;
        if (!CoseSign1.TryDecode(encoded, out message) || message!.Payload is null) return false;
        CoseHeaders headers = message.Protected;
        if (!headers.TryGetText(TypeLabel, out string? found) || found != type
            || !headers.UnderstandsCritical(understoodNumbers, [TypeLabel])
            || !headers.TryGetBytes(CoseSign1.KeyIdLabel, out ReadOnlyMemory<byte> keyId)
            || !Digest.TryParseHex(Encoding.ASCII.GetString(keyId.Span), out Digest id))
        {
            return false;
        }

        signer = new MemberId(id);
        return true;
    }

    /// <summary>Reads what has one encoding; nothing throws.</summary>
    /// <param name="bytes">The encoding and nothing behind it.</param>
    /// <param name="read">Takes its fields.</param>
    /// <param name="encode">Writes it again: every other encoding of the same is refused.</param>
    /// <returns>Null for everything else.</returns>
    public static T? Read<T>(ReadOnlyMemory<byte> bytes, Func<CharterFields, T?> read, Func<T, byte[]> encode)
        where T : class
    {
        try
        {
            CharterFields fields = CharterFields.OfEncoding(CharterCbor.Decode(bytes));
            if (read(fields) is not { } value) return null;
            fields.Done();
            return encode(value).AsSpan().SequenceEqual(bytes.Span) ? value : null;
        }
        catch (RefusedException)
        {
            return null;
        }
    }
}
