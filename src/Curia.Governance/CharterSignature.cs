using System;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>Why a message is not a member's signature of a charter.</summary>
public enum CharterSignatureFault
{
    /// <summary>No COSE_Sign1 with content, or more than one has.</summary>
    Malformed,

    /// <summary>A message of another type: it says something else.</summary>
    AnotherType,

    /// <summary>It calls a header critical that is not known here.</summary>
    UnknownCriticalHeader,

    /// <summary>Its signer is no member of this charter.</summary>
    UnknownMember,

    /// <summary>It signs another charter.</summary>
    AnotherCharter,

    /// <summary>The member's key did not sign it.</summary>
    Invalid,
}

/// <summary>A member's signature of a charter: COSE_Sign1 over the charter's digest, with the headers of the other
/// messages of members (<see cref="MemberMessage"/>) but the time.</summary>
/// <remarks>A charter never changes, so when it was signed says nothing, and without it the bytes to be signed follow
/// from charter and member alone: a key in a device signs in two steps with nothing to keep between them.</remarks>
public sealed class CharterSignature
{
    /// <summary>The type of the message.</summary>
    public const string MessageType = "charter";

    private const string TypeLabel = "ccf.gov.msg.type";

    // A real one has some 250.
    private const int SizeMax = 4096;

    private static readonly long[] understoodNumbers =
        [CoseSign1.AlgorithmLabel, CoseSign1.CriticalLabel, CoseSign1.KeyIdLabel];

    private CharterSignature(string memberName, MemberId member, ReadOnlyMemory<byte> encoded)
    {
        MemberName = memberName;
        Member = member;
        Encoded = encoded;
    }

    /// <summary>The name of the member who signed.</summary>
    public string MemberName { get; }

    /// <summary>The id of the member who signed.</summary>
    public MemberId Member { get; }

    /// <summary>The message.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>Signs a charter.</summary>
    /// <param name="charter">What is signed.</param>
    /// <param name="member">The certificate of the member.</param>
    /// <param name="signer">Its key.</param>
    public static byte[] Sign(Charter charter, Certificate member, Signer signer)
    {
        ArgumentNullException.ThrowIfNull(charter);
        return CoseSign1.Sign(signer, HeaderOf(member), charter.Digest.ToArray());
    }

    /// <summary>What a key that is not in this process signs, with ECDSA and the hash of its curve.</summary>
    /// <param name="charter">What is signed.</param>
    /// <param name="member">The certificate of the member.</param>
    public static byte[] BytesToSign(Charter charter, Certificate member)
    {
        ArgumentNullException.ThrowIfNull(charter);
        return CoseSign1.BytesToSign(HeaderOf(member), charter.Digest.ToArray());
    }

    /// <summary>The message of which such a key has signed the <see cref="BytesToSign"/>; it is not verified.</summary>
    /// <param name="charter">What is signed.</param>
    /// <param name="member">The certificate of the member.</param>
    /// <param name="signature">r and s, each of the size of the curve.</param>
    public static byte[] Assemble(Charter charter, Certificate member, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(charter);
        return CoseSign1.Assemble(HeaderOf(member), charter.Digest.ToArray(), signature);
    }

    /// <summary>Reads and verifies a signature; nothing throws.</summary>
    /// <param name="charter">What it must sign.</param>
    /// <param name="encoded">The message and nothing behind it.</param>
    /// <param name="signature">The signature, or null.</param>
    /// <param name="fault">Why it is none, or null.</param>
    public static bool TryVerify(
        Charter charter, ReadOnlyMemory<byte> encoded, [NotNullWhen(true)] out CharterSignature? signature,
        [NotNullWhen(false)] out CharterSignatureFault? fault)
    {
        ArgumentNullException.ThrowIfNull(charter);
        signature = null;
        fault = Find(charter, encoded, out string name, out MemberId member);
        if (fault is null) signature = new CharterSignature(name, member, encoded);
        return fault is null;
    }

    private static CharterSignatureFault? Find(
        Charter charter, ReadOnlyMemory<byte> encoded, out string name, out MemberId member)
    {
        (name, member) = ("", default);
        if (encoded.Length > SizeMax || !CoseSign1.TryDecode(encoded, out CoseSign1? message)
            || message!.Payload is not { } payload)
        {
            return CharterSignatureFault.Malformed;
        }

        CoseHeaders headers = message.Protected;
        if (!headers.TryGetText(TypeLabel, out string? type) || type != MessageType)
            return CharterSignatureFault.AnotherType;
        if (!headers.UnderstandsCritical(understoodNumbers, [TypeLabel]))
            return CharterSignatureFault.UnknownCriticalHeader;
        if (!headers.TryGetBytes(CoseSign1.KeyIdLabel, out ReadOnlyMemory<byte> keyId)
            || !Digest.TryParseHex(Encoding.ASCII.GetString(keyId.Span), out Digest id)
            || !charter.TryGetMember(new MemberId(id), out string? found, out CharterMember? its))
        {
            return CharterSignatureFault.UnknownMember;
        }

        if (!payload.Span.SequenceEqual(charter.Digest.ToArray())) return CharterSignatureFault.AnotherCharter;
        if (!message.Verify(its.Certificate.Key)) return CharterSignatureFault.Invalid;
        (name, member) = (found, its.Id);
        return null;
    }

    private static byte[] HeaderOf(Certificate member) => SignedStatement.HeaderOf(member, MessageType);
}
