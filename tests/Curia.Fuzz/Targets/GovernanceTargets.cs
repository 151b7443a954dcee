using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Fuzz.Targets;

/// <summary>What members hand each other before there is a network: charters and signatures of them.</summary>
internal static class GovernanceTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("charter", ["Charter.TryDecode"], TryCharter),
        new("charter-json", ["Charter.TryReadJson"], TryDescription),
        new("charter-signature", ["CharterSignature.TryVerify"], TrySignature),
        new("encryption-key",
            ["EncryptionKey.TryFromDer", "EncryptionKey.TryFromPem", "EcdsaSignature.TryFromDer"], TryKey),
        new("founder", ["FounderPresentation.TryDecode"], TryFounder),
        new("founder-endorsement", ["FounderEndorsement.TryVerify"], TryEndorsement),
        new("founding-statement",
            ["FoundingStatement.TryDecode", "SignedFoundingStatement.TryDecode"], TryStatement),
        new("establishment", ["GenesisWrites.TryReadFounding"], TryEstablishment),
    ];

    private static void TryCharter(ReadOnlyMemory<byte> input)
    {
        bool read = Charter.TryDecode(input, out Charter? charter, out CharterRefusal? refusal);
        Check(read, charter, refusal);
        if (charter is null) return;
        Must.BeSame(charter.Encoded.Span, input.Span, "charter");
        Must.Hold(charter.Digest == Digest.Of(input.Span), "a charter is named by its bytes");
        Must.Hold(Charter.TryCreate(charter.Content, out Charter? again, out _), "what was read can be made");
        Must.BeSame(again!.Encoded.Span, input.Span, "charter, made again");
        Must.Hold(Charter.TryReadJson(Encoding.UTF8.GetBytes(charter.ToJson().ToJsonString()), out again, out _),
            "the readable form of a charter is read");
        Must.BeSame(again!.Encoded.Span, input.Span, "charter, from its readable form");
    }

    private static void TryDescription(ReadOnlyMemory<byte> input)
    {
        bool read = Charter.TryReadJson(input, out Charter? charter, out CharterRefusal? refusal);
        Check(read, charter, refusal);
        if (charter is null) return;
        Must.Hold(Charter.TryDecode(charter.Encoded, out Charter? again, out _), "what was described is decoded");
        Must.Hold(again!.Digest == charter.Digest, "both forms are one charter");
    }

    private static void Check(bool read, Charter? charter, CharterRefusal? refusal)
    {
        Must.Hold(read == charter is not null && read == refusal is null, "there is a charter or a refusal");
        if (refusal is not null)
        {
            Must.Hold(Enum.IsDefined(refusal.Fault) && refusal.Detail.Length > 0, "what is refused has a name");
            return;
        }

        Must.Hold(charter!.CheatingFoundersMax >= 0, "more than half of the founders are needed");
        Must.Hold(charter.Content.RecoveryThreshold <= Math.Max(1, charter.Content.Members.Count),
            "there are as many shares as are needed");
        Must.Hold(CharterMeaning.Of(charter).All(one => CharterMeaning.Topics.ContainsKey(one.Topic)),
            "what it means can be said");
        Must.Hold(CharterDifference.Between(charter, charter).Count == 0, "a charter is the same as itself");
    }

    // A charter, and a signature that says to be of it.
    private static void TrySignature(ReadOnlyMemory<byte> input)
    {
        List<ReadOnlyMemory<byte>> parts = Parts.Split(input);
        if (parts.Count != 2 || !Charter.TryDecode(parts[0], out Charter? charter, out _)) return;
        bool valid = CharterSignature.TryVerify(
            charter, parts[1], out CharterSignature? signature, out CharterSignatureFault? fault);
        Must.Hold(valid == signature is not null && valid == fault is null, "there is a signature or a reason");
        if (signature is null) return;
        Must.Hold(charter.TryGetMember(signature.Member, out string? name, out _) && name == signature.MemberName,
            "who signed is a member");
        Must.BeSame(signature.Encoded.Span, parts[1].Span, "signature");
    }

    private static void TryFounder(ReadOnlyMemory<byte> input)
    {
        if (!FounderPresentation.TryDecode(input, out FounderPresentation? shown)) return;
        Must.BeSame(shown.Encode(), input.Span, "what a founder shows");
        Must.Hold(shown.Evidence.IsBounded, "evidence is within its bounds");
        Must.Hold(FounderPresentation.DigestOf(shown.Evidence) == FounderPresentation.DigestOf(shown.Evidence),
            "evidence has one digest");
    }

    // The certificate of an owner, and an endorsement that says to be by it.
    private static void TryEndorsement(ReadOnlyMemory<byte> input)
    {
        List<ReadOnlyMemory<byte>> parts = Parts.Split(input);
        if (parts.Count != 2 || !Certificate.TryFromDer(parts[0].Span, out Certificate? owner)) return;
        bool valid = FounderEndorsement.TryVerify(
            parts[1], owner!, out FounderEndorsement? endorsement, out FoundingRefusal? refusal);
        Must.Hold(valid == endorsement is not null && valid == refusal is null, "there is an endorsement or a reason");
        if (endorsement is not null)
            Must.Hold(endorsement.Owner.Value == owner!.Fingerprint, "an endorsement is the owner's");
        else
            Must.Hold(Enum.IsDefined(refusal!.Fault) && refusal.Detail.Length > 0, "what is refused has a name");
    }

    private static void TryStatement(ReadOnlyMemory<byte> input)
    {
        if (FoundingStatement.TryDecode(input, out FoundingStatement? statement))
        {
            Must.BeSame(statement.Encode(), input.Span, "founding statement");
            Must.Hold(statement.Founders.Select(one => one.Node).Distinct().Count() == statement.Founders.Count,
                "a founder stands in it once");
        }

        if (!SignedFoundingStatement.TryDecode(input, out SignedFoundingStatement? signed)) return;
        Must.BeSame(signed.Encode(), input.Span, "signed founding statement");
        Must.Hold(!signed.IsBy(new NodeId(default)), "nobody's id is zero");
    }

    // The public part of a genesis entry, which an auditor gets from whoever keeps the ledger.
    private static void TryEstablishment(ReadOnlyMemory<byte> input)
    {
        GenesisWrites.TryReadFounding(Encoding.Latin1.GetString(input.Span), out _, out _);
        if (!GenesisBlock.TryDecodePublic(input, out Certificate? service, out ReadOnlyMemory<byte> writes)) return;
        EstablishmentReport? report = EstablishmentAudit.Run(new GenesisRecord(
            writes, HasPrivatePart: false, service!, new NodeId(default), DateTimeOffset.UnixEpoch.AddYears(60)));
        if (report is null) return;
        Must.Hold(!report.IsSound, "no node has the id zero, so no node is the primary");
        Must.Hold(report.Problems.All(problem => problem.Length > 0), "what does not hold has a sentence");
        Must.Hold(report.Founders.Count == (report.Charter?.Content.Slots.Count ?? 0), "each slot is judged");
    }

    private static void TryKey(ReadOnlyMemory<byte> input)
    {
        if (EncryptionKey.TryFromDer(input.Span, out EncryptionKey? key))
        {
            Must.BeSame(key!.Der.Span, input.Span, "encryption key");
            Must.Hold(key.Bits is >= EncryptionKey.BitsMin and <= EncryptionKey.BitsMax, "a key is of a size in use");
            Must.Hold(EncryptionKey.TryFromPem(key.ToPem(), out EncryptionKey? again)
                && again!.Fingerprint == key.Fingerprint, "a key is read from its own PEM");
        }

        EncryptionKey.TryFromPem(Encoding.Latin1.GetString(input.Span), out _);
        if (EcdsaSignature.TryFromDer(input, SigningCurve.P256, out byte[] signature))
            Must.BeSame(EcdsaSignature.ToDer(signature), input.Span, "signature in DER");
        else
            Must.Hold(signature.Length == 0, "what is no signature is nothing");
    }
}
