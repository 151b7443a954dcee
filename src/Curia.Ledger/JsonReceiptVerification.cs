using System;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The five steps of anchors/ccf.md 4.1, in its order: claims, leaf, path, node signature, chain to the
/// service.</summary>
internal static class JsonReceiptVerification
{
    public const string Kind = "json";

    /// <summary>The finding on one JSON receipt.</summary>
    public static ReceiptFinding Verify(ReadOnlyMemory<byte> file, ReceiptVerifyOptions options, ClaimsDigest? revealed)
    {
        ReceiptFinding unread = new(Kind, ReceiptVerdict.Invalid, "");
        if (JsonReceipt.Read(file, revealed, out string reason) is not { } receipt) return unread.Refuse(reason);
        ReceiptLeaf? leaf = receipt.Leaf;
        Digest leafDigest = leaf?.Digest ?? receipt.GivenLeaf!.Value;
        Digest root = receipt.Proof.Fold(leafDigest);
        ReceiptFinding finding = unread with
        {
            TxId = leaf?.Evidence.TxId,
            ProvesCommit = leaf is not null,
            Claims = leaf?.Claims,
            Leaf = leafDigest,
            Root = root,
        };
        if (ClaimsProblem(receipt, revealed) is { } problem) return finding.Refuse(problem);
        if (receipt.GivenRoot is { } given && given != root)
            return finding.Refuse("root: the proof does not lead to the root given");
        if (receipt.Node is not { } node)
            return finding.Lacks(
                "certificate: the receipt brings no node certificate, so its signature cannot be checked");
        if (node.KeyDigest != receipt.NodeId)
            return finding.Refuse("node id: it is not that of the key in the certificate");

        // The root is the digest that was signed, not a message to be hashed once more.
        if (!node.Key.VerifyHashDer(root.ToArray(), receipt.Signature))
            return finding.Refuse("signature: it is not the node's over the root that leaf and proof give");
        if (finding.TxId is { } txId && receipt.EnvelopeTxId is { } named && named != txId)
            return finding.Refuse($"txid: the envelope says {named}, the commit evidence {txId}");
        ReceiptDiversity diversity = options.Diversity;
        if (!diversity.IsAsked || !options.Keys.IsEmpty)
            finding = Endorsed(finding, receipt, options.Keys, revealed ?? receipt.EnvelopeClaims);
        return diversity.IsAsked && (options.Keys.IsEmpty || finding.Verdict == ReceiptVerdict.Valid)
            ? diversity.Judge(finding, receipt.Acknowledgements)
            : finding;
    }

    // A claims digest in the receipt must be that of every claim revealed; one left out was filled from them.
    private static string? ClaimsProblem(JsonReceipt receipt, ClaimsDigest? revealed)
    {
        if (receipt.Leaf is not { } leaf) return null;
        if (revealed is { } file && file != leaf.Claims) return "claims digest: it is not that of the claims given";
        if (receipt.EnvelopeClaims is { } envelope && envelope != leaf.Claims)
            return "claims digest: it is not that of the claims in the file";
        return null;
    }

    private static ReceiptFinding Endorsed(
        ReceiptFinding finding, JsonReceipt receipt, ServiceKeys keys, ClaimsDigest? revealed)
    {
        Certificate last = receipt.Node!;
        foreach (Certificate endorsement in receipt.Endorsements)
        {
            if (keys.HaveSigned(last)) break; // a key that is trusted needs no newer one to speak for it
            if (!last.IsIssuedBy(endorsement))
                return finding.Refuse(
                    "endorsement: the service endorsements are not a chain from the node's certificate");
            last = endorsement;
        }

        if (!keys.HaveSigned(last))
        {
            return keys.IsEmpty
                ? finding.Lacks("service certificate: none was given, so nobody is known to have endorsed the node")
                : finding.Refuse("endorsement: no given service key signed the certificate chain of the node");
        }

        if (revealed is not null && finding.Claims is null)
            return finding.Lacks("claims: the receipt shows a bare leaf, which binds no claims that can be checked");
        return finding.Accept(finding.ProvesCommit
            ? $"committed: node {receipt.NodeId} signed the root and the service endorsed the node"
            : receipt.IsSignatureTransaction
                ? "signature transaction: the receipt proves signing, not commit"
                : "no commit evidence: the receipt proves signing, not commit");
    }
}
