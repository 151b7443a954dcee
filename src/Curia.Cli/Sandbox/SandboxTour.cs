using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Commands;
using Curia.Cli.Ledgers;
using Curia.Cli.Networks;
using Curia.Client;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Cli.Sandbox;

/// <summary>What a newcomer sees of a running ledger: each method is one step, in this order.</summary>
internal sealed class SandboxTour(SandboxSetup setup, SandboxFile sandbox, TourSteps steps, CancellationToken cancel)
    : IDisposable
{
    private const string PublicMessage = "anyone may read this in the ledger";
    private const string PrivateMessage = "only attested nodes can read this";
    private const int MessageId = 42;
    private static readonly TxId GenesisTxId = new(new View(2), SeqNo.Zero.Next); // views begin with 2, as in CCF
    private static readonly TimeSpan CommitWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LoadWait = TimeSpan.FromSeconds(30);

    private readonly CuriaClient user = Network.Of(sandbox, "user0").Connect();
    private readonly CuriaClient nobody = Network.Of(sandbox).Connect();
    private TxId proven; // the transaction whose receipts are fetched, and which the audit expects
    private Digest genesis;

    /// <summary>How the tour names the sandbox in commands; empty for the one that commands find by
    /// themselves.</summary>
    private string Dir { get; } =
        sandbox.Folder == NetworkOptions.SandboxFolder ? "" : $" --dir {ShellWord.Quote(sandbox.Folder)}";

    private string Folder { get; } = sandbox.Folder.TrimEnd('/');

    private string ServiceOption => $"--service-cert {ShellWord.Quote(Folder)}/{sandbox.ServiceCertificate}";

    /// <summary>The receipt that anchors the audit.</summary>
    private string ReceiptPath(string kind) => $"{Folder}/receipts/{proven}.{kind}";

    /// <summary>Whether the application is the one that the tour can write to; known once the service is
    /// identified.</summary>
    public bool IsLogging { get; private set; }

    /// <summary>All steps that need a running node.</summary>
    public async Task RunAsync()
    {
        await NetworkStepAsync();
        if (IsLogging) await WritesAsync();
        else
        {
            await Step(
                "commit",
                "Ask for the newest committed transaction",
                "Committed: on disk, in a block that the service has signed. The first is the genesis transaction.",
                CommitAsync);
        }

        await Step(
            "receipt-json",
            "Fetch a JSON receipt, verify it offline",
            "The write is in the Merkle tree whose root a node signed, and the service endorsed that node.",
            () => ReceiptAsync(ReceiptFormat.Json));
        await Step(
            "receipt-cose",
            "Fetch a COSE receipt, verify it offline",
            "The same, signed by the service key itself; any verifier of the COSE profile of CCF can check it.",
            () => ReceiptAsync(ReceiptFormat.Cose));
        await Step(
            "changed-receipt-refused",
            "Change one digit of the receipt",
            "A receipt cannot be bent to say something else.",
            () => Task.FromResult(ChangedReceipt()));
    }

    /// <summary>The steps of a sandbox that is gone on with: what holds across the restart. It writes
    /// nothing.</summary>
    public async Task GoOnAsync()
    {
        await NetworkStepAsync();
        await Step(
            "follow",
            "Follow the service to its new identity",
            "Who pinned the identity of before is led here by its endorsement, and by nothing else.",
            FollowAsync);
        await Step(
            "commit",
            "Ask for the newest committed transaction",
            "What was committed before is still there, in the views of its own epoch.",
            CommitAsync);
        await nobody.LearnOlderIdentitiesAsync(cancel).ConfigureAwait(false);
        await user.LearnOlderIdentitiesAsync(cancel).ConfigureAwait(false);
        await Step(
            "receipt-json",
            "Fetch the JSON receipt of genesis, verify it offline",
            "Signed in the first epoch, it leads through the endorsements to the newest identity.",
            () => ReceiptAsync(ReceiptFormat.Json));
        await Step(
            "receipt-cose",
            "Fetch the COSE receipt of genesis, verify it offline",
            "The first service key signed it; each newer one has certified the one before.",
            () => ReceiptAsync(ReceiptFormat.Cose));
    }

    // Only the logging application has endpoints that the tour knows.
    private async Task WritesAsync()
    {
        await Step(
            "public-write",
            "Write to a public map, wait for commit",
            "Public maps stand in clear in the ledger. Committed: on disk, in a block that the service has signed.",
            () => WriteAsync("public", PublicMessage));
        await Step(
            "private-write",
            "Write to a private map, wait for commit",
            "Private maps leave the TEE encrypted only (AES-256-GCM, with keys that are born in it).",
            () => WriteAsync("private", PrivateMessage));
        await Step(
            "read-back",
            "Read the private message back",
            "A user whose certificate the network knows may read.",
            ReadBackAsync);
        await Step(
            "outsider-refused",
            "Read it as nobody in particular",
            "A caller without a certificate is turned away.",
            OutsiderAsync);
        await Step(
            "disk",
            "Look at the disk as the host does",
            "Whoever owns the disk sees public messages and no private one.",
            LookAtDiskAsync);
        await Step(
            "status",
            "Ask for the status of the private write",
            "Committed is final: it never changes again.",
            StatusAsync);
        if (sandbox.Nodes.Count >= 3)
        {
            await Step(
                "forwarded",
                "Write through a backup",
                "Any node takes a write: a backup hands it to the primary, and a majority commits it.",
                ForwardAsync);
        }
    }

    private Task NetworkStepAsync() => Step(
        "network",
        sandbox.Nodes.Count == 1 ? "Look at the network" : "Look at the nodes of the network",
        "The ledger says who takes part; each node says how far it knows the ledger to be committed.",
        LookAtNetworkAsync);

    /// <summary>What proves that the node is who it must be; the first call of the tour.</summary>
    public async Task<StepResult> IdentifyAsync()
    {
        CallResult result = await nobody.CallAsync(CallRequest.Get("/node/network"), cancel).ConfigureAwait(false);
        string? name = result.TextField("genesis");
        if (!result.IsSuccess || !Digest.TryParseHex(name, out genesis))
            throw CommandFailure.Refused($"GET /node/network did not name the network: {Describe(result)}");
        ServedApplication application = await ServedApplication.OfAsync(nobody, cancel).ConfigureAwait(false);
        IsLogging = application.IsLogging;
        string certificate =
            LedgerCommands.ReadCertificate(sandbox.PathOf(sandbox.ServiceCertificate)).KeyDigest.ToString();
        return new StepResult(
            $"service key {certificate}, genesis block {name}, node {sandbox.Nodes[0].Id} at {sandbox.Nodes[0].Url}",
            $"./curia call GET /node/network{Dir}");
    }

    /// <summary>The last step, when the nodes have stopped: their ledgers against what this tour has seen.</summary>
    public StepResult Audit()
    {
        SandboxAudit audit = new(sandbox, genesis, proven, [ReceiptPath("json"), ReceiptPath("cose")]);
        AuditReport report = audit.Run(setup.Nodes);
        int count = setup.Nodes.Count;
        string agree = count == 1 ? "" : $"{count} ledgers agree; the longest has ";
        return new StepResult(
            $"{agree}{report.Transactions} transactions, {report.Signatures} of them signatures, up to "
                + $"{report.LastTxId}: every digest, signature and position is right",
            $"./curia ledger verify {ShellWord.Quote(setup.Nodes[0].LedgerPath)} {ServiceOption} --genesis {genesis} "
                + $"--receipt {ShellWord.Quote(ReceiptPath("json"))}");
    }

    public void Dispose()
    {
        user.Dispose();
        nobody.Dispose();
    }

    private Task Step(string name, string title, string proves, Func<Task<StepResult>> work) =>
        steps.RunAsync(name, title, proves, work);

    private static string Describe(CallResult result) =>
        $"{result.Status} {result.ErrorCode} {result.ErrorMessage}".TrimEnd();

    private async Task<StepResult> FollowAsync()
    {
        using X509Certificate2 before = X509CertificateLoader.LoadCertificate(EarlierDer());
        using CuriaClient client = Network.Of(sandbox).Connect(
            settings => settings with { ServiceCertificates = [before], FollowService = true });
        CallResult result = await client.CallAsync(CallRequest.Get("/node/network"), cancel).ConfigureAwait(false);
        if (!result.IsSuccess || !client.HasFollowed)
            throw CommandFailure.Refused($"the service did not lead on from its older identity: {Describe(result)}");
        return new StepResult(
            "endorsed by the identity that was pinned before", $"./curia call GET /node/service/endorsements{Dir}");
    }

    private byte[] EarlierDer() => PemEncoding.TryFind(
            Encoding.ASCII.GetString(setup.EarlierIdentity), out PemFields fields)
        ? Convert.FromBase64String(Encoding.ASCII.GetString(setup.EarlierIdentity)[fields.Base64Data])
        : throw CommandFailure.Environment($"{sandbox.PathOf(sandbox.ServiceCertificate)} held no certificate.");

    private async Task<StepResult> CommitAsync()
    {
        TxId last = await nobody.GetCommitAsync(cancel).ConfigureAwait(false);
        proven = GenesisTxId;
        if (last < proven) throw CommandFailure.Refused($"{proven} is not committed, only {last} is.");
        return new StepResult($"up to {last}, from genesis {proven} on", $"./curia call GET /app/commit{Dir}");
    }

    private async Task<StepResult> WriteAsync(string domain, string message)
    {
        JsonObject body = new() { ["id"] = MessageId, ["msg"] = message };
        byte[] json = Encoding.UTF8.GetBytes(Terminal.Screen.Text(body));
        CallRequest request = CallRequest.Post($"/app/log/{domain}", json) with { CommitWait = CommitWait };
        CallResult result = await user.CallAsync(request, cancel).ConfigureAwait(false);
        if (!result.IsSuccess || result.TxId is not TxId txId || result.Commit != TransactionStatus.Committed)
            throw CommandFailure.Refused($"the write was not committed: {Describe(result)} {result.Commit}");
        if (domain == "private") proven = txId;
        return new StepResult(
            $"transaction {txId} is committed",
            $"./curia call POST /app/log/{domain} --data '{Terminal.Screen.Text(body)}' --as user0 "
                + $"--wait committed{Dir}");
    }

    private async Task<StepResult> ReadBackAsync()
    {
        CallResult result =
            await user.CallAsync(CallRequest.Get($"/app/log/private?id={MessageId}"), cancel).ConfigureAwait(false);
        if (result.TextField("msg") != PrivateMessage)
            throw CommandFailure.Refused($"the private message did not come back: {Describe(result)}");
        return new StepResult(
            $"“{PrivateMessage}”", $"./curia call GET '/app/log/private?id={MessageId}' --as user0{Dir}");
    }

    private async Task<StepResult> OutsiderAsync()
    {
        CallResult result =
            await nobody.CallAsync(CallRequest.Get($"/app/log/private?id={MessageId}"), cancel).ConfigureAwait(false);
        if (result.Status is not (401 or 403))
            throw CommandFailure.Refused($"an outsider was not turned away: {Describe(result)}");
        return new StepResult(
            $"{result.Status} {result.ErrorCode}", $"./curia call GET '/app/log/private?id={MessageId}'{Dir}");
    }

    private async Task<StepResult> LookAtDiskAsync()
    {
        // The primary has committed it, and this node may be a moment behind.
        await nobody.WaitForCommitAsync(proven, CommitWait, cancel).ConfigureAwait(false);
        byte[] publicBytes = Encoding.UTF8.GetBytes(PublicMessage);
        byte[] privateBytes = Encoding.UTF8.GetBytes(PrivateMessage);
        LedgerFolder ledger = LedgerFolder.Open(setup.Nodes[0].LedgerPath);
        byte[][] files = [.. ledger.Names.Select(ledger.Read)];
        if (!files.Any(file => file.AsSpan().IndexOf(publicBytes) >= 0))
            throw CommandFailure.Refused("the public message is not in the files of the ledger.");
        if (files.Any(file => file.AsSpan().IndexOf(privateBytes) >= 0))
            throw CommandFailure.Refused("the private message stands in clear in the files of the ledger.");
        return new StepResult(
            $"the public message is in its {files.Sum(file => (long)file.Length):N0} bytes, the private one is not",
            $"./curia ledger show {ShellWord.Quote(Folder)}/node0/ledger");
    }

    private async Task<StepResult> StatusAsync()
    {
        TransactionStatus status =
            await nobody.WaitForCommitAsync(proven, CommitWait, cancel).ConfigureAwait(false);
        if (status != TransactionStatus.Committed)
            throw CommandFailure.Refused($"{proven} is {status} after it was committed.");
        return new StepResult(
            $"transaction {proven} is committed", $"./curia call GET '/app/tx?transaction_id={proven}'{Dir}");
    }

    private async Task<StepResult> LookAtNetworkAsync()
    {
        NetworkPicture picture = await NetworkPicture.TakeAsync(sandbox, cancel).ConfigureAwait(false);
        return new StepResult(picture.Sentence(), $"./curia call GET /node/network/nodes{Dir}")
        {
            Picture = picture.Draw(),
        };
    }

    private async Task<StepResult> ForwardAsync()
    {
        NetworkPicture picture = await NetworkPicture.TakeAsync(sandbox, cancel).ConfigureAwait(false);
        NodeLine[] backups = [.. picture.Lines.Where(line => line.Role == "backup" && line.Committed is not null)];
        if (picture.Primary is not { } primary || backups.Length < 2)
            throw CommandFailure.Refused($"there is no primary with two backups: {picture.Sentence()}.");
        (string through, string from) = (backups[0].Entry.Name, backups[1].Entry.Name);
        JsonObject body = new() { ["id"] = MessageId + 1, ["msg"] = $"written through {through}" };
        string json = Terminal.Screen.Text(body);
        CallRequest request = CallRequest.Post("/app/log/private", Encoding.UTF8.GetBytes(json)) with
        {
            CommitWait = CommitWait,
        };
        using CuriaClient backup = Network.Of(sandbox, "user0").At(through).Connect();
        CallResult result = await backup.CallAsync(request, cancel).ConfigureAwait(false);
        if (!result.IsSuccess || result.TxId is not TxId txId || result.Commit != TransactionStatus.Committed)
            throw CommandFailure.Refused($"{through} did not forward the write: {Describe(result)} {result.Commit}");
        using CuriaClient other = Network.Of(sandbox, "user0").At(from).Connect();
        await other.WaitForCommitAsync(txId, CommitWait, cancel).ConfigureAwait(false);
        CallResult read = await other
            .CallAsync(CallRequest.Get($"/app/log/private?id={MessageId + 1}"), cancel).ConfigureAwait(false);
        if (read.TextField("msg") != $"written through {through}")
            throw CommandFailure.Refused($"{from} does not have what was written: {Describe(read)}");
        string number = through[LocalNode.Prefix.Length..];
        return new StepResult(
            $"{through} is a backup: {primary.Entry.Name} ordered {txId} for it, and {from} has it too",
            $"./curia call POST /app/log/private --data '{json}' --as user0 --node {number} --wait committed{Dir}");
    }

    private async Task<StepResult> ReceiptAsync(ReceiptFormat format)
    {
        CallResult result = await user.GetReceiptAsync(proven, format, LoadWait, cancel).ConfigureAwait(false);
        if (result.Status != 200) throw CommandFailure.Refused($"no receipt of {proven}: {Describe(result)}");
        ReceiptReport report = user.VerifyReceipt(result.Body, proven);
        if (report.Verdict != ReceiptVerdict.Valid)
            throw CommandFailure.Refused(
                $"the receipt of {proven} is {ReceiptReport.Name(report.Verdict)}: {report.Reason}");
        string kind = format == ReceiptFormat.Cose ? "cose" : "json";
        Directory.CreateDirectory(Path.Combine(sandbox.Folder, "receipts"));
        await File.WriteAllBytesAsync(ReceiptPath(kind), result.Body.ToArray(), cancel).ConfigureAwait(false);
        return new StepResult(
            $"valid: {report.Reason}",
            $"./curia receipt get {proven} --format {kind} --out {ShellWord.Quote(ReceiptPath(kind))}{Dir} && "
                + $"./curia receipt verify {ShellWord.Quote(ReceiptPath(kind))} {ServiceOption}");
    }

    private StepResult ChangedReceipt()
    {
        JsonNode receipt = JsonNode.Parse(File.ReadAllBytes(ReceiptPath("json")))!;
        JsonNode components = receipt["leaf_components"] ?? receipt["leafComponents"]
            ?? throw CommandFailure.Refused("the receipt has no leaf components.");
        string field = components["write_set_digest"] is null ? "writeSetDigest" : "write_set_digest";
        string digest = components[field]!.GetValue<string>();
        components[field] = (digest[0] == '0' ? '1' : '0') + digest[1..];
        byte[] changed = Encoding.UTF8.GetBytes(Terminal.Screen.Text(receipt));
        File.WriteAllBytes(ReceiptPath("changed.json"), changed);
        ReceiptReport report = user.VerifyReceipt(changed, proven);
        if (report.Verdict != ReceiptVerdict.Invalid)
            throw CommandFailure.Refused("a changed receipt was not refused.");
        return new StepResult(
            $"invalid: {report.Reason}",
            $"./curia receipt verify {ShellWord.Quote(ReceiptPath("changed.json"))} {ServiceOption}");
    }
}
