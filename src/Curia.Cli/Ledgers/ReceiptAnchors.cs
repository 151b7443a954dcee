using System.Collections.Generic;
using System.IO;
using Curia.Cli.Files;
using Curia.Ledger;

namespace Curia.Cli.Ledgers;

/// <summary>What receipts prove to have been in a ledger.</summary>
internal sealed class ReceiptAnchors
{
    /// <summary>No receipt is longer: a path has one step for each level of the tree; the rest is room for
    /// statements.</summary>
    public const long FileBytesMax = 16 << 20;

    private readonly List<ExpectedLeaf> leaves = [];
    private readonly List<ExpectedRoot> roots = [];

    /// <summary>Leaves that the ledger must hold.</summary>
    public IReadOnlyList<ExpectedLeaf> Leaves => leaves;

    /// <summary>Roots that the ledger must have signed.</summary>
    public IReadOnlyList<ExpectedRoot> Roots => roots;

    /// <summary>Verifies a receipt and adds what it proves.</summary>
    /// <exception cref="CommandFailure">The receipt is not valid, so it proves nothing.</exception>
    public void Add(string path, ServiceKeys keys)
    {
        byte[] file = InputFile.Read(path, FileBytesMax);
        ReceiptReport report = ReceiptVerifier.Verify(file, new ReceiptVerifyOptions { Keys = keys });
        if (report.Verdict == ReceiptVerdict.Incomplete && keys.IsEmpty)
            throw CommandFailure.WrongUsage("--receipt proves something only together with --service-cert PEM.");
        if (report.Verdict != ReceiptVerdict.Valid)
            throw CommandFailure.Refused(
                $"{path} is no anchor: {ReceiptReport.Name(report.Verdict)}, {report.Reason}.");
        foreach (ReceiptFinding receipt in report.Receipts)
        {
            if (receipt.Verdict != ReceiptVerdict.Valid) continue;
            if (receipt is { TxId: { } txId, Leaf: { } leaf })
                leaves.Add(new ExpectedLeaf(txId, leaf, Path.GetFileName(path)));
            else if (receipt.Root is { } root) roots.Add(new ExpectedRoot(root, Path.GetFileName(path)));
        }
    }
}
