using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using Curia.Endpoints;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

public sealed class CuriaNodeTests
{
    [Fact]
    public void A_service_opens_when_its_genesis_block_is_durable_and_not_before()
    {
        using TestShell shell = new(start: false);
        Assert.Equal(503, Assert.IsType<Execution.Answered>(shell.Execute("GET", "/node/state")).Response.Status);
        shell.Step(new Input.Start(TestShell.Noon));
        Assert.False(shell.Node.View.IsOpen);
        Assert.DoesNotContain(shell.Others, effect => effect is Effect.Open);
        Assert.Equal(503,
            Assert.IsType<Execution.Answered>(shell.Execute("GET", "/app/names/x", null, shell.User)).Response.Status);
        shell.Sync();
        Assert.True(shell.Node.View.IsOpen);
        Assert.Single(shell.Others, effect => effect is Effect.Open);
        Assert.Equal("2.2", shell.Node.View.Committed.ToString());
        Assert.Equal(Digest.Of(shell.Disk[0].Span), shell.Node.View.Genesis);
    }

    [Fact]
    public void A_write_is_pending_when_ordered_and_committed_when_its_block_is_durable()
    {
        using TestShell shell = new();
        long ticket = shell.Submit(shell.Propose("a", "1"), wait: true);
        TxId txId = Assert.IsType<Answer.Ordered>(Assert.Single(shell.Answers[ticket])).TxId;
        Assert.Equal("2.3", txId.ToString());
        Assert.Equal("Pending", shell.StatusOf("2.3"));
        shell.Sync();
        Assert.Equal(new Answer.Finished(txId, TransactionStatus.Committed), shell.Answers[ticket][1]);
        Assert.Equal("Committed", shell.StatusOf("2.3"));
        Assert.Equal("""{"transaction_id":"2.4"}""", shell.GetJson("/app/commit").GetRawText());
        Assert.Equal(
            """{"transaction_id":"2.4","view_history":["2.1"]}""",
            shell.GetJson("/app/commit?view_history=true").GetRawText());
        Assert.Equal("1", shell.GetJson("/names/a", shell.User).GetProperty("value").GetString());
    }

    [Theory]
    [InlineData("2.1", "Committed")]
    [InlineData("2.2", "Committed")]
    [InlineData("3.2", "Invalid")]
    [InlineData("1.2", "Invalid")]
    [InlineData("0.0", "Invalid")]
    [InlineData("2.0", "Invalid")]
    [InlineData("1.9", "Invalid")]
    [InlineData("2.3", "Unknown")]
    [InlineData("9.9", "Unknown")]
    public void A_status_says_only_what_can_never_be_wrong(string txId, string status)
    {
        using TestShell shell = new();
        Assert.Equal(status, shell.StatusOf(txId));
    }

    // A later view may hold an uncommitted position and lose it again: Invalid would be a lie.
    [Fact]
    public void A_transaction_of_an_older_view_is_not_invalid_before_the_newer_one_has_committed()
    {
        ViewHistory views = ViewHistory.Empty.With(TxIdOf("2.1")).With(TxIdOf("4.8"));
        Assert.Equal(TransactionStatus.Unknown,
            TransactionStatuses.Of(TxIdOf("2.9"), TxIdOf("2.7"), TxIdOf("4.9"), views));
        Assert.Equal(TransactionStatus.Pending,
            TransactionStatuses.Of(TxIdOf("4.9"), TxIdOf("2.7"), TxIdOf("4.9"), views));
        Assert.Equal(TransactionStatus.Invalid,
            TransactionStatuses.Of(TxIdOf("2.9"), TxIdOf("4.8"), TxIdOf("4.9"), views));
        Assert.Equal(TransactionStatus.Invalid,
            TransactionStatuses.Of(TxIdOf("3.7"), TxIdOf("4.8"), TxIdOf("4.9"), views));
        Assert.Equal(TransactionStatus.Committed,
            TransactionStatuses.Of(TxIdOf("2.7"), TxIdOf("4.8"), TxIdOf("4.9"), views));
    }

    [Fact]
    public void A_transaction_whose_reads_were_overtaken_is_executed_again()
    {
        using TestShell shell = new();
        Execution.Proposed first = Append(shell, "a");
        Execution.Proposed second = Append(shell, "b");
        Assert.IsType<Answer.Ordered>(shell.Answers[shell.Submit(first)][0]);
        Assert.IsType<Answer.Conflict>(shell.Answers[shell.Submit(second)][0]);
        Assert.IsType<Answer.Ordered>(shell.Answers[shell.Submit(Append(shell, "b"))][0]);
        Assert.Equal("ab", shell.GetJson("/names/all", shell.User).GetProperty("value").GetString());
        Assert.Equal(1, shell.Node.View.Counters.Conflicts);
    }

    [Fact]
    public void An_error_has_no_effect()
    {
        using TestShell shell = new();
        Execution.Answered answer = Assert.IsType<Execution.Answered>(
            shell.Execute("POST", "/app/fail", "{}", shell.User));
        Assert.Equal(409, answer.Response.Status);
        Assert.Equal(404, shell.Get("/names/failed", shell.User).Status);
    }

    [Fact]
    public void A_caller_is_looked_up_in_the_users_map()
    {
        using TestShell shell = new();
        Assert.Equal(401, shell.Get("/app/names/a").Status);
        Assert.Equal(401, shell.Get("/app/names/a", shell.Stranger).Status);
        Assert.Equal(404, shell.Get("/app/names/a", shell.User).Status);
        shell.Step(new Input.Tick(TestShell.Noon.AddDays(31)));
        Assert.Equal(401, shell.Get("/app/names/a", shell.User).Status);
    }

    [Fact]
    public void Time_never_goes_back_for_a_host_that_turns_its_clock()
    {
        using TestShell shell = new();
        shell.Step(new Input.Tick(TestShell.Noon.AddDays(31)));
        shell.Step(new Input.Tick(TestShell.Noon));
        Assert.Equal(401, shell.Get("/app/names/a", shell.User).Status);
    }

    [Fact]
    public void While_the_disk_is_busy_transactions_gather_in_one_block()
    {
        using TestShell shell = new();
        for (int i = 0; i < 20; i++) shell.Write("k" + i, "v");
        shell.Sync();

        // Genesis, the first write alone because the pipe was idle, and the rest together.
        Assert.Equal(3, shell.Disk.Count);
        Assert.True(Block.TryDecode(shell.Disk[2], out Block? block));
        Assert.Equal(20, block!.Entries.Length);
    }

    [Fact]
    public void Transactions_that_wait_together_share_a_block()
    {
        using TestShell shell = new();
        for (int i = 0; i < 3; i++) shell.Submit(shell.Propose("k" + i, "v"), moreWait: i < 2);
        shell.Sync();
        Assert.True(Block.TryDecode(shell.Disk[^1], out Block? block));
        Assert.Equal(4, block!.Entries.Length);
    }

    [Fact]
    public void A_full_block_is_sealed_although_more_waits()
    {
        using TestShell shell = new(new NodeLimits { BlockTransactions = 2 });
        for (int i = 0; i < 3; i++) shell.Submit(shell.Propose("k" + i, "v"), moreWait: true);
        shell.Sync();
        Assert.True(Block.TryDecode(shell.Disk[1], out Block? block));
        Assert.Equal(3, block!.Entries.Length);
    }

    [Fact]
    public void A_commit_is_seen_by_all_before_anybody_is_told_of_it_although_more_waits()
    {
        using TestShell shell = new();
        Effect.StoreBlock? store = null;
        foreach (Effect effect in shell.Node.Step(new Input.Submit(77, shell.Propose("k", "v"), true)).InOrder)
            store = effect as Effect.StoreBlock ?? store;
        Effects told = shell.Node.Step(new Input.Stored(store!.Number), moreWait: true);
        Assert.Contains(told.InOrder, effect => effect is Effect.Reply { Answer: Answer.Finished });
        Assert.Equal(store.Last, shell.Node.View.Committed.SeqNo);
    }

    [Fact]
    public void A_full_block_is_sealed_while_the_disk_is_busy()
    {
        using TestShell shell = new(new NodeLimits { BlockTransactions = 5, BlocksInFlightMax = 3 });
        for (int i = 0; i < 20; i++) shell.Write("k" + i, "v");
        Assert.Equal(3, shell.Node.View.Counters.BlocksInFlight);
        shell.Sync();
        Assert.Equal(0, shell.Node.View.Counters.BlocksInFlight);
        Assert.Equal(shell.Node.View.Last, shell.Node.View.Committed);
    }

    [Fact]
    public void Too_much_that_is_pending_is_refused()
    {
        using TestShell shell = new(new NodeLimits { UncommittedTransactionsMax = 10 });
        for (int i = 0; i < 9; i++) shell.Write("k" + i, "v");
        Answer answer = shell.Answers[shell.Submit(shell.Propose("k", "v"))][0];
        Assert.Equal(503, Assert.IsType<Answer.Refused>(answer).Status);
        shell.Sync();
        shell.Write("k", "v");
    }

    [Fact]
    public void A_disk_that_failed_is_never_believed_again()
    {
        using TestShell shell = new();
        long ticket = shell.Submit(shell.Propose("a", "1"), wait: true);
        shell.Step(new Input.StoreFailed("no space left"));
        Assert.Contains(shell.Others, effect => effect is Effect.Stop);
        shell.Sync();
        Assert.Single(shell.Answers[ticket]);
        Assert.Equal("2.2", shell.Node.View.Committed.ToString());
    }

    [Fact]
    public void A_draining_node_stores_what_is_ordered_and_takes_no_more()
    {
        using TestShell shell = new();
        shell.Write("a", "1");
        shell.Write("b", "1");
        shell.Step(new Input.Drain());
        Assert.Equal(503,
            Assert.IsType<Answer.Refused>(shell.Answers[shell.Submit(shell.Propose("c", "1"))][0]).Status);
        Assert.Equal(503, shell.Get("/node/ready/app").Status);
        shell.Sync();
        Assert.Equal(shell.Node.View.Last, shell.Node.View.Committed);
    }

    [Fact]
    public void Receipts_of_committed_transactions_verify_and_pending_ones_have_none_yet()
    {
        using TestShell shell = new();
        TxId txId = shell.Write("a", "1");
        Assert.Equal(202, shell.Get($"/app/receipt?transaction_id={txId}").Status);
        shell.Sync();
        Response json = shell.Get($"/app/receipt?transaction_id={txId}");
        Response cose = shell.Get($"/app/receipt/cose?transaction_id={txId}");
        Assert.Equal("valid", Verify(shell, json.Body, txId).Verdict.ToString(), ignoreCase: true);
        Assert.Equal("valid", Verify(shell, cose.Body, txId).Verdict.ToString(), ignoreCase: true);
        Assert.Equal("invalid", Verify(shell, json.Body, TxIdOf("2.4")).Verdict.ToString(), ignoreCase: true);
        Assert.Equal(404, shell.Get("/app/receipt?transaction_id=3.3").Status);
        Assert.Equal(404, shell.Get("/app/receipt?transaction_id=2.99").Status);
        Assert.Equal(400, shell.Get("/app/receipt?transaction_id=x").Status);
    }

    [Fact]
    public void History_comes_back_from_disk_and_is_believed_only_when_it_verifies()
    {
        using TestShell shell = new(new NodeLimits { HistoryBytesMax = 1 });
        TxId first = shell.Write("a", "1");
        shell.Sync();
        shell.Write("b", "2");
        shell.Sync();
        string target = $"/app/history/{first.SeqNo}";
        Assert.Equal(202, shell.Get(target, shell.User).Status);
        SeqNo wanted = Assert.IsType<Effect.ReadBlock>(shell.Others[^1]).SeqNo;
        byte[] wrong = shell.Disk[1].ToArray();
        wrong[^1] ^= 1;
        shell.Step(new Input.BlockRead(wanted, wrong));
        Assert.Equal(LogSeverity.Error, Assert.IsType<Effect.Log>(shell.Others[^1]).Severity);

        // Asking again costs nothing for a second, and is told the truth.
        int effects = shell.Others.Count;
        Assert.Equal(503, shell.Get(target, shell.User).Status);
        Assert.Equal(effects, shell.Others.Count);
        shell.Tick(100);
        Assert.Equal(202, shell.Get(target, shell.User).Status);
        shell.Step(new Input.BlockRead(wanted, shell.Disk[2])); // another block than the one asked for
        shell.Tick(100);
        Assert.Equal(202, shell.Get(target, shell.User).Status);
        shell.Step(new Input.BlockRead(wanted, shell.Disk[1]));
        Assert.Equal("[\"a=1\"]", Encoding.UTF8.GetString(shell.Get(target, shell.User).Body.Span));
    }

    [Fact]
    public void The_ledger_passes_its_audit_and_private_values_are_not_in_it()
    {
        using TestShell shell = new();
        for (int i = 0; i < 10; i++) shell.Write("k" + i, "a very private value");
        shell.Sync();
        byte[] chunk = [.. LedgerChunk.Header(new SeqNo(1)), .. shell.Disk.SelectMany(block => block.ToArray())];
        LedgerAudit audit = new(new AuditOptions { Genesis = shell.Node.View.Genesis });
        audit.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), chunk);
        AuditReport report = audit.Finish();
        Assert.True(report.Ok, string.Join("; ", report.Problems.Select(problem => problem.Reason)));
        Assert.Equal(shell.Node.View.Committed, report.LastTxId);
        Assert.Equal(-1, chunk.AsSpan().IndexOf("very private"u8));
        Assert.NotEqual(-1, chunk.AsSpan().IndexOf("public:ccf.gov.users.certs"u8));
    }

    [Fact]
    public void A_snapshot_is_complete_when_its_evidence_has_committed()
    {
        using TestShell shell = new(new NodeLimits { SnapshotInterval = 10 });
        for (int i = 0; i < 12; i++) shell.Write("k" + i, "private");
        shell.Sync();
        SnapshotJob job = Assert.IsType<Effect.MakeSnapshot>(
            shell.Others.Single(effect => effect is Effect.MakeSnapshot)).Job;
        shell.Write("later", "while the job runs");
        using System.IO.MemoryStream file = new();
        SnapshotEvidence evidence = job.Run(bytes => file.Write(bytes.Span));
        shell.Step(new Input.SnapshotMade(job.TxId.SeqNo, evidence));
        shell.Sync();
        Effect.FinishSnapshot finish = Assert.IsType<Effect.FinishSnapshot>(
            shell.Others.Single(effect => effect is Effect.FinishSnapshot));
        file.Write(finish.ReceiptFrame.Span);
        Assert.True(Snapshot.TryDecode(file.ToArray(), out Snapshot? snapshot));
        Assert.Equal(evidence.Snapshot, snapshot!.Digest);
        Assert.Equal(evidence.State, snapshot.Header.StateDigest);
        Assert.Equal(job.TxId, snapshot.Header.TxId);
        Assert.Equal(1, shell.Node.View.Counters.Snapshots);
        TxId recorded = new(new View(2), finish.EvidenceSeqNo);
        Assert.Equal("valid", Verify(shell, snapshot.Receipt, recorded).Verdict.ToString(), ignoreCase: true);
    }

    [Fact]
    public void A_large_state_is_written_more_rarely()
    {
        using TestShell shell = new(new NodeLimits { SnapshotInterval = 10 });
        for (int i = 0; i < 100; i++)
        {
            shell.Write("k" + i, "private");
            shell.Sync();
            if (shell.Others.OfType<Effect.MakeSnapshot>().LastOrDefault() is not { } made) continue;
            shell.Others.Clear();
            shell.Step(new Input.SnapshotMade(made.Job.TxId.SeqNo, made.Job.Run(_ => { })));
            shell.Sync();
        }

        // Each one at least as many transactions after the one before as that had entries: they double, roughly, where
        // the interval alone would have made some twenty.
        Assert.InRange(shell.Node.View.Counters.Snapshots, 2, 8);
    }

    [Fact]
    public void The_node_tells_what_it_is_and_says_insecure_on_the_virtual_platform()
    {
        using TestShell shell = new();
        JsonElement network = shell.GetJson("/node/network");
        Assert.Equal("Open", network.GetProperty("service_status").GetString());
        Assert.StartsWith("INSECURE", network.GetProperty("warning").GetString(), StringComparison.Ordinal);
        Assert.Equal(shell.Node.View.Genesis.ToString(), network.GetProperty("genesis").GetString());
        string id = shell.Node.View.NodeId.ToString();
        foreach (string target in new[] { "/node/network/nodes/self", "/node/network/nodes/primary",
            "/node/network/nodes/" + id, "/node/primary" })
        {
            Assert.Equal(id, shell.GetJson(target).GetProperty("node_id").GetString());
        }

        Assert.Equal(404, shell.Get("/node/network/nodes/none").Status);
        Assert.Equal(204, shell.Get("/node/ready/app").Status);
        Assert.Equal("partOfNetwork", shell.GetJson("/node/state").GetProperty("state").GetString());
        Assert.Equal("Primary",
            shell.GetJson("/node/consensus").GetProperty("details").GetProperty("role").GetString());
        Assert.True(shell.GetJson("/app/api").GetProperty("paths").EnumerateObject().Any());
        Assert.True(shell.GetJson("/node/api").GetProperty("paths").EnumerateObject().Any());
        Assert.Equal(405, Assert.IsType<Execution.Answered>(shell.Execute("POST", "/node/state")).Response.Status);
        Assert.Equal(404, shell.Get("/node/quotes/self").Status);
    }

    private static Execution.Proposed Append(TestShell shell, string text) => Assert.IsType<Execution.Proposed>(
        shell.Execute("POST", "/app/append", JsonSerializer.Serialize(new { value = text }), shell.User));

    private static TxId TxIdOf(string text) => TxId.TryParse(text, out TxId txId)
        ? txId
        : throw new FormatException(text);

    private static ReceiptReport Verify(TestShell shell, ReadOnlyMemory<byte> receipt, TxId txId)
    {
        Assert.True(
            Curia.Cryptography.Certificate.TryFromDer(shell.Node.View.ServiceCertificate.Span, out var service));
        return ReceiptVerifier.Verify(receipt,
            new ReceiptVerifyOptions { Keys = ServiceKeys.Of(service!), TxId = txId });
    }
}
