using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>A JSON receipt as it was read (anchors/ccf.md 4.1): camel case or snake case, bare or in the envelope of a
/// reply.</summary>
internal sealed class JsonReceipt
{
    /// <summary>The largest file: a receipt has a few kilobytes, its envelope may reveal claims.</summary>
    public const int SizeMax = 4 * 1024 * 1024;

    // Each recovery of a service adds one; a service that recovers monthly for five years stays below.
    private const int EndorsementsMax = ServiceKeys.EndorsementsMax;

    private JsonReceipt()
    {
    }

    /// <summary>The leaf by its parts; null when only <see cref="GivenLeaf"/> is there.</summary>
    public ReceiptLeaf? Leaf { get; private set; }

    /// <summary>The leaf as a digest.</summary>
    public Digest? GivenLeaf { get; private set; }

    /// <summary>The root as a digest, in receipts of CCF 1.</summary>
    public Digest? GivenRoot { get; private set; }

    public MerkleProof Proof { get; private set; } = MerkleProof.Empty;

    public byte[] Signature { get; private set; } = [];

    public Digest NodeId { get; private set; }

    /// <summary>The certificate of the node, absent in receipts of CCF 1.</summary>
    public Certificate? Node { get; private set; }

    /// <summary>The certificates between the node's and the newest service certificate, nearest to the node
    /// first.</summary>
    public ImmutableArray<Certificate> Endorsements { get; private set; } = [];

    public bool IsSignatureTransaction { get; private set; }

    /// <summary>Who has acknowledged the block; null when nobody is named.</summary>
    public ReceiptAcknowledgements? Acknowledgements { get; private set; }

    /// <summary>What the envelope calls the transaction; nobody signed that.</summary>
    public TxId? EnvelopeTxId { get; private set; }

    /// <summary>The digest of the claims that the envelope reveals.</summary>
    public ClaimsDigest? EnvelopeClaims { get; private set; }

    /// <summary>Reads a file.</summary>
    /// <param name="file">One JSON document.</param>
    /// <param name="revealed">The digest of claims that came from elsewhere, for a receipt that leaves the digest
    /// out.</param>
    /// <param name="reason">What is wrong when the answer is null.</param>
    public static JsonReceipt? Read(ReadOnlyMemory<byte> file, ClaimsDigest? revealed, out string reason)
    {
        reason = "receipt: the file is too large for a JSON receipt";
        if (file.Length > SizeMax) return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(file, JsonFields.Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                reason = "receipt: the JSON document is not an object";
                return null;
            }

            JsonReceipt receipt = new();
            JsonFields fields = new(document.RootElement);
            if (fields.Has("receipt"))
            {
                reason = receipt.ReadEnvelope(fields);
                if (reason.Length > 0) return null;
                fields = fields.Object("receipt")!;
            }

            reason = receipt.ReadBody(fields, revealed);
            return reason.Length == 0 ? receipt : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            reason = "receipt: the file is not one well-formed JSON document";
            return null;
        }
    }

    private string ReadEnvelope(JsonFields envelope)
    {
        if (envelope.Object("receipt") is null) return "receipt: the field receipt is not an object";
        if (envelope.Has("transactionId"))
        {
            if (!TxId.TryParse(envelope.Text("transactionId"), out TxId txId)) return "txid: the envelope's is none";
            EnvelopeTxId = txId;
        }

        if (envelope.TryGet("applicationClaims", JsonValueKind.Array, out JsonElement claims))
        {
            if (!ApplicationClaims.TryCompute(claims, out ClaimsDigest digest, out string problem)) return problem;
            EnvelopeClaims = digest;
        }

        return "";
    }

    private string ReadBody(JsonFields fields, ClaimsDigest? revealed)
    {
        if (!Digest.TryParseHex(fields.Text("nodeId"), out Digest nodeId)) return "node id: there is none of 64 digits";
        NodeId = nodeId;
        if (fields.Base64("signature") is not { } signature) return "signature: there is none in base64";
        Signature = signature;
        string problem = ReadLeaf(fields, revealed);
        if (problem.Length == 0) problem = ReadProof(fields);
        if (problem.Length == 0) problem = ReadCertificates(fields);
        if (problem.Length == 0) problem = ReadAcknowledgements(fields);
        if (problem.Length > 0) return problem;
        IsSignatureTransaction = fields.TryGet("isSignatureTransaction", JsonValueKind.True, out _);
        if (IsSignatureTransaction && (Leaf is not null || !Proof.Steps.IsEmpty))
            return "signature transaction: its leaf is the root, so it has neither parts nor a proof";
        return "";
    }

    private string ReadLeaf(JsonFields fields, ClaimsDigest? revealed)
    {
        if (!TryReadDigest(fields, "leaf", out Digest? givenLeaf)
            || !TryReadDigest(fields, "root", out Digest? givenRoot))
            return "receipt: leaf and root are digests of 64 digits";
        GivenLeaf = givenLeaf;
        GivenRoot = givenRoot;
        if (!fields.Has("leafComponents"))
            return givenLeaf is null ? "receipt: there is no leaf and none of its parts" : "";
        if (fields.Object("leafComponents") is not { } parts
            || !TryReadDigest(parts, "writeSetDigest", out Digest? writeSet)
            || !TryReadDigest(parts, "claimsDigest", out Digest? claims) || writeSet is null)
        {
            return "receipt: the parts of the leaf are digests of 64 digits";
        }

        if (!CommitEvidence.TryParse(parts.Text("commitEvidence"), out CommitEvidence? evidence))
            return "commit evidence: there is none of the form ce:view.seqno:digest";
        ClaimsDigest bound =
            claims is { } digest ? new ClaimsDigest(digest) : revealed ?? EnvelopeClaims ?? ClaimsDigest.None;
        Leaf = new ReceiptLeaf(writeSet.Value, evidence!, bound);
        return givenLeaf is { } leaf && leaf != Leaf.Digest ? "leaf: the parts do not give the leaf" : "";
    }

    private string ReadProof(JsonFields fields)
    {
        if (!fields.TryGet("proof", JsonValueKind.Array, out JsonElement proof)) return "proof: there is none";
        if (proof.GetArrayLength() > MerkleProof.StepsMax)
            return $"proof: it has more than {MerkleProof.StepsMax} elements";
        ImmutableArray<MerkleStep>.Builder steps = ImmutableArray.CreateBuilder<MerkleStep>(proof.GetArrayLength());
        foreach (JsonElement element in proof.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object) return "proof element: one is not an object";
            JsonFields step = new(element);
            if (step.Has("left") == step.Has("right"))
                return "proof element: one has not exactly one of left and right";
            bool isLeft = step.Has("left");
            if (!Digest.TryParseHex(step.Text(isLeft ? "left" : "right"), out Digest sibling))
                return "proof element: one is not a digest of 64 digits";
            steps.Add(new MerkleStep(isLeft, sibling));
        }

        Proof = new MerkleProof(steps.MoveToImmutable());
        return "";
    }

    private string ReadCertificates(JsonFields fields)
    {
        if (fields.Has("cert"))
        {
            if (!Certificate.TryFromPem(fields.Text("cert"), out Certificate? node))
                return "certificate: the node's is not one of an EC key in PEM";
            Node = node;
        }

        if (!fields.Has("serviceEndorsements")) return "";
        if (!fields.TryGet("serviceEndorsements", JsonValueKind.Array, out JsonElement list)
            || list.GetArrayLength() > EndorsementsMax)
        {
            return $"endorsement: the service endorsements are not a list of at most {EndorsementsMax}";
        }

        ImmutableArray<Certificate>.Builder read = ImmutableArray.CreateBuilder<Certificate>(list.GetArrayLength());
        foreach (JsonElement element in list.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.String
                || !Certificate.TryFromPem(element.GetString(), out Certificate? endorsement))
            {
                return "endorsement: one of the service endorsements is not a certificate in PEM";
            }

            read.Add(endorsement!);
        }

        Endorsements = read.MoveToImmutable();
        return "";
    }

    private string ReadAcknowledgements(JsonFields fields)
    {
        if (!fields.Has("acknowledgements")) return "";
        if (fields.Object("acknowledgements") is not { } given
            || !Digest.TryParseHex(given.Text("genesis"), out Digest genesis)
            || !TxId.TryParse(given.Text("txid"), out TxId block)
            || !given.TryGet("nodes", JsonValueKind.Array, out JsonElement list)
            || list.GetArrayLength() > BlockAcknowledgements.NodesMax)
        {
            return "acknowledgements: they have no network, no block, or not at most "
                + $"{BlockAcknowledgements.NodesMax} nodes";
        }

        List<EndorsedAcknowledgement> nodes = [];
        foreach (JsonElement element in list.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object) return "acknowledgement: one is not an object";
            JsonFields node = new(element);
            if (node.Base64("key") is not { Length: <= Acknowledgement.KeyBytesMax } key
                || node.Base64("signature") is not { Length: <= Acknowledgement.SignatureBytesMax } signature
                || (node.Has("endorsement") && node.Base64("endorsement") is not { Length: > 0 }))
            {
                return "acknowledgement: one has not key, signature and endorsement in base64";
            }

            nodes.Add(new EndorsedAcknowledgement(
                new Acknowledgement(key, signature), node.Base64("endorsement") ?? []));
        }

        Acknowledgements = new ReceiptAcknowledgements(genesis, block, nodes);
        return "";
    }

    private static bool TryReadDigest(JsonFields fields, string name, out Digest? digest)
    {
        digest = null;
        if (!fields.Has(name)) return true;
        if (!Digest.TryParseHex(fields.Text(name), out Digest read)) return false;
        digest = read;
        return true;
    }
}
