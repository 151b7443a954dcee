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
    private readonly AuditedChain chain;
    private readonly List<AuditProblem> problems = [];
    private GenesisBlock? genesis;
    private ServiceIdentity? service;
    private Unvouched? unvouched;
    private Certificate? newest;
    private bool serviceSeen;
    private ulong epochs;
    private LedgerChunkName? previous;
    private TailSuspicion? suspicion;
    private List<string> laterFiles = [];
    private bool endIsOpen; // the last file read so far does not end with a whole block
    private bool finished;

    /// <summary>An audit with what the auditor knows from elsewhere.</summary>
    public LedgerAudit(AuditOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        anchors = new AuditAnchors(options);
        chain = new AuditedChain(options.Signatures == AuditSignatures.Every);
        if (options.ServiceCertificate is not null) service = new ServiceIdentity(options.ServiceCertificate);
    }

    /// <summary>Verifies the next file.</summary>
    /// <param name="fileName">Its name without the folder; it is part of what is verified.</param>
    /// <param name="bytes">The whole file.</param>
    public void AddChunk(string fileName, ReadOnlyMemory<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        Invariant.Holds(!finished, "an audit that has finished takes no further file");
        if (!TryAcceptName(fileName, out LedgerChunkName name)) return;
        endIsOpen = false;
        if (!LedgerChunk.TryReadHeader(bytes.Span, out SeqNo first, out string reason))
        {
            Unreadable(name, bytes.Span, 0, name.First, reason);
        }
        else if (first != name.First)
        {
            Report(fileName, name.First, $"the file says that it begins at {first}, its name says {name.First}",
                AuditProblemKind.Damaged);
        }

        ReadBlocks(name, bytes);
        if (name.Last is { } last && !endIsOpen && chain.Last.SeqNo != last)
            Report(fileName, chain.Last.SeqNo, $"the file ends at {chain.Last.SeqNo}, its name says {last}",
                AuditProblemKind.Missing);
    }

    /// <summary>The verdict. No file can follow.</summary>
    public AuditReport Finish()
    {
        Invariant.Holds(!finished, "an audit finishes once");
        finished = true;
        VerifyUnvouched();
        AuditTail? tail = suspicion?.Tail;
        if (tail is not null)
        {
            // What was found within the tail goes with it.
            problems.RemoveRange(suspicion!.Problems, problems.Count - suspicion.Problems);
            Report(tail.File, tail.First, $"torn tail from byte {tail.Offset} on: {tail.Reason}",
                AuditProblemKind.TornTail);
        }

        // A genesis block that never became durable is no genesis block: the ledger is as good as new.
        if (tail is { First.Value: 1 }) genesis = null;
        ChainExtent extent = suspicion?.Extent ?? chain.Extent;
        if (previous is null) Report(string.Empty, null, "there is no ledger file", AuditProblemKind.Missing);
        else if (genesis is null && tail is not { First.Value: 1 })
            Report(string.Empty, null, "there is no readable genesis block", AuditProblemKind.Missing);
        if (options.ServiceCertificate is not null && genesis is not null && !serviceSeen)
            Report(string.Empty, null, epochs == 1
                ? "the genesis block names another service key than the certificate given"
                : "no epoch has the service key of the certificate given", AuditProblemKind.Anchor);
        foreach (string missed in (suspicion?.Anchors ?? anchors).Missed(extent.Last))
            Report(string.Empty, null, missed, AuditProblemKind.Anchor);
        return new AuditReport
        {
            Anchored = options.HasAnchor,
            FirstSeqNo = extent.First,
            LastTxId = extent.Last,
            Transactions = extent.Transactions,
            Signatures = extent.Blocks,
            Epochs = epochs,
            Problems = problems,
            Tail = tail,
            Genesis = genesis,
            NewestServiceCertificate = newest,
        };
    }

    private bool TryAcceptName(string fileName, out LedgerChunkName name)
    {
        if (!LedgerChunk.TryParseName(fileName, out name))
        {
            Report(fileName, null, "the name is not that of a ledger file", AuditProblemKind.Damaged);
            return false;
        }

        // A file has its final name only when everything to its end has committed.
        if (!name.IsOpen) suspicion = null;
        if (suspicion is not null) laterFiles.Add(fileName);

        // A complete file keeps its first name until it has committed to its end, so several of the newest may have it.
        SeqNo expected = previous is null ? new SeqNo(1) : previous.Value.Last?.Next ?? chain.Last.SeqNo.Next;
        if (name.First < expected || (name.First > expected && !(endIsOpen && previous!.Value.IsOpen)))
        {
            Report(fileName, name.First, name.First > expected
                ? $"the ledger from {expected} to {name.First.Value - 1} is missing"
                : $"the file begins at {name.First} where {expected} belongs", AuditProblemKind.Missing);
            chain.Break();
        }

        previous = name;
        return true;
    }

    private void ReadBlocks(LedgerChunkName name, ReadOnlyMemory<byte> bytes)
    {
        int offset = LedgerChunk.HeaderSize;
        SeqNo expected = name.First;
        while (offset < bytes.Length)
        {
            endIsOpen = !TryAccept(name.ToString(), expected, bytes[offset..], out Block? block, out string reason);
            if (block is not null && !endIsOpen)
            {
                expected = block.Last.Next;
                offset += block.Bytes.Length;
                continue;
            }

            Unreadable(name, bytes.Span, offset, expected, reason);
            offset = BlockSearch.NextWhole(bytes, offset + 1, expected, out bool gaveUp);

            // A block that nobody looked for may say that the tail was committed, so it is none.
            if (gaveUp) suspicion = null;
            if (offset < bytes.Length && BlockHeader.TryDecode(bytes.Span[offset..], out BlockHeader next, out _))
                expected = next.First;
        }
    }

    private bool TryAccept(
        string file, SeqNo expected, ReadOnlyMemory<byte> rest, out Block? block, out string reason)
    {
        block = null;
        if (!BlockHeader.TryDecode(rest.Span, out BlockHeader header, out reason)) return false;
        reason = $"the block from {header.First} on needs {header.Length} bytes, {rest.Length} are left";
        if (header.Length > rest.Length || !Block.TryDecode(rest[..header.Length], out block, out reason)) return false;

        // Whoever signed this knew what looks torn as durable, so that was whole once.
        if (suspicion is not null && KnownCommitted(block) >= suspicion.Tail.First
            && BlockSearch.IsWhole(block))
        {
            suspicion = null;
        }

        if (block.First != expected)
        {
            Report(file, block.First, $"the block {block.First} to {block.Last} stands where {expected} belongs",
                AuditProblemKind.Missing);
            chain.Break();
        }

        if (block.First.Value == 1) ReadGenesis(file, block);
        else if (block.Entries[0].Type == EntryType.Epoch && !TryReadEpoch(block, out reason)) return false;
        if (!IsSigned(file, block, out reason)) return false;
        if (chain.FindProblem(block) is { } problem) Report(file, block.First, problem, AuditProblemKind.Damaged);
        chain.Add(block);
        if (block.Entries[0].Type is EntryType.Genesis or EntryType.Epoch) BeginEpoch();
        anchors.See(block);
        if (problems.Count == 0) options.Accept?.Invoke(block);
        return true;
    }

    // What its signature calls committed, and what an epoch goes on from.
    private static SeqNo KnownCommitted(Block block) =>
        EpochBlock.TryRead(block, out EpochBlock? epoch) && epoch.Continues.SeqNo > block.Signature.Committed.SeqNo
            ? epoch.Continues.SeqNo
            : block.Signature.Committed.SeqNo;

    private bool IsSigned(string file, Block block, out string reason)
    {
        reason = string.Empty;
        if (service is null) return true;
        if (options.Signatures == AuditSignatures.Every) return service.Verify(block, out reason);
        unvouched = new Unvouched(file, block, service);
        return service.NamesNode(block, out reason);
    }

    private void VerifyUnvouched()
    {
        if (unvouched is not { } last) return;
        unvouched = null;
        if (last.Service.Verify(last.Block, out string reason)) return;
        Report(last.File, last.Block.First, reason, AuditProblemKind.Damaged);
        chain.Break();
    }

    // The identity changes here: what the older one signed last vouches for everything before. A certificate that can
    // be read is taken over in any case, so that a report does not blame what follows.
    private bool TryReadEpoch(Block block, out string reason)
    {
        VerifyUnvouched();
        reason = "the entry that opens an epoch cannot be read";
        if (!EpochBlock.TryRead(block, out EpochBlock? epoch)) return false;

        // After a part that could not be verified there is nothing to compare with but what the epoch says itself.
        (TxId last, Digest root) = chain.IsWhole ? (chain.Last, chain.LastRoot) : (epoch.Continues, epoch.Root);
        string? problem = service is null ? null : epoch.FindProblem(service.Certificate, last, root);
        service = new ServiceIdentity(epoch.ServiceCertificate);
        reason = problem ?? string.Empty;
        return problem is null;
    }

    private void BeginEpoch()
    {
        epochs++;
        newest = service?.Certificate;
        serviceSeen |= newest is not null && options.ServiceCertificate?.KeyDigest == newest.KeyDigest;
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
        service = new ServiceIdentity(read.ServiceCertificate);
        if (!read.ServiceCertificate.IsIssuedBy(read.ServiceCertificate))
            Report(file, block.First, "the service certificate is not signed with its own key",
                AuditProblemKind.Damaged);
    }

    // The first part that cannot be read may be a write that did not finish, unless something after it says otherwise.
    private void Unreadable(LedgerChunkName name, ReadOnlySpan<byte> file, int offset, SeqNo seqNo, string reason)
    {
        chain.Break();
        endIsOpen = true;
        string loss = name.IsOpen && suspicion is null ? TornTail.LossAt(file, offset, name.First) : string.Empty;
        if (loss.Length > 0 && problems.Count < ProblemsMax)
        {
            laterFiles = [];
            AuditTail tail = new(name.ToString(), offset, seqNo, loss, laterFiles);
            suspicion = new TailSuspicion(tail, problems.Count, chain.Extent, anchors.Copy());
        }

        Report(name.ToString(), seqNo, reason, AuditProblemKind.Damaged);
    }

    private void Report(string file, SeqNo? seqNo, string reason, AuditProblemKind kind)
    {
        if (problems.Count < ProblemsMax - 1) problems.Add(new AuditProblem(file, seqNo, reason, kind));
        else if (problems.Count == ProblemsMax - 1)
            problems.Add(new AuditProblem(file, seqNo, "there are more problems than this report lists", kind));
    }

    private sealed record Unvouched(string File, Block Block, ServiceIdentity Service);
}
