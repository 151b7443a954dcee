using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The proof that one transaction is on the ledger, in the two forms that CCF's clients know.</summary>
/// <remarks>JSON: the node's signature over the root, and its certificate. COSE: the service's signature over the root
/// (draft-ietf-scitt-receipts-ccf-profile). docs/receipts.md tells how to check both. Immutable; any thread.</remarks>
public sealed class Receipt
{
    private static readonly JsonWriterOptions plainText =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ReceiptLeaf? leaf;
    private readonly MerkleProof proof;
    private readonly Certificate node;
    private readonly byte[] nodeSignature;
    private readonly CoseSign1 serviceSignature;

    /// <summary>The receipt of a committed transaction.</summary>
    /// <param name="writeSetDigest">SHA-256 of its entry.</param>
    /// <param name="commitEvidence">Its commit evidence, as text.</param>
    /// <param name="claims">Its claims digest.</param>
    /// <param name="proof">The path from its leaf to the signed root.</param>
    /// <param name="nodeCertificateDer">The certificate of the node that signed.</param>
    /// <param name="nodeSignature">ECDSA over the root taken as a digest; r and s of fixed size.</param>
    /// <param name="coseSign1">COSE_Sign1 of the service key with the root as detached payload.</param>
    /// <exception cref="ArgumentException">A part cannot be read.</exception>
    public Receipt(
        Digest writeSetDigest,
        string commitEvidence,
        ClaimsDigest claims,
        MerkleProof proof,
        ReadOnlyMemory<byte> nodeCertificateDer,
        ReadOnlyMemory<byte> nodeSignature,
        ReadOnlyMemory<byte> coseSign1)
        : this(proof, nodeCertificateDer, nodeSignature, coseSign1)
    {
        if (!Ledger.CommitEvidence.TryParse(commitEvidence, out CommitEvidence? evidence))
            throw new ArgumentException("The text is not commit evidence.", nameof(commitEvidence));
        leaf = new ReceiptLeaf(writeSetDigest, evidence!, claims);
        LeafDigest = leaf.Digest;
    }

    private Receipt(
        Digest root,
        ReadOnlyMemory<byte> nodeCertificateDer,
        ReadOnlyMemory<byte> nodeSignature,
        ReadOnlyMemory<byte> coseSign1)
        : this(MerkleProof.Empty, nodeCertificateDer, nodeSignature, coseSign1) => LeafDigest = root;

    private Receipt(
        MerkleProof proof,
        ReadOnlyMemory<byte> nodeCertificateDer,
        ReadOnlyMemory<byte> nodeSignature,
        ReadOnlyMemory<byte> coseSign1)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (!Certificate.TryFromDer(nodeCertificateDer.Span, out Certificate? certificate))
            throw new ArgumentException("The bytes are not a certificate.", nameof(nodeCertificateDer));
        if (!CoseSign1.TryDecode(coseSign1, out CoseSign1? message))
            throw new ArgumentException("The bytes are not a COSE_Sign1.", nameof(coseSign1));
        this.proof = proof;
        node = certificate!;
        this.nodeSignature = EcdsaSignature.ToDer(nodeSignature.Span);
        serviceSignature = message!;
    }

    /// <summary>The transaction, or null for a signature transaction, which has no commit evidence.</summary>
    public TxId? TxId => leaf?.Evidence.TxId;

    /// <summary>The leaf; for a signature transaction the root that it signed.</summary>
    public Digest LeafDigest { get; }

    /// <summary>The signed root.</summary>
    public Digest Root => proof.Fold(LeafDigest);

    /// <summary>Whether it is the receipt of a signature transaction: it proves signing, not commit.</summary>
    public bool IsSignatureTransaction => leaf is null;

    /// <summary>The receipt of a signature transaction: leaf and root are one, and there is no commit
    /// evidence.</summary>
    /// <exception cref="ArgumentException">A part cannot be read.</exception>
    public static Receipt OfSignatureTransaction(
        Digest root,
        ReadOnlyMemory<byte> nodeCertificateDer,
        ReadOnlyMemory<byte> nodeSignature,
        ReadOnlyMemory<byte> coseSign1) => new(root, nodeCertificateDer, nodeSignature, coseSign1);

    /// <summary>The receipt of one transaction of a block; the block alone has all but the commit evidence.</summary>
    /// <param name="block">A verified and committed block.</param>
    /// <param name="seqNo">A transaction of it; the last one is the signature transaction.</param>
    /// <param name="evidence">The commit evidence of the transaction; not looked at for the signature
    /// transaction.</param>
    /// <param name="acknowledgements">Who has acknowledged the block, as far as it is known.</param>
    /// <exception cref="InvariantException">The seqno is not in the block, or the evidence is not that of the
    /// entry.</exception>
    public static Receipt Of(
        Block block, SeqNo seqNo, CommitEvidence? evidence, ReceiptAcknowledgements? acknowledgements = null)
    {
        ArgumentNullException.ThrowIfNull(block);
        LedgerEntry entry = block.EntryAt(seqNo);
        SignatureTransaction signature = block.Signature;
        if (entry.Type == EntryType.Signature)
        {
            return new Receipt(
                signature.Root, signature.NodeCertificate, signature.NodeSignature, signature.CoseSignature)
            {
                Acknowledgements = acknowledgements,
            };
        }

        Invariant.Holds(
            evidence is not null && evidence.Digest == entry.EvidenceDigest,
            $"the commit evidence is not that of {entry.TxId}");
        return new Receipt(
            entry.WriteSetDigest,
            evidence.Text,
            entry.Claims,
            block.ProofOf(seqNo),
            signature.NodeCertificate,
            signature.NodeSignature,
            signature.CoseSignature)
        {
            Acknowledgements = acknowledgements,
        };
    }

    /// <summary>Who has acknowledged the block, for the JSON receipt; null where nobody is recorded.</summary>
    public ReceiptAcknowledgements? Acknowledgements { get; init; }

    /// <summary>The JSON receipt of CCF's <c>/app/receipt</c>, in snake case.</summary>
    /// <param name="endorsements">Where the service identity has changed since: the certificates that lead from the
    /// service key of that time to the newest one, nearest to the node first.</param>
    public string ToJson(params IReadOnlyList<Certificate> endorsements)
    {
        ArgumentNullException.ThrowIfNull(endorsements);
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, plainText))
        {
            json.WriteStartObject();
            if (Acknowledgements is { } acknowledgements) Write(json, acknowledgements);
            json.WriteString("cert", node.ToPem());
            json.WriteBoolean("is_signature_transaction", IsSignatureTransaction);
            if (leaf is null)
            {
                json.WriteString("leaf", LeafDigest.ToString());
            }
            else
            {
                json.WriteStartObject("leaf_components");
                json.WriteString("claims_digest", leaf.Claims.ToString());
                json.WriteString("commit_evidence", leaf.Evidence.Text);
                json.WriteString("write_set_digest", leaf.WriteSetDigest.ToString());
                json.WriteEndObject();
            }

            json.WriteString("node_id", node.KeyDigest.ToString());
            json.WriteStartArray("proof");
            foreach (MerkleStep step in proof.Steps)
            {
                json.WriteStartObject();
                json.WriteString(step.IsLeft ? "left" : "right", step.Sibling.ToString());
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (endorsements.Count > 0)
            {
                json.WriteStartArray("service_endorsements");
                foreach (Certificate endorsement in endorsements) json.WriteStringValue(endorsement.ToPem());
                json.WriteEndArray();
            }

            json.WriteString("signature", Convert.ToBase64String(nodeSignature));
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, ReceiptAcknowledgements acknowledgements)
    {
        json.WriteStartObject("acknowledgements");
        json.WriteString("genesis", acknowledgements.Genesis.ToString());
        json.WriteString("txid", acknowledgements.Block.ToString());
        json.WriteStartArray("nodes");
        foreach (EndorsedAcknowledgement one in acknowledgements.Nodes)
        {
            json.WriteStartObject();
            json.WriteString("key", Convert.ToBase64String(one.By.NodeKey.Span));
            json.WriteString("signature", Convert.ToBase64String(one.By.Signature.Span));
            if (!one.Endorsement.IsEmpty)
                json.WriteString("endorsement", Convert.ToBase64String(one.Endorsement.Span));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The COSE receipt of CCF's <c>/app/receipt/cose</c>: the service's signature with the proof beside
    /// it.</summary>
    /// <remarks>A signature transaction has nothing to prove: its form is the signature with the root inside as
    /// payload,
    /// which any COSE library checks.</remarks>
    public byte[] ToCose() => leaf is null
        ? serviceSignature.WithPayload(LeafDigest.ToArray())
        : serviceSignature.WithUnprotected(new InclusionProof(leaf, proof).EncodeHeader());
}
