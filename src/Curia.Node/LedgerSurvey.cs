using System;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Reads a ledger that cannot be opened: a node that joins takes part in consensus before it holds any
/// secret. Verifies every byte, as an auditor does.</summary>
/// <remarks>One thread. Nothing is believed before <see cref="Finish"/> says so.</remarks>
public sealed class LedgerSurvey
{
    private readonly LedgerAudit audit;
    private bool isWhole;

    /// <summary>Begins with what the operator knows of the network.</summary>
    /// <param name="anchors">The network's name, for example.</param>
    public LedgerSurvey(AuditOptions anchors)
    {
        ArgumentNullException.ThrowIfNull(anchors);
        audit = new LedgerAudit(
            anchors with { Signatures = AuditSignatures.LastOfEachEpoch, Accept = Outline.Add });
    }

    private LedgerSurvey(LedgerReplay replay)
    {
        audit = new LedgerAudit(new AuditOptions());
        Outline = replay.Outline;
        isWhole = true;
    }

    internal LedgerOutline Outline { get; } = new();

    /// <summary>The format of the ledger that a node must be able to read to go on with it.</summary>
    public int Format => Outline.Format;

    /// <summary>The survey of a ledger that was read back already.</summary>
    /// <param name="replay">Finished, and without obstacle.</param>
    public static LedgerSurvey Of(LedgerReplay replay)
    {
        ArgumentNullException.ThrowIfNull(replay);
        return new LedgerSurvey(replay);
    }

    /// <summary>Verifies the next file.</summary>
    /// <param name="fileName">Its name without the folder.</param>
    /// <param name="bytes">The whole file.</param>
    public void AddChunk(string fileName, ReadOnlyMemory<byte> bytes) => audit.AddChunk(fileName, bytes);

    /// <summary>The verdict. No file can follow.</summary>
    public AuditReport Finish()
    {
        AuditReport report = audit.Finish();
        isWhole = report.Ok;
        return report;
    }

    /// <summary>Why a node cannot join with what was read; null when it can.</summary>
    public string? FindObstacle()
    {
        if (!isWhole) return "it did not pass its audit to the end";
        return Outline.Configuration is null ? "no node of it votes" : null;
    }

    /// <summary>Why a node does not join though it could: its owner has not approved by whom and by which rules the
    /// network is governed (DESIGN 1; docs/establishment.md, "Joining later").</summary>
    /// <param name="approved">What the owner has approved; null for nothing.</param>
    /// <returns>Null when it joins.</returns>
    public string? FindObjection(Digest? approved)
    {
        if (approved is null)
            return Outline.Governance.HasCharter ? "it has a charter, and nobody has approved its governance" : null;
        Digest actual = Outline.Governance.Digest;
        return actual == approved
            ? null
            : $"its governance is {actual}, and the owner of this node has approved {approved}";
    }
}
