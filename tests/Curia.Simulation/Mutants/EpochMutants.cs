using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json.Nodes;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>What a process knows when it opens an epoch, so that a mutant can open it wrongly: in good form, with good
/// signatures, and wrong.</summary>
internal sealed class EpochMaterial
{
    private EpochMaterial(NodeSetup setup) => Setup = setup;

    public NodeSetup Setup { get; private set; }

    public Signer? Older { get; private set; }

    public Signer? Newer { get; private set; }

    /// <summary>Listens where keys are made.</summary>
    public static EpochMaterial Of(NodeSetup setup)
    {
        EpochMaterial material = new(setup);
        material.Setup = setup with
        {
            NewSigner = entropy => material.Newer = new SeededSigner(entropy),
            OpenSigner = exported => material.Older = new SeededSigner(exported),
        };
        return material;
    }

    /// <summary>The block again, with another view and another public part.</summary>
    public byte[] Reseal(Block block, LedgerSecret secret, View view, byte[] publicBytes)
    {
        using EntrySealer opener = new(secret, block.NodeId);
        opener.TryOpen(block.Entries[0], out byte[] privateBytes);
        OpenBlock open = new(view, block.First);
        TxId txId = new(view, block.First);
        open.Add(txId, EntryType.Epoch, ClaimsDigest.None, publicBytes, privateBytes);
        using BlockSealer sealer = new(
            secret, Setup.NodeKey, block.Signature.NodeCertificate, Newer!, Setup.Genesis.Name, "ledger.signature");
        SignatureTransaction signature = block.Signature;
        MerkleTree tree = MerkleTree.FromFrontier(signature.Frontier);
        return sealer.Seal(open, tree, signature.Committed, signature.Time).Bytes.ToArray();
    }
}

/// <summary>Opens an epoch with an entry that is made anew.</summary>
internal sealed class OpensWrongly(NodeUnderTest node, EpochMaterial material, ulong viewsBack, bool endorsesAnother)
    : NodeMutant(node)
{
    private LedgerSecret? secret;

    protected override IEnumerable<Effect> Change(Effect effect)
    {
        if (effect is Effect.StoreSecrets store
            && SealedSecrets.TryOpen(store.Bytes.Span, Platform.SealingKey, out SealedSecrets? secrets))
        {
            secret = new LedgerSecret(secrets.Periods[^1].Secret);
        }

        if (effect is not Effect.StoreBlock first || !Block.TryDecode(first.Bytes, out Block? block)
            || !EpochBlock.TryRead(block, out EpochBlock? epoch))
        {
            return [effect];
        }

        View view = new(block.View.Value - viewsBack);
        byte[] entry = endorsesAnother ? WithOtherEndorsement(epoch) : block.Entries[0].Public.ToArray();
        byte[] bytes = material.Reseal(block, secret!, view, entry);
        return [first with { Bytes = bytes }];
    }

    private byte[] WithOtherEndorsement(EpochBlock epoch)
    {
        TxId another = epoch.Continues with { SeqNo = new SeqNo(epoch.Continues.SeqNo.Value - 1) };
        ServiceEndorsement endorsement = ServiceEndorsement.Sign(
            material.Older!, material.Newer!.SubjectPublicKeyInfo.Span, another, epoch.Root,
            material.Setup.Genesis.Name);
        byte[] bytes = EpochBlock.EncodePublic(
            epoch.ServiceCertificate.Der.Span, endorsement, epoch.PreviousCertificate.Der.Span,
            epoch.PublicWrites.Span);

        // The entry itself tells the truth: the last byte of its seqno is the only one that differs.
        bytes[sizeof(uint) + epoch.ServiceCertificate.Der.Length + 2 * sizeof(ulong) - 1]++;
        return bytes;
    }
}

/// <summary>Seals less than the next process needs.</summary>
internal sealed class SealsOnlyItsOwn(NodeUnderTest node) : NodeMutant(node)
{
    protected override IEnumerable<Effect> Change(Effect effect)
    {
        if (effect is not Effect.StoreSecrets store) return [effect];
        SealedSecrets.TryOpen(store.Bytes.Span, Platform.SealingKey, out SealedSecrets? all);
        using SealedSecrets own = new(all!.NodeId, all.ServiceKey, [all.Periods[^1]]);
        return [store with { Bytes = own.Seal(Platform.SealingKey, new SeededEntropy(1)) }];
    }
}

/// <summary>Puts the ledger secret behind a block.</summary>
internal sealed class LeaksSecret(NodeUnderTest node) : NodeMutant(node)
{
    private byte[] secret = [];

    protected override IEnumerable<Effect> Change(Effect effect)
    {
        if (effect is Effect.StoreSecrets secretsFile
            && SealedSecrets.TryOpen(secretsFile.Bytes.Span, Platform.SealingKey, out SealedSecrets? secrets))
        {
            secret = secrets.Periods[^1].Secret.Reveal().ToArray();
        }

        return effect is Effect.StoreBlock store
            ? [store with { Bytes = (byte[])[.. store.Bytes.Span, .. secret] }]
            : [effect];
    }
}

/// <summary>Says something else of transactions of the epochs before.</summary>
internal sealed class ForgetsOlderEpochs(NodeUnderTest node, TransactionStatus status) : NodeMutant(node)
{
    public override Execution Execute(Request request)
    {
        Execution execution = base.Execute(request);
        if (request.Path != "/app/tx" || execution is not Execution.Answered answered) return execution;
        JsonNode body = JsonNode.Parse(answered.Response.Body.Span)!;
        bool isOlder = TxId.TryParse((string?)body["transaction_id"], out TxId txId) && txId.View < View.View;
        if (!isOlder) return execution;
        body["status"] = status.ToString();
        return answered with
        {
            Response = Response.Bytes(Encoding.UTF8.GetBytes(body.ToJsonString()), Response.JsonContentType),
        };
    }
}

/// <summary>Gives receipts without the way to the newest identity.</summary>
internal sealed class DropsEndorsements(NodeUnderTest node) : NodeMutant(node)
{
    public override Execution Execute(Request request)
    {
        Execution execution = base.Execute(request);
        if (request.Path != "/app/receipt" || execution is not Execution.Answered { Response.Status: 200 } answered)
            return execution;
        JsonObject receipt = JsonNode.Parse(answered.Response.Body.Span)!.AsObject();
        receipt.Remove("service_endorsements");
        return answered with
        {
            Response = Response.Bytes(Encoding.UTF8.GetBytes(receipt.ToJsonString()), Response.JsonContentType),
        };
    }
}

/// <summary>Entropy that gives the same ledger secret to every process: the first 32 bytes that are asked for at
/// once.</summary>
internal sealed class SameSecret(Entropy entropy) : Entropy
{
    private bool given;

    public override void Fill(Span<byte> target)
    {
        entropy.Fill(target);
        if (given || target.Length != LedgerSecret.Size) return;
        given = true;
        target.Fill(0x5C);
    }
}
