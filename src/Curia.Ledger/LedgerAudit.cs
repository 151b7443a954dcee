using System;
using System.Collections.Generic;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>Verifies a ledger from its files alone: no node, no key. Files come in one by one in the order of their
/// names.</summary>
/// <remarks>One thread at a time. Memory: one file, and a few bytes for each block that has not been called committed
/// yet. After a damaged part it goes on with the next block that verifies by itself, so a report names every part that
/// is wrong. docs/ledger-format.md, "Audit".</remarks>
public sealed class LedgerAudit
{
    /// <summary>The most problems that a report lists; a ledger with more is not worth the rest.</summary>
    public const int ProblemsMax = 100;

    private readonly AuditOptions options;
    private readonly AuditAnchors anchors;
    private readonly AuditedChain chain = new();
    private readonly List<AuditProblem> problems = [];
    private GenesisBlock? genesis;
    private ServiceIdentity? service;
    private Unvouched? unvouched;
    private bool serviceSeen;
    private ulong epochs;
    private LedgerChunkName? previous;
    private PendingTail? tail;
    private bool finished;

    /// <summary>An audit with what the auditor knows from elsewhere.</summary>
    public LedgerAudit(AuditOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        anchors = new AuditAnchors(options);
        if (options.ServiceCertificate is not null) service = new ServiceIdentity(options.ServiceCertificate);
    }

    /// <summary>Verifies the next file.</summary>
    /// <param name="fileName">Its name without the folder; it is part of what is verified.</param>
    /// <param name="bytes">The whole file.</param>
    public void AddChunk(string fileName, ReadOnlyMemory<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        Invariant.Holds(!finished, "an audit that has finished takes no further file");
        if (tail is { } unfinished)
        {
            Report(unfinished.File, unfinished.SeqNo, unfinished.ReasonWithin, AuditProblemKind.Damaged);
            tail = null;
        }

        if (!TryAcceptName(fileName, out LedgerChunkName name)) return;
        if (!LedgerChunk.TryReadHeader(bytes.Span, out SeqNo first, out string reason))
        {
            bool torn = name.IsOpen && LedgerChunk.IsCutHeader(bytes.Span, name.First);
            Unreadable(fileName, 0, name.First, reason, torn);
            return;
        }

        if (first != name.First)
            Report(fileName, first, $"the file says that it begins at {first}, its name says {name.First}",
                AuditProblemKind.Damaged);
        ReadBlocks(fileName, name, bytes);
        if (name.Last is { } last && tail is null && chain.Last.SeqNo != last)
            Report(fileName, chain.Last.SeqNo, $"the file ends at {chain.Last.SeqNo}, its name says {last}",
                AuditProblemKind.Missing);
    }

    /// <summary>The verdict. No file can follow.</summary>
    public AuditReport Finish()
    {
        Invariant.Holds(!finished, "an audit finishes once");
        finished = true;
        VerifyUnvouched();
        if (tail is { } torn) Report(torn.File, torn.SeqNo, torn.ReasonAtEnd, torn.KindAtEnd);
        if (previous is null) Report(string.Empty, null, "there is no ledger file", AuditProblemKind.Missing);
        else if (genesis is null)
            Report(string.Empty, null, "there is no readable genesis block", AuditProblemKind.Missing);
        if (options.ServiceCertificate is not null && genesis is not null && !serviceSeen)
            Report(string.Empty, null, epochs == 1
                ? "the genesis block names another service key than the certificate given"
                : "no epoch has the service key of the certificate given", AuditProblemKind.Anchor);
        foreach (string missed in anchors.Missed(chain.Last))
            Report(string.Empty, null, missed, AuditProblemKind.Anchor);
        return new AuditReport
        {
            Anchored = options.HasAnchor,
            FirstSeqNo = chain.First,
            LastTxId = chain.Last,
            Transactions = chain.Transactions,
            Signatures = chain.Blocks,
            Epochs = epochs,
            Problems = problems,
            Tail = tail is { Torn: true } cut ? new AuditTail(cut.File, cut.Offset, cut.SeqNo, cut.Reason) : null,
            GenesisDigest = genesis?.Digest,
            ServiceCertificate = genesis?.ServiceCertificate,
            NewestServiceCertificate = epochs == 0 ? null : service?.Certificate,
        };
    }

    private bool TryAcceptName(string fileName, out LedgerChunkName name)
    {
        if (!LedgerChunk.TryParseName(fileName, out name))
        {
            Report(fileName, null, "the name is not that of a ledger file", AuditProblemKind.Damaged);
            return false;
        }

        // A complete file keeps its first name until it has committed to its end, so several of the newest may have it.
        SeqNo expected = previous is null ? new SeqNo(1) : previous.Value.Last?.Next ?? chain.Last.SeqNo.Next;
        if (name.First != expected)
        {
            Report(fileName, name.First, name.First > expected
                ? $"the ledger from {expected} to {name.First.Value - 1} is missing"
                : $"the file begins at {name.First} where {expected} belongs", AuditProblemKind.Missing);
            chain.Break();
        }

        previous = name;
        return true;
    }

    private void ReadBlocks(string file, LedgerChunkName name, ReadOnlyMemory<byte> bytes)
    {
        int offset = LedgerChunk.HeaderSize;
        SeqNo expected = name.First;
        while (offset < bytes.Length)
        {
            ReadOnlyMemory<byte> rest = bytes[offset..];
            if (!BlockHeader.TryDecode(rest.Span, out BlockHeader header, out string reason))
            {
                bool torn = name.IsOpen && (rest.Length < Block.HeaderSize || rest.Span.IndexOfAnyExcept((byte)0) < 0);
                Unreadable(file, offset, expected, reason, torn);
                return;
            }

            if (header.Length > rest.Length)
            {
                bool torn = name.IsOpen && header.First == expected && !EndsWithSignature(rest, header);
                reason = $"the block from {header.First} on needs {header.Length} bytes, {rest.Length} are left";
                Unreadable(file, offset, expected, reason, torn);
                return;
            }

            if (name.IsOpen && header.Length == rest.Length && EndsUnwritten(rest.Span))
            {
                reason = $"the block {header.First} to {header.Last} ends with bytes that were never written";
                Unreadable(file, offset, expected, reason, torn: true);
                return;
            }

            ReadBlock(file, expected, rest[..header.Length]);
            expected = header.Last.Next;
            offset += header.Length;
        }
    }

    // A file can be longer than what reached the disk, and reads as zeros there. A block ends with the frontier, so at
    // most the last peak is zero (leaf 0, in the genesis block) and never the count before it.
    private static bool EndsUnwritten(ReadOnlySpan<byte> block) =>
        block[^(Digest.Size + 1)..].IndexOfAnyExcept((byte)0) < 0;

    // Whether all entries of the block are there although its length says otherwise: then the length is wrong, and
    // nothing was torn off.
    private static bool EndsWithSignature(ReadOnlyMemory<byte> rest, BlockHeader header)
    {
        ReadOnlyMemory<byte> entries = rest[Block.HeaderSize..];
        for (ulong count = 0; count < header.Count; count++)
        {
            if (!LedgerEntry.TryReadLength(entries.Span, out int length, out _) || length > entries.Length)
                return false;
            entries = entries[length..];
        }

        return true;
    }

    private void ReadBlock(string file, SeqNo expected, ReadOnlyMemory<byte> bytes)
    {
        if (!Block.TryDecode(bytes, out Block? block, out string reason))
        {
            Report(file, expected, reason, AuditProblemKind.Damaged);
            chain.Break();
            return;
        }

        if (block.First != expected)
        {
            Report(file, block.First, $"the block {block.First} to {block.Last} stands where {expected} belongs",
                AuditProblemKind.Missing);
            chain.Break();
        }

        if (block.First.Value == 1) ReadGenesis(file, block);
        else if (block.Entries[0].Type == EntryType.Epoch) ReadEpoch(file, block);
        if (!IsSigned(file, block)) return;
        if (chain.FindProblem(block) is { } problem) Report(file, block.First, problem, AuditProblemKind.Damaged);
        chain.Add(block);
        anchors.See(block);
        if (problems.Count == 0) options.Accept?.Invoke(block);
    }

    private bool IsSigned(string file, Block block)
    {
        if (service is null) return true;
        if (options.Signatures == AuditSignatures.LastOfEachEpoch)
        {
            unvouched = new Unvouched(file, block, service);
            return true;
        }

        if (service.Verify(block, out string reason)) return true;
        Report(file, block.First, reason, AuditProblemKind.Damaged);
        chain.Break();
        return false;
    }

    private void VerifyUnvouched()
    {
        if (unvouched is not { } last) return;
        unvouched = null;
        if (last.Service.Verify(last.Block, out string reason)) return;
        Report(last.File, last.Block.First, reason, AuditProblemKind.Damaged);
        chain.Break();
    }

    // The identity changes here: what the older one signed last vouches for everything before.
    private void ReadEpoch(string file, Block block)
    {
        VerifyUnvouched();
        if (!EpochBlock.TryRead(block, out EpochBlock? epoch))
        {
            Report(file, block.First, "the entry that opens an epoch cannot be read", AuditProblemKind.Damaged);
            return;
        }

        // After a part that could not be verified there is nothing to compare with but what the epoch says itself.
        (TxId last, Digest root) = chain.IsWhole ? (chain.Last, chain.LastRoot) : (epoch.Continues, epoch.Root);
        if (service is not null && epoch.FindProblem(service.Certificate, last, root) is { } problem)
        {
            Report(file, block.First, problem, AuditProblemKind.Damaged);
            return;
        }

        Begin(epoch.ServiceCertificate);
    }

    private void Begin(Certificate certificate)
    {
        epochs++;
        service = new ServiceIdentity(certificate);
        serviceSeen |= options.ServiceCertificate?.KeyDigest == certificate.KeyDigest;
    }

    private void ReadGenesis(string file, Block block)
    {
        if (!GenesisBlock.TryRead(block, out GenesisBlock? read))
        {
            Report(file, block.First, "the first block is not a genesis block", AuditProblemKind.Damaged);
            return;
        }

        if (genesis is not null) return; // a second one stands in the wrong place, which is reported already
        genesis = read;
        if (options.Genesis is { } name && name != read.Digest)
            Report(file, block.First, $"the genesis digest is {read.Digest} and not {name}", AuditProblemKind.Anchor);
        Begin(read.ServiceCertificate);
        if (!read.ServiceCertificate.IsIssuedBy(read.ServiceCertificate))
            Report(file, block.First, "the service certificate is not signed with its own key",
                AuditProblemKind.Damaged);
    }

    // What cannot be read at the end of the newest file may be a write that did not finish; whether it is the newest
    // one is known with the next file or at the end.
    private void Unreadable(string file, long offset, SeqNo seqNo, string reason, bool torn)
    {
        chain.Break();
        tail = new PendingTail(file, offset, seqNo, reason, torn);
    }

    private void Report(string file, SeqNo? seqNo, string reason, AuditProblemKind kind)
    {
        if (problems.Count < ProblemsMax - 1) problems.Add(new AuditProblem(file, seqNo, reason, kind));
        else if (problems.Count == ProblemsMax - 1)
            problems.Add(new AuditProblem(file, seqNo, "there are more problems than this report lists", kind));
    }

    private sealed record Unvouched(string File, Block Block, ServiceIdentity Service);

    private sealed record PendingTail(string File, long Offset, SeqNo SeqNo, string Reason, bool Torn)
    {
        public string ReasonWithin => $"damaged within the ledger: {Reason}";

        public string ReasonAtEnd => Torn ? $"torn tail: {Reason}" : $"damaged: {Reason}";

        public AuditProblemKind KindAtEnd => Torn ? AuditProblemKind.TornTail : AuditProblemKind.Damaged;
    }
}
