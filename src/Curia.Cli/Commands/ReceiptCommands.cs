using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Files;
using Curia.Cli.Ledgers;
using Curia.Cli.Networks;
using Curia.Cli.Terminal;
using Curia.Client;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Cli.Commands;

/// <summary><c>curia receipt get</c> and <c>curia receipt verify</c>.</summary>
internal static class ReceiptCommands
{
    private const long KeyFileBytesMax = 1 << 20;   // some hundred certificates
    private const long ClaimsBytesMax = 64 << 20;   // a write set has no more
    private static readonly TimeSpan LoadWait = TimeSpan.FromSeconds(30);

    public static Command Build() =>
        new("receipt", "Receipts: proofs that a transaction is in the ledger.") { BuildGet(), BuildVerify() };

    private static Command BuildGet()
    {
        Argument<string> txId = new("TXID") { Description = "The transaction, for example 2.15." };
        Option<string> format = new("--format")
        {
            Description = "JSON with the node's signature, or COSE signed by the service key.",
            HelpName = "json|cose",
            DefaultValueFactory = _ => "json",
        };
        format.AcceptOnlyFromAmong("json", "cose");
        Option<string> file = new("--out") { Description = "The file to write; without it stdout.", HelpName = "FILE" };
        NetworkOptions network = new();
        Command get = new("get", "Fetch the receipt of a committed transaction.") { txId, format, file };
        network.AddTo(get);
        get.SetAction((parsed, cancel) =>
        {
            TxId wanted = ParseTxId(parsed.GetValue(txId)!);
            ReceiptFormat kind = parsed.GetValue(format) == "cose" ? ReceiptFormat.Cose : ReceiptFormat.Json;
            return GetAsync(
                Screen.For(parsed), network.Resolve(parsed), wanted, kind, parsed.GetValue(file), cancel);
        });
        return get;
    }

    private static Command BuildVerify()
    {
        Argument<string> file = new("FILE")
        {
            Description = "A JSON receipt, a COSE receipt, or a transparent statement that carries COSE receipts.",
        };
        Option<string[]> serviceCertificate = new("--service-cert")
        {
            Description = "The certificate or public key of the service to believe.",
            HelpName = "PEM",
        };
        Option<string[]> keys = new("--keys")
        {
            Description = "The keys of the service as a JSON Web Key Set.",
            HelpName = "JWKS",
        };
        Option<string[]> endorsements = EndorsementsOption();
        Option<string> claims = new("--claims")
        {
            Description = "What the application claims; the receipt must bind its digest.",
            HelpName = "FILE",
        };
        Option<string> txId = new("--txid")
        {
            Description = "The transaction that the receipt must be for.",
            HelpName = "V.S",
        };
        Option<int> platforms = Kinds("--platforms", "Nodes of so many TEE platforms must have acknowledged it.");
        Option<int> operators = Kinds("--operators", "Nodes of so many operators must have acknowledged it.");
        Option<string[]> members = new("--member")
        {
            Description = "The certificate of a member to believe of its own nodes; may be given several times.",
            HelpName = "PEM",
        };
        Option<bool> all = new("--all") { Description = "Every receipt of a statement must be valid." };
        Command verify =
            new("verify", "Verify a receipt offline.")
        {
            file, serviceCertificate, keys, endorsements, claims, txId, platforms, operators, members, all,
        };
        verify.SetAction(parsed =>
        {
            ServiceKeys trusted = ServiceKeys.None;
            string[] keyFiles = [.. parsed.GetValue(serviceCertificate) ?? [], .. parsed.GetValue(keys) ?? []];
            foreach (string keyFile in keyFiles) trusted = trusted.With(ReadKeys(keyFile));
            trusted = WithEndorsed(
                trusted, parsed.GetValue(endorsements), parsed.GetValue(serviceCertificate) ?? []);
            return Verify(Screen.For(parsed), parsed.GetValue(file)!, new ReceiptVerifyOptions
            {
                Keys = trusted,
                Claims = parsed.GetValue(claims) is string path ? ReadClaims(path) : [],
                TxId = parsed.GetValue(txId) is string text ? ParseTxId(text) : null,
                Diversity = new ReceiptDiversity(
                    parsed.GetValue(platforms), parsed.GetValue(operators),
                    [.. (parsed.GetValue(members) ?? []).SelectMany(ReadMembers)]),
                All = parsed.GetValue(all),
            });
        });
        return verify;
    }

    private static Option<int> Kinds(string name, string description)
    {
        Option<int> kinds = new(name) { Description = description, HelpName = "N" };
        kinds.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<int>() is < 1 or > BlockAcknowledgements.NodesMax)
                given.AddError($"{name} is a number from 1 to {BlockAcknowledgements.NodesMax}.");
        });
        return kinds;
    }

    private static IEnumerable<Certificate> ReadMembers(string path)
    {
        foreach (X509Certificate2 read in Network.ReadCertificates(path))
        {
            if (Certificate.TryFromDer(read.RawData, out Certificate? certificate)) yield return certificate!;
        }
    }

    /// <summary>The option that names endorsements of older service keys.</summary>
    public static Option<string[]> EndorsementsOption() => new("--endorsements")
    {
        Description = "Older service keys, certified by newer ones; default: service_endorsements.pem beside "
            + "--service-cert, if it is there.",
        HelpName = "PEM",
    };

    /// <summary>The keys, and the older ones that they speak for. A file of endorsements adds no trust: what no trusted
    /// key has signed is left out.</summary>
    public static ServiceKeys WithEndorsed(
        ServiceKeys trusted, string[]? endorsementFiles, IReadOnlyList<string> certificateFiles)
    {
        IEnumerable<string> files = endorsementFiles is { Length: > 0 }
            ? endorsementFiles
            : certificateFiles.Select(BesideOf).Where(path => File.Exists(path) && new FileInfo(path).Length > 0);
        List<Certificate> endorsements = [];
        foreach (X509Certificate2 read in files.SelectMany(Network.ReadCertificates))
        {
            if (Certificate.TryFromDer(read.RawData, out Certificate? certificate)) endorsements.Add(certificate!);
        }

        return trusted.WithEndorsed(endorsements);
    }

    private static string BesideOf(string path) =>
        Path.Combine(Path.GetDirectoryName(path) ?? "", SandboxFile.ServiceEndorsements);

    /// <summary>A TxID of the command line.</summary>
    public static TxId ParseTxId(string text) => TxId.TryParse(text, out TxId txId)
        ? txId
        : throw CommandFailure.WrongUsage($"{text} is no TxID; one looks like 2.15.");

    // No claims at all is how the verifier says that nobody asked for any.
    private static byte[] ReadClaims(string path) => InputFile.Read(path, ClaimsBytesMax) is { Length: > 0 } claims
        ? claims
        : throw CommandFailure.Refused($"{path} is empty: give the bytes that the application claimed.");

    private static ServiceKeys ReadKeys(string path) =>
        ServiceKeys.TryRead(InputFile.Read(path, KeyFileBytesMax), out ServiceKeys? keys)
            ? keys!
            : throw CommandFailure.Environment(
                $"{path} holds no service certificate or key: give PEM or a JSON Web Key Set.");

    private static async Task<int> GetAsync(
        Screen screen, Network network, TxId txId, ReceiptFormat format, string? file, CancellationToken cancel)
    {
        if (format == ReceiptFormat.Cose && file is null && !screen.Json && !Console.IsOutputRedirected)
            throw CommandFailure.WrongUsage("a COSE receipt is binary: write it to a file with --out FILE.");
        CallResult result = await network
            .OnAnyNodeAsync(client => client.GetReceiptAsync(txId, format, LoadWait, cancel)).ConfigureAwait(false);
        if (result.Status == 202)
            throw CommandFailure.Environment($"the node is still loading the receipt of {txId}. Try again in a while.");
        if (!result.IsSuccess)
            throw CommandFailure.Refused(
                $"no receipt of {txId}: {result.Status} {result.ErrorCode}: {result.ErrorMessage}");
        if (file is not null) WriteFile(file, result.Body);
        if (screen.Json) Screen.Document(DocumentOf(txId, format, file, result));
        else if (file is not null)
            Console.Error.WriteLine($"{file}: receipt of {txId}, {result.Body.Length} bytes, not verified yet.");
        else WriteOut(result.Body.Span, format);
        return ExitCode.Done;
    }

    // A JSON receipt on stdout is itself the document; otherwise the document says where the receipt is.
    private static JsonNode DocumentOf(TxId txId, ReceiptFormat format, string? file, CallResult result)
    {
        if (file is null && format == ReceiptFormat.Json && result.TryReadJson(out _))
            return JsonNode.Parse(result.Body.Span)!;
        JsonObject document =
            new() { ["txid"] = txId.ToString(), ["format"] = format == ReceiptFormat.Cose ? "cose" : "json" };
        if (file is not null) document["file"] = file;
        else document["receipt"] = Convert.ToBase64String(result.Body.Span);
        return document;
    }

    private static int Verify(Screen screen, string path, ReceiptVerifyOptions options)
    {
        ReceiptReport report = ReceiptVerifier.Verify(InputFile.Read(path, ReceiptAnchors.FileBytesMax), options);
        if (screen.Json)
        {
            Console.Out.WriteLine(report.ToJson());
        }
        else
        {
            Console.Out.WriteLine($"{ReceiptReport.Name(report.Verdict)}: {report.Reason}");
            if (report.TxId is TxId txId) Console.Out.WriteLine($"transaction {txId}");
            if (report.Receipts.Length > 1)
            {
                foreach (ReceiptFinding one in report.Receipts)
                {
                    string id = one.TxId?.ToString() ?? "without TxID";
                    string verdict = ReceiptReport.Name(one.Verdict);
                    Console.Out.WriteLine($"  {one.Kind} receipt {id}: {verdict}, {one.Reason}");
                }
            }

            if (report.Verdict == ReceiptVerdict.Incomplete && options.Diversity.IsAsked)
                Console.Error.WriteLine("Give the members to believe, each of its own nodes, with --member PEM.");
            else if (report.Verdict == ReceiptVerdict.Incomplete && options.Keys.IsEmpty)
                Console.Error.WriteLine("Give the service to believe with --service-cert PEM or --keys JWKS.");
        }

        return report.Verdict == ReceiptVerdict.Valid ? ExitCode.Done : ExitCode.Refused;
    }

    private static void WriteFile(string path, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is string folder) Directory.CreateDirectory(folder);
            File.WriteAllBytes(path, bytes.Span);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("write", path, e);
        }
    }

    private static void WriteOut(ReadOnlySpan<byte> bytes, ReceiptFormat format)
    {
        using Stream output = Console.OpenStandardOutput();
        output.Write(bytes);
        if (format == ReceiptFormat.Json) output.Write("\n"u8);
    }
}
