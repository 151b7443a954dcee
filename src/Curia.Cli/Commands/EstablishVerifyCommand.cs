using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Attestation;
using Curia.Cli.Charters;
using Curia.Cli.Ledgers;
using Curia.Cli.Terminal;
using Curia.Governance;
using Curia.Ledger;

namespace Curia.Cli.Commands;

/// <summary><c>curia establish verify</c>: runs an establishment again from the genesis block of a ledger, years later
/// and offline.</summary>
internal sealed class EstablishVerifyCommand
{
    private readonly Argument<string> folder =
        new("DIR") { Description = "The folder of the ledger, or a sandbox." };

    private readonly Option<string> charter = new("--charter")
    {
        Description = "The charter by which it must have been founded; fields that differ are shown.",
        HelpName = "FILE",
    };

    private readonly Option<string> genesis = new("--genesis")
    {
        Description = "The digest of the genesis block: the name of the network.",
        HelpName = "DIGEST",
    };

    public static Command Build()
    {
        EstablishVerifyCommand options = new();
        Command verify = new(
            "verify", "Verify offline how a network was founded: all that each founder asked of each other one.")
        {
            options.folder, options.charter, options.genesis,
        };
        verify.SetAction(options.Run);
        return verify;
    }

    private int Run(ParseResult parsed)
    {
        Charter? mine = parsed.GetValue(charter) is { } path ? CharterFile.Read(path) : null;
        AuditOptions options = new()
        {
            Genesis = parsed.GetValue(genesis) is { } digest ? LedgerCommands.ParseDigest(digest) : null,
        };
        LedgerFolder ledger = LedgerCommands.OpenLedger(parsed.GetValue(folder)!);
        AuditReport audit = ledger.AuditGenesis(options);
        EstablishmentReport? report = RecordedEstablishment.Audit(audit.Genesis);
        IReadOnlyList<CharterDifference> differences = mine is not null && report?.Charter is { } recorded
            ? CharterDifference.Between(mine, recorded)
            : [];
        string reason = ReasonOf(audit, report, differences);
        bool isAnchored = mine is not null || options.Genesis is not null;
        Screen screen = Screen.For(parsed);
        if (screen.Json)
        {
            Screen.Document(new JsonObject
            {
                ["ok"] = reason.Length == 0,
                ["reason"] = reason,
                ["anchored"] = isAnchored,
                ["genesis"] = audit.GenesisDigest?.ToString(),
                ["establishment"] = report is null ? null : RecordedEstablishment.JsonOf(report),
                ["differences"] = new JsonArray([.. differences.Select(one => new JsonObject
                {
                    ["path"] = one.Path,
                    ["given"] = one.Left,
                    ["recorded"] = one.Right,
                })]),
                ["problems"] = LedgerCommands.JsonOf(audit.Problems),
            });
        }
        else
        {
            Print(screen, audit, report, differences);
            string sound = report is { IsInsecure: true }
                ? "[yellow]sound, and INSECURE: virtual platforms prove nothing[/]"
                : "[green]sound[/]";
            string unanchored = isAnchored
                ? ""
                : "; nothing shows that it is the network you mean: compare the digest of its charter, or give "
                    + "--charter or --genesis";
            screen.Line(reason.Length == 0 ? sound + unanchored : $"[red]refused: {Screen.Escape(reason)}[/]");
        }

        return reason.Length == 0 ? ExitCode.Done : ExitCode.Refused;
    }

    // The first that is wrong, from what all the rest stands on.
    private static string ReasonOf(
        AuditReport audit, EstablishmentReport? report, IReadOnlyList<CharterDifference> differences)
    {
        if (audit.Problems.Count > 0) return Screen.Visible(LedgerCommands.Line(audit.Problems[0]));
        if (report is null) return "the network was begun by one node: its genesis block has no charter";
        if (report.Problems.FirstOrDefault() is { } problem) return Screen.Visible(problem);
        return differences.Count == 0
            ? ""
            : $"it was founded by the charter {report.Charter!.Digest}, which differs from the one given in "
                + string.Join(", ", differences.Take(3).Select(one => Screen.Visible(one.Path)))
                + (differences.Count > 3 ? $" and {differences.Count - 3} more" : "");
    }

    private static void Print(
        Screen screen, AuditReport audit, EstablishmentReport? report, IReadOnlyList<CharterDifference> differences)
    {
        foreach (AuditProblem problem in audit.Problems)
            screen.Verbatim(Screen.Visible(LedgerCommands.Line(problem)));
        if (audit.GenesisDigest is { } digest) screen.Verbatim($"genesis {digest}");
        if (report is null) return;
        screen.Verbatim($"signed  {report.At:yyyy-MM-dd HH:mm:ss}Z"
            + (report.Attempt is { } attempt ? $", attempt {attempt}" : ""));
        Print(screen, report.Checks);
        foreach (EstablishedFounder founder in report.Founders)
        {
            screen.Line();
            screen.Verbatim(Screen.Visible($"{founder.Slot}, of {founder.Owner}"), style: "1");
            screen.Verbatim($"  node         {founder.Node?.ToString() ?? "none"}");
            screen.Line($"  platform     {Screen.Escape(founder.Platform)}"
                + (founder.IsInsecure ? "  [yellow]INSECURE: simulated, and proves nothing[/]" : ""));
            screen.Verbatim($"  measurement  {founder.Measurement?.ToString() ?? "none that is vouched for"}");
            Print(screen, founder.Checks);
        }

        screen.Line();
        foreach (CharterDifference one in differences)
        {
            screen.Verbatim(Screen.Visible(one.Path), style: "1");
            screen.Verbatim($"  given     {Screen.Visible(one.Left ?? "is not there")}");
            screen.Verbatim($"  recorded  {Screen.Visible(one.Right ?? "is not there")}");
        }

        if (report.Charter is not null)
        {
            screen.Line($"Who breaks one platform reads everything; the weakest that the charter takes: "
                + $"{Screen.Escape(report.WeakestPlatform)}.");
        }
    }

    private static void Print(Screen screen, IReadOnlyList<Check> checks)
    {
        int width = checks.Max(check => check.Name.Length);
        foreach (Check check in checks)
        {
            string mark = check.Passed ? "[green]✓[/]" : "[red]✗[/]";
            screen.Line($"  {mark} {check.Name.PadRight(width)}  {Screen.Escape(Screen.Visible(check.Detail))}");
        }
    }
}
