using System;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Text;
using Curia.Vocabulary;

namespace Curia.Cryptography;

/// <summary>What a member signs: COSE_Sign1 with the headers that tools of CCF write (algorithm, member id,
/// <c>ccf.gov.msg.type</c>, <c>ccf.gov.msg.created_at</c>) and the payload inside.</summary>
/// <remarks>Immutable; any thread. Decoding verifies nothing: <see cref="IsSignedBy"/> does.</remarks>
public sealed class MemberMessage
{
    /// <summary>The type of a message that asks for a change.</summary>
    public const string ProposalType = "proposal";

    private const string TypeLabel = "ccf.gov.msg.type";
    private const string CreatedAtLabel = "ccf.gov.msg.created_at";

    // A member's tool may call critical what it relies on; what is not known here must not be passed over.
    private static readonly long[] understoodNumbers =
        [CoseSign1.AlgorithmLabel, CoseSign1.CriticalLabel, CoseSign1.KeyIdLabel];

    private static readonly string[] understoodNames = [TypeLabel, CreatedAtLabel];

    private readonly CoseSign1 message;

    private MemberMessage(
        ReadOnlyMemory<byte> encoded, CoseSign1 message, MemberId member, string type, DateTimeOffset createdAt,
        ReadOnlyMemory<byte> payload)
    {
        Encoded = encoded;
        this.message = message;
        Member = member;
        Type = type;
        CreatedAt = createdAt;
        Payload = payload;
    }

    /// <summary>The message as it was read.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>Who says to have signed it: SHA-256 of the certificate.</summary>
    public MemberId Member { get; }

    /// <summary>What it is.</summary>
    public string Type { get; }

    /// <summary>When it was signed, by the member's clock, in whole seconds.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>What was signed.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Signs a payload.</summary>
    /// <param name="signer">The member's key.</param>
    /// <param name="member">The member.</param>
    /// <param name="type">What it is.</param>
    /// <param name="createdAt">Now, from 1970 on.</param>
    /// <param name="payload">What is signed.</param>
    /// <returns>The message with tag 18.</returns>
    public static byte[] Sign(
        Signer signer, MemberId member, string type, DateTimeOffset createdAt, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(signer);
        CborWriter writer = new(CborConformanceMode.Lax);
        writer.WriteStartMap(4);
        writer.WriteInt64(CoseSign1.AlgorithmLabel);
        writer.WriteInt64(CoseSign1.AlgorithmOf(signer.Curve));
        writer.WriteInt64(CoseSign1.KeyIdLabel);
        writer.WriteByteString(Encoding.ASCII.GetBytes(member.ToString()));
        writer.WriteTextString(TypeLabel);
        writer.WriteTextString(type);
        writer.WriteTextString(CreatedAtLabel);
        writer.WriteInt64(createdAt.ToUnixTimeSeconds());
        writer.WriteEndMap();
        return CoseSign1.Sign(signer, writer.Encode(), payload);
    }

    /// <summary>Reads a message; nothing throws.</summary>
    /// <returns>False for whatever lacks one of the headers or the payload, and for critical headers that are not
    /// known here.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out MemberMessage? message)
    {
        message = null;
        if (!CoseSign1.TryDecode(bytes, out CoseSign1? signed)) return false;
        CoseHeaders headers = signed!.Protected;
        if (signed.Payload is not { } payload || !headers.TryGetBytes(CoseSign1.KeyIdLabel, out var keyId)
            || !Digest.TryParseHex(Encoding.ASCII.GetString(keyId.Span), out Digest member)
            || !headers.TryGetText(TypeLabel, out string? type)
            || !headers.TryGetInt64(CreatedAtLabel, out long createdAt)
            || createdAt < 0 || createdAt > DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            || !headers.UnderstandsCritical(understoodNumbers, understoodNames))
        {
            return false;
        }

        message = new MemberMessage(
            bytes, signed, new MemberId(member), type!, DateTimeOffset.FromUnixTimeSeconds(createdAt), payload);
        return true;
    }

    /// <summary>Whether the key of a certificate signed it, and the certificate is the member's.</summary>
    public bool IsSignedBy(Certificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return certificate.Fingerprint == Member.Value && message.Verify(certificate.Key);
    }
}
