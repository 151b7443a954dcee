using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node;

namespace Curia.Fuzz.Targets;

/// <summary>Whole files: snapshots, and ledgers as an auditor gets them.</summary>
internal static class LedgerTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("snapshot", ["Snapshot.TryDecode", "Snapshot.TryOpen"], TrySnapshot),
        new("audit", ["LedgerAudit.AddChunk", "LedgerReplay.Verify", "LedgerReplay.AddChunk",
            "LedgerSurvey.AddChunk"], TryAudit),
    ];

    private static void TrySnapshot(ReadOnlyMemory<byte> input)
    {
        if (!Snapshot.TryDecode(input, out Snapshot? snapshot)) return;
        using SnapshotWriter writer = new(snapshot.Header, Reference.Secret);
        List<byte> written = [.. writer.Start()];
        foreach (ReadOnlyMemory<byte> frame in snapshot.Public) written.AddRange(writer.Public(frame.Span));
        ImportPublic(snapshot);
        bool genuine = input.Span.SequenceEqual(Reference.Snapshot);
        bool opened = snapshot.TryOpen(Reference.Secret, out IReadOnlyList<byte[]> frames);
        Must.Hold(opened || frames.Count == 0, "what is not opened shows nothing");
        Must.Hold(!opened || frames.Count == snapshot.PrivateCount, "a snapshot is opened as a whole");
        if (!opened)
        {
            Must.Hold(!genuine && snapshot.PrivateCount > 0, "the genuine snapshot is opened");
            Must.BeSame([.. written], input.Span[..written.Count], "start of a snapshot");
            return;
        }

        foreach (byte[] frame in frames) written.AddRange(writer.Private(frame));
        written.AddRange(writer.End());
        Must.BeSame([.. written], input.Span[..written.Count], "snapshot");
        Must.Hold(writer.Digest == snapshot.Digest, "the digest of a snapshot is that of its frames");
        Must.BeSame(snapshot.Receipt.Span, input.Span[^snapshot.Receipt.Length..], "receipt of a snapshot");
    }

    private static void ImportPublic(Snapshot snapshot)
    {
        StateImport import = new();
        foreach (ReadOnlyMemory<byte> frame in snapshot.Public)
        {
            if (!import.TryAdd(frame.Span)) return;
        }

        import.TryFinish(snapshot.Header.TxId, out _);
    }

    private static void TryAudit(ReadOnlyMemory<byte> input)
    {
        List<(string Name, ReadOnlyMemory<byte> Bytes)> files = Files(input);
        foreach (string name in LedgerChunk.InOrder(files.Select(file => file.Name)))
            Must.Hold(LedgerChunk.TryParseName(name, out _), "only names of chunks are put in order");
        Audit(files, new AuditOptions());

        AuditReport pinned = Audit(files, new AuditOptions { ServiceCertificate = Reference.ServiceCertificate });
        byte[] blocks = [.. files.SelectMany(file => file.Bytes[Math.Min(17, file.Bytes.Length)..].ToArray())];
        bool prefix = Reference.LedgerBytes.AsSpan().StartsWith(blocks);
        Must.Hold(!pinned.Ok || prefix, "with the certificate a ledger is a part of what was signed");

        int accepted = 0;
        AuditReport quick = Audit(files, new AuditOptions
        {
            ServiceCertificate = Reference.ServiceCertificate,
            Signatures = AuditSignatures.LastOfEachEpoch,
            Accept = _ => accepted++,
        });
        Must.Hold(quick.Ok == pinned.Ok, "the last signature of an epoch vouches for all before it");
        Must.Hold(!quick.Ok || (ulong)accepted == quick.Signatures, "each block of a whole ledger is accepted");

        AuditReport anchored = Audit(files, new AuditOptions
        {
            ServiceCertificate = Reference.ServiceCertificate,
            Genesis = Reference.Blocks[0].Digest,
            Expect = Reference.Last,
            Leaves = [.. Reference.Entries.Values.Select(entry => new ExpectedLeaf(entry.TxId, entry.Leaf, "leaf"))],
            Roots = [.. Reference.Roots.Select(root => new ExpectedRoot(root, "root"))],
        });
        Must.Hold(!anchored.Ok || blocks.AsSpan().SequenceEqual(Reference.LedgerBytes.AsSpan()),
            "with anchors a ledger is all that was signed");
        Must.Hold(Replay(files) || !pinned.Ok, "what is whole for the auditor is whole for a node that goes on");
        Must.Hold(Survey(files) == pinned.Ok, "what is whole for the auditor is whole for a node that joins");
    }

    // As a node does that starts on a used disk: it opens and applies what is not vouched for yet.
    private static bool Replay(List<(string Name, ReadOnlyMemory<byte> Bytes)> files)
    {
        using LedgerReplay replay = new([Reference.Sealed()]);
        foreach ((string name, ReadOnlyMemory<byte> bytes) in files) replay.AddChunk(name, bytes);
        AuditReport report = replay.Finish();
        if (!report.Ok) return false;
        GenesisSettings settings = new() { Name = "fuzz", Members = [], Users = [] };
        Must.Hold(
            replay.FindObstacle(settings, "virtual") is { Length: > 0 } || !replay.IsAlone,
            "a ledger of no node is not gone on with");
        return true;
    }

    // As a node does that joins: it sees who votes and opens nothing.
    private static bool Survey(List<(string Name, ReadOnlyMemory<byte> Bytes)> files)
    {
        LedgerSurvey survey = new(new AuditOptions { ServiceCertificate = Reference.ServiceCertificate });
        foreach ((string name, ReadOnlyMemory<byte> bytes) in files) survey.AddChunk(name, bytes);
        AuditReport report = survey.Finish();
        Must.Hold(survey.FindObstacle() is { Length: > 0 }, "no node votes in the reference ledger");
        return report.Ok;
    }

    private static AuditReport Audit(List<(string Name, ReadOnlyMemory<byte> Bytes)> files, AuditOptions options)
    {
        LedgerAudit audit = new(options);
        foreach ((string name, ReadOnlyMemory<byte> bytes) in files) audit.AddChunk(name, bytes);
        AuditReport report = audit.Finish();
        Must.Hold(report.Problems.Count <= LedgerAudit.ProblemsMax, "a report is bounded");
        Must.Hold(report.Problems.All(problem => problem.Reason.Length > 0), "a problem has a reason");
        Must.Hold(report.Anchored == options.HasAnchor, "a report says whether there was an anchor");
        return report;
    }

    // A name, then its file, and so on.
    private static List<(string Name, ReadOnlyMemory<byte> Bytes)> Files(ReadOnlyMemory<byte> input)
    {
        List<(string, ReadOnlyMemory<byte>)> files = [];
        List<ReadOnlyMemory<byte>> parts = Parts.Split(input);
        for (int i = 0; i + 1 < parts.Count; i += 2)
            files.Add((Encoding.Latin1.GetString(parts[i].Span), parts[i + 1]));
        return files;
    }
}
