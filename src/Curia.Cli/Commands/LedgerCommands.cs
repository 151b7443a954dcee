using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Cli.Ledgers;
using Curia.Cli.Networks;
using Curia.Cli.Terminal;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Cli.Commands;

/// <summary><c>curia ledger verify</c> and <c>curia ledger show</c>.</summary>
internal static class LedgerCommands
{
    public static Command Build() => new("ledger", "Ledgers: the files of a node.") { BuildVerify(), BuildShow() };

    private static Argument<string> Folder() => new("DIR") { Description = "The folder of the ledger, or a sandbox." };

    private static Command BuildVerify()
    {
        Argument<string> folder = Folder();
        Option<string> serviceCertificate = new("--service-cert")
        {
            Description = "The certificate of the service that must have signed everything.",
            HelpName = "PEM",
        };
        Option<string> genesis = new("--genesis")
        {
            Description = "The digest of the genesis block: the name of the network.",
            HelpName = "DIGEST",
        };
        Option<string> expect = new("--expect")
        {
            Description = "A transaction that must be there.",
            HelpName = "TXID",
        };
        Option<string[]> receipt = new("--receipt")
        {
            Description = "A receipt of a transaction that must be there; needs --service-cert.",
            HelpName = "FILE",
        };
        Option<string[]> endorsements = ReceiptCommands.EndorsementsOption();
        Option<bool> unanchored = new("--unanchored")
        {
            Description = "Accept a ledger that is compared with nothing from outside: a cut cannot be seen then.",
        };
        Command verify =
            new("verify", "Verify the files of a ledger offline: every digest, every signature, every position.")
        {
            folder, serviceCertificate, genesis, expect, receipt, endorsements, unanchored,
        };
        verify.SetAction(parsed =>
        {
            Certificate? service = parsed.GetValue(serviceCertificate) is string pem ? ReadCertificate(pem) : null;
            ReceiptAnchors anchors = new();
            ServiceKeys keys = service is null
                ? ServiceKeys.None
                : ReceiptCommands.WithEndorsed(ServiceKeys.Of(service), parsed.GetValue(endorsements),
                    [parsed.GetValue(serviceCertificate)!]);
            foreach (string path in parsed.GetValue(receipt) ?? []) anchors.Add(path, keys);
            return Verify(Screen.For(parsed), parsed.GetValue(folder)!, parsed.GetValue(unanchored), new AuditOptions
            {
                ServiceCertificate = service,
                Genesis = parsed.GetValue(genesis) is string digest ? ParseDigest(digest) : null,
                Expect = parsed.GetValue(expect) is string txId ? ReceiptCommands.ParseTxId(txId) : null,
                Leaves = anchors.Leaves,
                Roots = anchors.Roots,
            });
        });
        return verify;
    }

    private static Command BuildShow()
    {
        Argument<string> folder = Folder();
        Option<ulong?> from = new("--from") { Description = "The first seqno to show.", HelpName = "A" };
        Option<ulong?> to = new("--to") { Description = "The last seqno to show.", HelpName = "B" };
        Option<string> keys = new("--keys")
        {
            Description = "Disclosed data keys, which open the private writes of their periods.",
            HelpName = "FILE",
        };
        Command show =
            new("show", "Show the transactions of a ledger: public writes in clear, of private ones size and digest.")
        {
            folder, from, to, keys,
        };
        show.SetAction(parsed =>
        {
            SeqNo first = new(parsed.GetValue(from) ?? 0);
            SeqNo last = new(parsed.GetValue(to) ?? ulong.MaxValue);
            if (last < first) throw CommandFailure.WrongUsage("--to is before --from.");
            using DataKeys? disclosed = parsed.GetValue(keys) is string path ? DataKeys.Read(path) : null;
            return new LedgerListing(Screen.For(parsed), disclosed).Print(
                LedgerFolder.Open(parsed.GetValue(folder)!), first, last);
        });
        return show;
    }

    /// <summary>The service certificate of a PEM file.</summary>
    public static Certificate ReadCertificate(string path) =>
        Certificate.TryFromDer(Network.ReadCertificates(path)[0].RawData, out Certificate? certificate)
            ? certificate!
            : throw CommandFailure.Environment(
                $"{path} holds no service certificate: its key is not on P-256, P-384 or P-521.");

    /// <summary>The JSON of a verdict (DESIGN 7).</summary>
    private static JsonObject JsonOf(AuditReport report, EstablishmentReport? establishment) => new()
    {
        ["ok"] = report.Ok,
        ["anchored"] = report.Anchored,
        ["first_seqno"] = report.LastTxId == TxId.Zero ? null : report.FirstSeqNo.Value,
        ["last_txid"] = report.LastTxId == TxId.Zero ? null : report.LastTxId.ToString(),
        ["transactions"] = report.Transactions,
        ["signatures"] = report.Signatures,
        ["epochs"] = report.Epochs,
        ["genesis"] = report.GenesisDigest?.ToString(),
        ["establishment"] = establishment is null ? null : RecordedEstablishment.JsonOf(establishment),
        ["problems"] = JsonOf(report.Problems),
    };

    /// <summary>The JSON of what is wrong with a ledger.</summary>
    public static JsonArray JsonOf(IEnumerable<AuditProblem> problems) =>
    [
        .. problems.Select(problem => new JsonObject
        {
            ["file"] = problem.File,
            ["seqno"] = problem.SeqNo?.Value,
            ["reason"] = problem.Reason,
        }),
    ];

    /// <summary>The digest of a genesis block, as an option has it.</summary>
    public static Digest ParseDigest(string text) => Digest.TryParseHex(text, out Digest digest)
        ? digest
        : throw CommandFailure.WrongUsage("--genesis is a digest of 64 hexadecimal digits.");

    private static int Verify(Screen screen, string folder, bool unanchored, AuditOptions options)
    {
        LedgerFolder ledger = OpenLedger(folder);
        AuditReport report = ledger.Audit(options);
        EstablishmentReport? establishment = RecordedEstablishment.Audit(report.Genesis);
        if (establishment is { IsSound: false })
        {
            int left = LedgerAudit.ProblemsMax - report.Problems.Count;
            report = report with
            {
                Problems = [.. report.Problems, .. RecordedEstablishment.ProblemsOf(establishment, ledger).Take(left)],
            };
        }

        if (screen.Json) Screen.Document(JsonOf(report, establishment));
        else Print(report, establishment, ledger.Names.Count);
        if (!report.Ok) return ExitCode.Refused;
        if (report.Anchored || unanchored) return ExitCode.Done;
        Console.Error.WriteLine(
            "curia: nothing shows that this ledger is whole and the one you mean. Give --receipt, --expect, "
            + "--genesis or --service-cert, or accept it as it is with --unanchored.");
        return ExitCode.Refused;
    }

    /// <summary>A folder that holds a ledger.</summary>
    /// <exception cref="CommandFailure">It holds none.</exception>
    public static LedgerFolder OpenLedger(string folder)
    {
        LedgerFolder ledger = LedgerFolder.Open(folder);
        return ledger.Names.Count > 0
            ? ledger
            : throw CommandFailure.Environment(
                $"there is no ledger in {folder}: no file there is called ledger_1 or the like.");
    }

    /// <summary>What is wrong, and where, on a line.</summary>
    public static string Line(AuditProblem problem) => $"{WhereOf(problem)}{problem.Reason}";

    private static void Print(AuditReport report, EstablishmentReport? establishment, int files)
    {
        foreach (AuditProblem problem in report.Problems) Console.Out.WriteLine(Line(problem));
        string upTo = report.LastTxId == TxId.Zero ? "" : $"up to {report.LastTxId}, ";
        string count = $"{report.Transactions} transactions, {report.Signatures} of them signatures, "
            + $"{upTo}in {files} file{(files == 1 ? "" : "s")}";
        string verdict = report.Ok
            ? "ok"
            : $"NOT OK, {report.Problems.Count} problem{(report.Problems.Count == 1 ? "" : "s")}";
        Console.Out.WriteLine($"{verdict}: {count}; {(report.Anchored ? "anchored" : "not anchored")}.");
        if (report.GenesisDigest is { } genesis) Console.Out.WriteLine($"genesis {genesis}");
        if (establishment is { IsSound: true, Charter: { } charter })
        {
            Console.Out.WriteLine($"founded by the charter {charter.Digest}, attempt {establishment.Attempt}, by "
                + $"{establishment.Founders.Count} founders; ./curia establish verify shows each of them");
        }

        if (report.Epochs > 1)
        {
            Console.Out.WriteLine(
                $"{report.Epochs} epochs: the node has gone on from its disk {report.Epochs - 1} times; the newest "
                + $"service key is {report.NewestServiceCertificate?.KeyDigest}");
        }
    }

    private static string WhereOf(AuditProblem problem)
    {
        List<string> where = [];
        if (problem.File.Length > 0) where.Add(problem.File);
        if (problem.SeqNo is { } seqNo) where.Add($"seqno {seqNo}");
        return where.Count == 0 ? "" : string.Join(", ", where) + ": ";
    }
}
