using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Attestation;
using Curia.Cli.Terminal;
using Curia.Governance;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Cli.Ledgers;

/// <summary>The establishment that a ledger records in its genesis block.</summary>
internal static class RecordedEstablishment
{
    /// <summary>Runs it again.</summary>
    /// <param name="genesis">The genesis block, of which an audit says whether its service signed it.</param>
    /// <returns>Null where none is recorded, or there is no genesis block.</returns>
    public static EstablishmentReport? Audit(GenesisBlock? genesis) => genesis is null
        ? null
        : EstablishmentAudit.Run(new GenesisRecord(
            genesis.PublicWrites, !genesis.Block.Entries[0].SealedPrivate.IsEmpty, genesis.ServiceCertificate,
            genesis.Block.NodeId, genesis.Block.Signature.Time));

    /// <summary>What is wrong with it, as problems of the ledger.</summary>
    public static IEnumerable<AuditProblem> ProblemsOf(EstablishmentReport report, LedgerFolder ledger) =>
        report.Problems.Select(problem => new AuditProblem(
            ledger.Names[0], new SeqNo(1), Screen.Visible($"the establishment does not hold: {problem}"),
            AuditProblemKind.Damaged));

    /// <summary>The JSON of a verdict (docs/commands.md).</summary>
    public static JsonObject JsonOf(EstablishmentReport report) => new()
    {
        ["ok"] = report.IsSound,
        ["network"] = report.Charter?.Content.Name,
        ["charter"] = report.Charter?.Digest.ToString(),
        ["attempt"] = report.Attempt,
        ["at"] = report.At.ToString("O"),
        ["weakest_platform"] = report.Charter is null ? null : report.WeakestPlatform,
        ["insecure"] = report.IsInsecure,
        ["founders"] = new JsonArray([.. report.Founders.Select(founder => new JsonObject
        {
            ["slot"] = founder.Slot,
            ["owner"] = founder.Owner,
            ["node"] = founder.Node?.ToString(),
            ["platform"] = founder.Platform,
            ["insecure"] = founder.IsInsecure,
            ["measurement"] = founder.Measurement?.ToString(),
            ["checks"] = JsonOf(founder.Checks),
        })]),
        ["checks"] = JsonOf(report.Checks),
    };

    private static JsonArray JsonOf(IEnumerable<Check> checks) =>
    [
        .. checks.Select(check => new JsonObject
        {
            ["name"] = check.Name,
            ["passed"] = check.Passed,
            ["detail"] = check.Detail,
        }),
    ];
}
