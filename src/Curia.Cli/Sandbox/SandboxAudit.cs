using System.Collections.Generic;
using System.Linq;
using Curia.Cli.Commands;
using Curia.Cli.Ledgers;
using Curia.Cli.Networks;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Cli.Sandbox;

/// <summary>The ledgers of all nodes of a sandbox, when they have stopped: each is whole, and none contradicts
/// another.</summary>
/// <param name="sandbox">Whose.</param>
/// <param name="genesis">The name of the network.</param>
/// <param name="expect">A transaction that was seen committed.</param>
/// <param name="receipts">Receipts that clients hold.</param>
internal sealed class SandboxAudit(SandboxFile sandbox, Digest genesis, TxId expect, IReadOnlyList<string> receipts)
{
    private readonly string servicePath = sandbox.PathOf(sandbox.ServiceCertificate);

    /// <summary>Verifies all of them.</summary>
    /// <returns>The verdict on the longest one.</returns>
    public AuditReport Run(IReadOnlyList<LocalNode> nodes)
    {
        Certificate service = LedgerCommands.ReadCertificate(servicePath);
        List<ExpectedRoot> ends = [];
        Dictionary<LocalNode, AuditReport> reports = [];
        foreach (LocalNode node in nodes)
        {
            Digest? root = null;
            AuditReport report = LedgerFolder.Open(node.LedgerPath).Audit(new AuditOptions
            {
                ServiceCertificate = nodes.Count == 1 ? service : null, // a node that was lost may not know the newest
                Genesis = genesis,
                Accept = block => root = block.Signature.Root,
            });
            RefuseProblems(node, report);
            reports[node] = report;
            if (root is { } end) ends.Add(new ExpectedRoot(end, $"the ledger of {node.Name}"));
        }

        int holding = reports.Values.Count(report => report.LastTxId >= expect);
        if (holding * 2 <= nodes.Count)
            throw CommandFailure.Refused($"{expect} was committed, and stands in {holding} of {nodes.Count} ledgers.");
        LocalNode longest = nodes.MaxBy(node => reports[node].LastTxId)!;
        ReceiptAnchors anchors = new();
        ServiceKeys keys = ReceiptCommands.WithEndorsed(ServiceKeys.Of(service), null, [servicePath]);
        foreach (string receipt in receipts) anchors.Add(receipt, keys);
        AuditReport verdict = LedgerFolder.Open(longest.LedgerPath).Audit(new AuditOptions
        {
            ServiceCertificate = service,
            Genesis = genesis,
            Expect = expect,
            Leaves = anchors.Leaves,
            Roots = [.. anchors.Roots, .. ends],
        });
        RefuseProblems(longest, verdict);
        return verdict;
    }

    // A node that was killed leaves a block behind that it was just writing; it would cut it when it starts again.
    private static void RefuseProblems(LocalNode node, AuditReport report)
    {
        bool wasKilled = node.Process is not { ExitCode: ExitCode.Done };
        AuditProblem? problem = report.Problems.FirstOrDefault(
            one => !wasKilled || one.Kind != AuditProblemKind.TornTail);
        if (problem is not null)
            throw CommandFailure.Refused(
                $"the ledger of {node.Name}: {problem.File}, seqno {problem.SeqNo}: {problem.Reason}");
    }
}
