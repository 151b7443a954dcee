using System;
using System.Collections.Generic;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>What kind of problem an audit found.</summary>
public enum AuditProblemKind
{
    /// <summary>The ledger ends with writes that did not finish: <see cref="AuditReport.Tail"/>. What comes before
    /// them is whole.</summary>
    TornTail,

    /// <summary>Bytes are not what was written, or were written by nobody who may.</summary>
    Damaged,

    /// <summary>A part of the ledger is not there, or stands in another place.</summary>
    Missing,

    /// <summary>The ledger is whole and is not the one that an anchor tells of.</summary>
    Anchor,
}

/// <summary>One thing that is wrong.</summary>
/// <param name="File">The file, or empty when no file is to blame.</param>
/// <param name="SeqNo">Where in the ledger, when that is known.</param>
/// <param name="Reason">One sentence.</param>
/// <param name="Kind">What kind of problem it is.</param>
public sealed record AuditProblem(string File, SeqNo? SeqNo, string Reason, AuditProblemKind Kind);

/// <summary>The end of a ledger that never became durable: a crash came first, and nothing in the ledger says that it
/// was ever committed. Who writes on cuts it.</summary>
/// <param name="File">The file in which the whole part ends.</param>
/// <param name="Offset">The number of bytes of that file which stay; 0 when nothing of it is whole, not even its
/// header.</param>
/// <param name="First">The seqno at which the tail begins, which is the next one to be written.</param>
/// <param name="Reason">What is missing.</param>
/// <param name="LaterFiles">The files behind that one; they belong to the tail as they are.</param>
public sealed record AuditTail(string File, int Offset, SeqNo First, string Reason, IReadOnlyList<string> LaterFiles);

/// <summary>The verdict on a ledger.</summary>
public sealed record AuditReport
{
    /// <summary>Nothing is wrong.</summary>
    public bool Ok => Problems.Count == 0;

    /// <summary>The ledger was compared with at least one thing that its host does not keep. A prefix of a ledger that
    /// ends at a block is a valid ledger, so without an anchor a cut is not seen.</summary>
    public required bool Anchored { get; init; }

    /// <summary>The first seqno of the ledger; 0 when it has none.</summary>
    public required SeqNo FirstSeqNo { get; init; }

    /// <summary>The last TxID of a whole block; <see cref="TxId.Zero"/> when there is none.</summary>
    public required TxId LastTxId { get; init; }

    /// <summary>The number of transactions, signature transactions included.</summary>
    public required ulong Transactions { get; init; }

    /// <summary>The number of signature transactions, which is that of the blocks.</summary>
    public required ulong Signatures { get; init; }

    /// <summary>The number of epochs: one, and one for each process that went on from the ledger on disk.</summary>
    public required ulong Epochs { get; init; }

    /// <summary>What is wrong, in the order in which it was found; at most <see
    /// cref="LedgerAudit.ProblemsMax"/>.</summary>
    public required IReadOnlyList<AuditProblem> Problems { get; init; }

    /// <summary>The torn tail, when the ledger has one. It is also the one problem of its kind; everything else in the
    /// report is about what stands before it. <see cref="TxId.Zero"/> as last TxID says that nothing does.</summary>
    public AuditTail? Tail { get; init; }

    /// <summary>The genesis block, for what else an auditor asks of it; null when there is none.</summary>
    public required GenesisBlock? Genesis { get; init; }

    /// <summary>The name of the network; null when there is no genesis block.</summary>
    public Digest? GenesisDigest => Genesis?.Digest;

    /// <summary>The certificate in the genesis block; null when there is none.</summary>
    public Certificate? ServiceCertificate => Genesis?.ServiceCertificate;

    /// <summary>The service certificate of the newest epoch; null when there is none.</summary>
    public required Certificate? NewestServiceCertificate { get; init; }
}

/// <summary>Which signatures an audit verifies.</summary>
public enum AuditSignatures
{
    /// <summary>Each one: what an auditor asks for.</summary>
    Every,

    /// <summary>The last one of each epoch. Its root covers every byte before it, older signatures included, so it
    /// vouches for the whole; a change is found, and is named by the block after it. Which node sealed a block stands
    /// in no leaf, and is compared with the node's certificate in each.</summary>
    LastOfEachEpoch,
}

/// <summary>A leaf that must stand in the ledger: what a receipt proves to have been there.</summary>
/// <param name="TxId">The transaction.</param>
/// <param name="Leaf">Its leaf in the Merkle tree.</param>
/// <param name="Source">Where this is known from, for the report.</param>
public sealed record ExpectedLeaf(TxId TxId, Digest Leaf, string Source);

/// <summary>A root that the ledger must have signed: what a receipt of a signature transaction proves.</summary>
/// <param name="Root">The signed root.</param>
/// <param name="Source">Where this is known from, for the report.</param>
public sealed record ExpectedRoot(Digest Root, string Source);

/// <summary>What an auditor knows from elsewhere. Each of them is an anchor.</summary>
public sealed record AuditOptions
{
    /// <summary>Which signatures are verified.</summary>
    public AuditSignatures Signatures { get; init; }

    /// <summary>Takes each block in order, as long as nothing was wrong. With
    /// <see cref="AuditSignatures.LastOfEachEpoch"/> a block comes before the signature that vouches for it: what was
    /// made of them counts only when the report says that all is well.</summary>
    public Action<Block>? Accept { get; init; }

    /// <summary>The certificate of the service in any epoch, as its clients pinned it.</summary>
    public Certificate? ServiceCertificate { get; init; }

    /// <summary>The name of the network.</summary>
    public Digest? Genesis { get; init; }

    /// <summary>A TxID that the ledger must hold.</summary>
    public TxId? Expect { get; init; }

    /// <summary>Leaves of receipts that the ledger must hold.</summary>
    public IReadOnlyList<ExpectedLeaf> Leaves { get; init; } = [];

    /// <summary>Roots of receipts that the ledger must have signed.</summary>
    public IReadOnlyList<ExpectedRoot> Roots { get; init; } = [];

    /// <summary>Whether there is any anchor at all.</summary>
    public bool HasAnchor =>
        ServiceCertificate is not null || Genesis is not null || Expect is not null || Leaves.Count > 0
            || Roots.Count > 0;
}
