using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>What a receipt reveals of its transaction: the parts whose digest is the leaf of the Merkle tree.</summary>
/// <param name="WriteSetDigest">SHA-256 of the entry.</param>
/// <param name="Evidence">The commit evidence: only a node that saw the commit reveals it.</param>
/// <param name="Claims">The application's digest of its claims.</param>
internal sealed record ReceiptLeaf(Digest WriteSetDigest, CommitEvidence Evidence, ClaimsDigest Claims)
{
    /// <summary>SHA-256(write set digest ‖ SHA-256(commit evidence) ‖ claims digest).</summary>
    public Digest Digest => LedgerEntry.LeafOf(WriteSetDigest, Evidence.Digest, Claims);
}
