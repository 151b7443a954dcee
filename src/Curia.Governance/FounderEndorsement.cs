using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>What the owner of a founding node says of it after it has checked the node's evidence: this process, and no
/// other, is mine in this slot (DESIGN 1, "a node is endorsed").</summary>
/// <remarks>It has one encoding. Without a time of its own, so that the bytes to be signed follow from what is said: a
/// key in a device signs in two steps with nothing to keep between them.</remarks>
/// <param name="Charter">The charter.</param>
/// <param name="Slot">The slot, by name.</param>
/// <param name="Node">The node.</param>
/// <param name="Owner">Who says it: the slot's owner.</param>
/// <param name="Address">Where the other founders find the node, <c>host:port</c>: that of the slot.</param>
/// <param name="PublishedAddresses">Where clients will find it, <c>host:port</c>.</param>
/// <param name="Evidence">SHA-256 of its evidence (<see cref="FounderPresentation.DigestOf"/>).</param>
/// <param name="Attempt">The first founding of a charter is attempt 1. Another one needs new endorsements of
/// all.</param>
/// <param name="Expires">Until when a node may be founded on it, in whole seconds.</param>
public sealed record FounderEndorsement(
    Digest Charter, string Slot, NodeId Node, MemberId Owner, string Address,
    IReadOnlyList<string> PublishedAddresses, Digest Evidence, int Attempt, DateTimeOffset Expires)
{
    /// <summary>The type of the message.</summary>
    public const string MessageType = "node_endorsement";

    /// <summary>The role of a founder. Others are not founded on.</summary>
    public const string VoterRole = "voter";

    private const int Version = 1;

    // A real one has some 600.
    private const int SizeMax = 4096;

    /// <summary>What it is for.</summary>
    public string Role { get; init; } = VoterRole;

    /// <summary>Signs it.</summary>
    /// <param name="owner">The owner's certificate.</param>
    /// <param name="signer">Its key.</param>
    /// <returns>COSE_Sign1.</returns>
    public byte[] Sign(Certificate owner, Signer signer) =>
        CoseSign1.Sign(signer, SignedStatement.HeaderOf(owner, MessageType), Encode());

    /// <summary>What a key that is not in this process signs, with ECDSA and the hash of its curve.</summary>
    public byte[] BytesToSign(Certificate owner) =>
        CoseSign1.BytesToSign(SignedStatement.HeaderOf(owner, MessageType), Encode());

    /// <summary>The message of which such a key has signed the <see cref="BytesToSign"/>; it is not verified.</summary>
    /// <param name="owner">The owner's certificate.</param>
    /// <param name="signature">r and s, each of the size of the curve.</param>
    public byte[] Assemble(Certificate owner, ReadOnlySpan<byte> signature) =>
        CoseSign1.Assemble(SignedStatement.HeaderOf(owner, MessageType), Encode(), signature);

    /// <summary>Reads a message, and verifies that its owner has signed it; nothing throws.</summary>
    /// <param name="encoded">COSE_Sign1 and nothing behind it.</param>
    /// <param name="owner">The certificate of the slot's owner.</param>
    /// <param name="endorsement">What is said, or null.</param>
    /// <param name="refusal">Why it is refused, or null.</param>
    public static bool TryVerify(
        ReadOnlyMemory<byte> encoded, Certificate owner, [NotNullWhen(true)] out FounderEndorsement? endorsement,
        [NotNullWhen(false)] out FoundingRefusal? refusal)
    {
        ArgumentNullException.ThrowIfNull(owner);
        refusal = null;
        endorsement = null;
        if (encoded.IsEmpty)
        {
            refusal = new FoundingRefusal(FoundingFault.EndorsementMissing, "its owner has not endorsed it");
        }
        else if (encoded.Length > SizeMax
            || !SignedStatement.TryDecode(encoded, MessageType, out CoseSign1? message, out MemberId signer)
            || Decode(message.Payload!.Value) is not { } read || read.Owner != signer)
        {
            refusal = new FoundingRefusal(FoundingFault.EndorsementMalformed, "what it shows is no endorsement");
        }
        else if (signer.Value != owner.Fingerprint)
        {
            refusal = new FoundingRefusal(FoundingFault.EndorsementNotByOwner,
                $"it is endorsed by {signer}, and the slot's owner is {new MemberId(owner.Fingerprint)}");
        }
        else if (!message.Verify(owner.Key))
        {
            refusal = new FoundingRefusal(FoundingFault.EndorsementInvalid,
                $"the key of {signer} did not sign its endorsement");
        }
        else
        {
            endorsement = read;
        }

        return endorsement is not null;
    }

    private byte[] Encode() => CharterCbor.Encode(CharterValue.OfFields(
        ("version", CharterValue.Of(Version)),
        ("charter", CharterValue.Of(Charter)),
        ("slot", CharterValue.Of(Slot)),
        ("node", CharterValue.Of(Node.Value)),
        ("owner", CharterValue.Of(Owner.Value)),
        ("address", CharterValue.Of(Address)),
        ("published", CharterValue.OfList(PublishedAddresses.Select(CharterValue.Of))),
        ("evidence", CharterValue.Of(Evidence)),
        ("role", CharterValue.Of(Role)),
        ("attempt", CharterValue.Of(Attempt)),
        ("expires", CharterValue.Of(Expires))));

    private static FounderEndorsement? Decode(ReadOnlyMemory<byte> payload) => SignedStatement.Read(
        payload,
        fields => fields.Number("version") != Version
            ? null
            : new FounderEndorsement(
                fields.Digest("charter"), fields.Text("slot"), new NodeId(fields.Digest("node")),
                new MemberId(fields.Digest("owner")), fields.Text("address"),
                fields.List("published", CharterFields.AsText, []), fields.Digest("evidence"),
                fields.Number("attempt"), fields.Time("expires"))
            {
                Role = fields.Text("role"),
            },
        read => read.Encode());
}
