using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using Curia.Attestation;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>What a founding node shows to each other one: which charter it goes by, which slot it is in, its evidence,
/// and what its owner says of it.</summary>
/// <param name="Charter">SHA-256 of its charter.</param>
/// <param name="Slot">The slot, by name.</param>
/// <param name="Evidence">Its evidence, which binds the node's key and the charter.</param>
/// <param name="Endorsement">COSE_Sign1 (<see cref="FounderEndorsement"/>).</param>
/// <param name="LedgerFormat">The newest format of the ledger that its program reads.</param>
public sealed record FounderPresentation(
    Digest Charter, string Slot, AttesterEvidence Evidence, ReadOnlyMemory<byte> Endorsement, int LedgerFormat)
{
    /// <summary>The most bytes: the evidence is most of it.</summary>
    public const int SizeMax = AttesterEvidence.SizeMax + 16 * 1024;

    private const int Version = 1;

    /// <summary>SHA-256 of evidence with its endorsements, as the owner has seen it.</summary>
    public static Digest DigestOf(AttesterEvidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        return Digest.Of(CharterCbor.Encode(Write(evidence)));
    }

    /// <summary>Its one encoding.</summary>
    public byte[] Encode() => CharterCbor.Encode(CharterValue.OfFields(
        ("version", CharterValue.Of(Version)),
        ("charter", CharterValue.Of(Charter)),
        ("slot", CharterValue.Of(Slot)),
        ("evidence", Write(Evidence)),
        ("endorsement", CharterValue.Of(Endorsement.Span)),
        ("ledger_format", CharterValue.Of(LedgerFormat))));

    /// <summary>Reads an encoding and nothing behind it; nothing is verified, and nothing throws.</summary>
    public static bool TryDecode(
        ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out FounderPresentation? presentation)
    {
        presentation = bytes.Length > SizeMax
            ? null
            : SignedStatement.Read(bytes, Read, read => read.Encode());
        return presentation is not null;
    }

    private static FounderPresentation? Read(CharterFields fields)
    {
        if (fields.Number("version") != Version) return null;
        CharterFields evidence = fields.Section("evidence");
        AttesterEvidence read = new(
            evidence.Text("platform"),
            evidence.Named("files", (value, path) => evidence.AsBytes(value, path).ToArray()));
        evidence.Done();
        return read.IsBounded
            ? new FounderPresentation(
                fields.Digest("charter"), fields.Text("slot"), read, fields.Bytes("endorsement"),
                fields.Number("ledger_format"))
            : null;
    }

    private static CharterValue Write(AttesterEvidence evidence) => CharterValue.OfFields(
        ("platform", CharterValue.Of(evidence.Platform)),
        ("files", CharterValue.OfNamed(
            evidence.Files.Select(file => KeyValuePair.Create(file.Key, file.Value)),
            bytes => CharterValue.Of(bytes))));
}
