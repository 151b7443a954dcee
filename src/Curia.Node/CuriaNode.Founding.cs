using System;
using System.Linq;
using Curia.Cryptography;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <content>The node as one of the founders of a network (docs/establishment.md).</content>
public sealed partial class CuriaNode
{
    private readonly FoundingAgreement? agreement;

    // What the first primary has told this founder, until the genesis block has committed.
    private SealedSecrets? told;

    // A founder acknowledges the genesis block only when it holds the secrets that it names, and nothing stands in it
    // but what was agreed on (DESIGN 1).
    private string? FindGenesisProblem(Block block)
    {
        if (agreement is null || told is null || !GenesisBlock.TryRead(block, out GenesisBlock? first))
            return "it is no genesis block, and this node has no other";
        if (first.ServiceCertificate.KeyDigest != told.Periods[^1].ServiceKeyId)
            return "the service key of the genesis block is not the one that this node was told";
        if (FindPrimary(first) is not { } primary)
            return "the genesis block has no certificate of its primary, by its service";
        using LedgerSecret secret = new(new SecretBytes(told.Periods[^1].Secret.Reveal()));
        LedgerSecrets secrets = new();
        secrets.Add(new SeqNo(1), secret);
        using BlockOpener opener = new(secrets);
        WriteSet? expected = GenesisWrites.Expect(agreement, first.ServiceCertificate, primary, secret.Commitment);
        if (!first.PublicWrites.Span.SequenceEqual(expected?.Encode(Domain.Public)))
            return "the genesis block is not what the founders have agreed on";
        if (!opener.TryOpen(block, new SeqNo(1), out byte[] opened) || opened.Length > 0)
            return "the genesis block cannot be opened with the secret that this node was told, or has a private part";

        // Auditors judge by the time that the primary has signed (decision 26), so a founder does not let that be far
        // from its own, and stores nothing that they would refuse.
        DateTimeOffset at = block.Signature.Time;
        if ((at - clock.Now).Duration() > EstablishmentAudit.TimeDifferenceMax)
            return $"the genesis block was signed at {at:u}, and here it is {clock.Now:u}";
        GenesisRecord recorded = new(
            first.PublicWrites, HasPrivatePart: false, first.ServiceCertificate, block.NodeId, at);
        return EstablishmentAudit.Run(recorded)?.Problems.FirstOrDefault() is { } problem
            ? $"an auditor would refuse the genesis block: {problem}"
            : null;
    }

    private Certificate? FindPrimary(GenesisBlock first)
    {
        if (!WriteSet.TryDecode(first.PublicWrites.Span, default, out WriteSet? writes)) return null;
        State written = State.Empty.After(GenesisWrites.TxId, writes);
        bool isRead = KeyValueStore.ReadAt(written, MapAccess.Node).Map(GenesisMaps.NodeCertificates)
            .TryGet(agreement!.Primary.ToString(), out string? pem)
            & Certificate.TryFromPem(pem, out Certificate? certificate);
        return isRead && certificate!.KeyDigest == agreement.Primary.Value
            && certificate.IsIssuedBy(first.ServiceCertificate)
                ? certificate
                : null;
    }
}
