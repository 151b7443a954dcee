using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>A node that goes on with a ledger is another one with another service key and another ledger secret, and
/// everything that was known before leads to it. DESIGN 6, "Epochs".</summary>
public sealed class RestartTests : IDisposable
{
    private readonly TestShell first = new();
    private readonly TxId before;

    public RestartTests()
    {
        before = first.Write("a", "before");
        first.Sync();
    }

    public void Dispose() => first.Dispose();

    [Fact]
    public void The_first_transaction_stands_two_views_higher_at_the_next_seqno_and_alone_in_its_block()
    {
        TxId last = first.Node.View.Committed;
        Assert.Equal("2.4", last.ToString());
        using TestShell second = first.Restart();
        Assert.Equal("4.5", second.Node.View.ServiceCreated.ToString());
        Assert.Equal("4.6", second.Node.View.Committed.ToString());
        Assert.Equal(first.Node.View.Genesis, second.Node.View.Genesis);
        Assert.Equal(first.Disk.Count + 1, second.Disk.Count);
        Block block = BlockOf(second, first.Disk.Count);
        Assert.Equal([EntryType.Epoch, EntryType.Signature], block.Entries.Select(entry => entry.Type));
        Assert.Equal(["4.5", "4.6"], block.Entries.Select(entry => entry.TxId.ToString()));
        Assert.Equal(last, block.Signature.Committed);
        Assert.Equal("4.7", second.Write("b", "after").ToString());
        Assert.Equal(
            """{"transaction_id":"4.6","view_history":["2.1","4.5"]}""",
            second.GetJson("/app/commit?view_history=true").GetRawText());
    }

    [Fact]
    public void Node_service_key_and_ledger_secret_are_other_ones()
    {
        using TestShell second = first.Restart();
        Assert.NotEqual(first.Node.View.NodeId, second.Node.View.NodeId);
        Assert.NotEqual(ServiceOf(first).KeyDigest, ServiceOf(second).KeyDigest);
        using SealedSecrets older = NewestSecrets(first);
        using SealedSecrets newer = NewestSecrets(second);
        Assert.Equal([1ul, 5ul], newer.Periods.Select(period => period.From.Value));
        Assert.Equal([ServiceOf(first).KeyDigest, ServiceOf(second).KeyDigest],
            newer.Periods.Select(period => period.ServiceKeyId));
        Assert.Equal(older.Periods[0].Secret, newer.Periods[0].Secret);
        Assert.NotEqual(older.Periods[0].Secret, newer.Periods[1].Secret);
        Assert.NotEqual(older.ServiceKey, newer.ServiceKey);
        Assert.Equal(second.Node.View.NodeId, newer.NodeId);
    }

    [Fact]
    public void The_older_service_key_endorses_the_newer_one_and_is_certified_by_it()
    {
        using TestShell second = first.Restart();
        Block last = BlockOf(first, first.Disk.Count - 1);
        Assert.True(EpochBlock.TryRead(BlockOf(second, first.Disk.Count), out EpochBlock? epoch));
        Assert.Equal(ServiceOf(second).Der.ToArray(), epoch.ServiceCertificate.Der.ToArray());
        Assert.Equal((first.Node.View.Committed, last.Signature.Root), (epoch.Continues, epoch.Root));
        Assert.Null(epoch.FindProblem(ServiceOf(first), first.Node.View.Committed, last.Signature.Root));
        Assert.Equal("test", epoch.Endorsement.Issuer);
        Assert.Equal(ServiceOf(first).KeyDigest, epoch.PreviousCertificate.KeyDigest);
        JsonElement told = second.GetJson("/node/service/endorsements").GetProperty("epochs");
        Assert.Equal(["2.1", "4.5"], told.EnumerateArray().Select(one =>
            one.GetProperty("transaction_id").GetString()));
        Assert.Equal(Convert.ToBase64String(epoch.Endorsement.Bytes.Span),
            told[1].GetProperty("endorsement").GetString());
        Assert.Equal(epoch.PreviousCertificate.Der.ToArray(), Assert.Single(Opened(second).Endorsements).ToArray());
    }

    // Both say where they go on, so that the fork can be seen.
    [Fact]
    public void Two_processes_on_one_copy_share_no_key()
    {
        using TestShell one = first.Restart();
        using TestShell other = first.Restart();
        Assert.NotEqual(ServiceOf(one).KeyDigest, ServiceOf(other).KeyDigest);
        Assert.NotEqual(one.Node.View.NodeId, other.Node.View.NodeId);
        using SealedSecrets oneSecrets = NewestSecrets(one);
        using SealedSecrets otherSecrets = NewestSecrets(other);
        Assert.NotEqual(oneSecrets.Periods[^1].Secret, otherSecrets.Periods[^1].Secret);
        Assert.True(EpochBlock.TryRead(BlockOf(one, first.Disk.Count), out EpochBlock? oneEpoch));
        Assert.True(EpochBlock.TryRead(BlockOf(other, first.Disk.Count), out EpochBlock? otherEpoch));
        Assert.Equal((oneEpoch.Continues, oneEpoch.Root), (otherEpoch.Continues, otherEpoch.Root));
    }

    [Fact]
    public void Secrets_are_stored_before_the_first_block_and_nothing_is_open_until_that_is_durable()
    {
        using TestShell second = first.Restart(start: false);
        Effect[] effects = [.. second.Node.Step(new Input.Start(TestShell.Noon)).InOrder];
        int secrets = Array.FindIndex(effects, effect => effect is Effect.StoreSecrets);
        int block = Array.FindIndex(effects, effect => effect is Effect.StoreBlock);
        Assert.True(secrets >= 0 && secrets < block, $"secrets are effect {secrets}, the block is effect {block}");
        Assert.DoesNotContain(effects, effect => effect is Effect.Open);
        Assert.False(second.Node.View.IsOpen);
        Assert.Equal(first.Node.View.Committed, second.Node.View.Committed);
        ulong last = ((Effect.StoreBlock)effects[block]).Number;
        Assert.Contains(second.Node.Step(new Input.Stored(last)).InOrder, effect => effect is Effect.Open);
    }

    [Fact]
    public void What_was_written_before_is_read_and_what_the_ledger_knows_of_nodes_and_service_is_of_now()
    {
        using TestShell second = first.Restart();
        Assert.Equal("before", second.GetJson("/names/a", second.User).GetProperty("value").GetString());
        Assert.Equal("Committed", second.StatusOf(before.ToString()));
        Assert.Equal("Invalid", second.StatusOf("2.5"));
        Assert.Equal("Invalid", second.StatusOf("3.4"));
        Assert.Equal("Retired", StatusOfNode(second, first.Node.View.NodeId));
        Assert.Equal("Trusted", StatusOfNode(second, second.Node.View.NodeId));
        JsonElement network = second.GetJson("/node/network");
        Assert.Equal(ServiceOf(second).ToPem(), network.GetProperty("service_certificate").GetString());
        Assert.Equal("4.5", network.GetProperty("current_service_create_txid").GetString());
        Assert.Equal(1, network.GetProperty("recovery_count").GetInt32());
        Assert.Equal(4ul, second.GetJson("/node/state").GetProperty("startup_seqno").GetUInt64());
    }

    [Fact]
    public void The_ledger_names_the_certificates_of_service_and_node_that_are_of_now()
    {
        using TestShell second = first.Restart();
        ReadOnlyTransaction written = WritesOf(BlockOf(second, first.Disk.Count));
        JsonElement service = JsonDocument.Parse(
            written.Map(GenesisMaps.ServiceInfo).Get(GenesisMaps.ServiceKeyName)).RootElement;
        Assert.Equal(ServiceOf(second).ToPem(), service.GetProperty("cert").GetString());
        Assert.Equal("test", service.GetProperty("name").GetString());
        Assert.Equal("virtual", service.GetProperty("platform").GetString());
        string node = second.Node.View.NodeId.ToString();
        Assert.True(Certificate.TryFromPem(written.Map(GenesisMaps.NodeCertificates).Get(node), out Certificate? own));
        Assert.Equal(node, own!.KeyDigest.ToString());
        Assert.True(own.IsIssuedBy(ServiceOf(second)));
    }

    [Fact]
    public void Receipts_of_before_verify_for_who_knows_either_identity_and_nobody_else()
    {
        using TestShell second = first.Restart();
        ReadOnlyMemory<byte> json = Ask(second, $"/app/receipt?transaction_id={before}", before);
        Assert.Equal(ReceiptVerdict.Valid, Verify(json, ServiceKeys.Of(ServiceOf(second)), before));
        Assert.Equal(ReceiptVerdict.Valid, Verify(json, ServiceKeys.Of(ServiceOf(first)), before));
        using TestShell stranger = new();
        Assert.Equal(ReceiptVerdict.Invalid, Verify(json, ServiceKeys.Of(ServiceOf(stranger)), before));

        // The older key signed this one: who knows the newer one needs the endorsement beside it.
        ReadOnlyMemory<byte> cose = Ask(second, $"/app/receipt/cose?transaction_id={before}", before);
        ServiceKeys newer = ServiceKeys.Of(ServiceOf(second));
        Assert.NotEqual(ReceiptVerdict.Valid, Verify(cose, newer, before));
        Assert.Equal(ReceiptVerdict.Valid, Verify(cose, newer.WithEndorsed(EndorsementsOf(second)), before));
        Assert.NotEqual(ReceiptVerdict.Valid,
            Verify(cose, ServiceKeys.Of(ServiceOf(stranger)).WithEndorsed(EndorsementsOf(second)), before));

        // What the newer key signed itself needs nobody: the first transaction of its epoch, and those after it.
        TxId after = second.Write("b", "after");
        second.Sync();
        foreach (TxId txId in (TxId[])[second.Node.View.ServiceCreated, after])
        {
            ReadOnlyMemory<byte> own = Ask(second, $"/app/receipt?transaction_id={txId}", txId);
            Assert.DoesNotContain("service_endorsements", Encoding.UTF8.GetString(own.Span), StringComparison.Ordinal);
            Assert.Equal(ReceiptVerdict.Valid, Verify(own, newer, txId));
            Assert.NotEqual(ReceiptVerdict.Valid, Verify(own, ServiceKeys.Of(ServiceOf(first)), txId));
        }
    }

    [Fact]
    public void History_of_before_is_opened_with_the_secret_of_its_epoch()
    {
        using TestShell second = first.Restart();
        string target = $"/app/history/{before.SeqNo}";
        Assert.Equal(202, second.Get(target, second.User).Status);
        SeqNo wanted = Assert.IsType<Effect.ReadBlock>(second.Others[^1]).SeqNo;
        second.Step(new Input.BlockRead(wanted, second.Disk[1]));
        Assert.Equal("[\"a=before\"]", Encoding.UTF8.GetString(second.Get(target, second.User).Body.Span));
    }

    [Fact]
    public void A_second_restart_leads_back_over_both_to_the_first_identity()
    {
        using TestShell second = first.Restart();
        TxId between = second.Write("b", "between");
        second.Sync();
        using TestShell third = second.Restart();
        Assert.Equal(new TxId(new View(6), second.Node.View.Committed.SeqNo.Next), third.Node.View.ServiceCreated);
        Assert.Equal(["2.1", "4.5", "6.9"], third.Node.View.Views.Starts.Select(start => start.ToString()));
        Assert.Equal("before", third.GetJson("/names/a", third.User).GetProperty("value").GetString());
        Assert.Equal("between", third.GetJson("/names/b", third.User).GetProperty("value").GetString());

        Certificate[] endorsements = EndorsementsOf(third);
        Assert.Equal([ServiceOf(first).KeyDigest, ServiceOf(second).KeyDigest],
            endorsements.Select(endorsement => endorsement.KeyDigest));
        Assert.True(endorsements[0].IsIssuedBy(ServiceOf(second)));
        Assert.True(endorsements[1].IsIssuedBy(ServiceOf(third)));

        ServiceKeys newest = ServiceKeys.Of(ServiceOf(third));
        ReadOnlyMemory<byte> oldest = Ask(third, $"/app/receipt?transaction_id={before}", before);
        Assert.Equal(2, EndorsementsIn(oldest));
        Assert.Equal(ReceiptVerdict.Valid, Verify(oldest, newest, before));
        Assert.Equal(ReceiptVerdict.Valid, Verify(oldest, ServiceKeys.Of(ServiceOf(second)), before));
        ReadOnlyMemory<byte> older = Ask(third, $"/app/receipt?transaction_id={between}", between);
        Assert.Equal(1, EndorsementsIn(older));
        Assert.Equal(ReceiptVerdict.Valid, Verify(older, newest, between));
        Assert.NotEqual(ReceiptVerdict.Valid, Verify(older, ServiceKeys.Of(ServiceOf(first)), between));
    }

    // Members' shares will give the newest secret and nothing else.
    [Fact]
    public void The_newest_ledger_secret_opens_those_before_it_out_of_the_ledger()
    {
        using TestShell second = first.Restart();
        using TestShell third = second.Restart();
        using SealedSecrets known = NewestSecrets(third);
        Assert.Equal([1ul, 5ul, 7ul], known.Periods.Select(period => period.From.Value));
        LedgerSecret newer = new(new SecretBytes(known.Periods[2].Secret.Reveal()));
        for (int i = 1; i >= 0; i--)
        {
            byte[] wrapped = WritesOf(BlockOf(third, first.Disk.Count + i))
                .Map(NodeMaps.WrappedLedgerSecrets).Get(known.Periods[i].From.Value);
            Assert.True(newer.TryUnwrap(known.Periods[i].From, wrapped, out LedgerSecret? older));
            newer.Dispose();
            using SecretBytes exported = older.Export();
            Assert.Equal(known.Periods[i].Secret, exported);
            newer = older;
        }

        newer.Dispose();
    }

    [Fact]
    public void The_ledger_of_three_epochs_passes_its_audit_with_the_first_and_the_newest_identity()
    {
        using TestShell second = first.Restart();
        using TestShell third = second.Restart();
        foreach (TestShell pinned in (TestShell[])[first, second, third])
        {
            LedgerAudit audit = new(new AuditOptions
            {
                Genesis = first.Node.View.Genesis,
                ServiceCertificate = ServiceOf(pinned),
                Expect = third.Node.View.Committed,
            });
            audit.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), third.Chunk());
            AuditReport report = audit.Finish();
            Assert.Empty(report.Problems);
            Assert.Equal(3ul, report.Epochs);
            Assert.Equal(ServiceOf(third).KeyDigest, report.NewestServiceCertificate!.KeyDigest);
        }
    }

    // Nobody was told that it is committed; it may be told now, and is.
    [Fact]
    public void A_block_that_was_durable_before_anybody_heard_of_it_counts()
    {
        TxId unheard = first.Write("b", "unheard");
        first.SyncUnheard();
        Assert.Equal("Pending", first.StatusOf(unheard.ToString()));
        using TestShell second = first.Restart();
        Assert.Equal("4.7", second.Node.View.ServiceCreated.ToString());
        Assert.Equal("Committed", second.StatusOf(unheard.ToString()));
        Assert.Equal("unheard", second.GetJson("/names/b", second.User).GetProperty("value").GetString());
    }

    // The host's clock stands where it stood at the start, which is a month before the ledger's newest time.
    [Fact]
    public void Time_goes_on_from_the_ledger_when_the_host_turns_its_clock()
    {
        Execution.Proposed proposed = first.Propose("a", "later");
        first.Step(new Input.Tick(TestShell.Noon.AddDays(31)));
        first.Submit(proposed);
        first.Sync();
        using TestShell second = first.Restart();
        Block[] blocks = [.. second.Disk.Select((_, i) => BlockOf(second, i))];
        Assert.True(blocks[^1].Signature.Time >= blocks[^2].Signature.Time);
        Assert.Equal(401, second.Get("/app/names/a", second.User).Status);
    }

    private static Block BlockOf(TestShell shell, int index)
    {
        Assert.True(Block.TryDecode(shell.Disk[index], out Block? block));
        return block;
    }

    private static Certificate ServiceOf(TestShell shell)
    {
        Assert.True(Certificate.TryFromDer(shell.Node.View.ServiceCertificate.Span, out Certificate? service));
        return service!;
    }

    private static Effect.Open Opened(TestShell shell) => Assert.Single(shell.Others.OfType<Effect.Open>());

    private static Certificate[] EndorsementsOf(TestShell shell) => [.. Opened(shell).Endorsements.Select(der =>
    {
        Assert.True(Certificate.TryFromDer(der.Span, out Certificate? endorsement));
        return endorsement!;
    })];

    private static SealedSecrets NewestSecrets(TestShell shell) => shell.Unseal(
        SealedSecrets.FileName(shell.Node.View.ServiceCreated.SeqNo, ServiceOf(shell).KeyDigest));

    private static string? StatusOfNode(TestShell shell, NodeId id) =>
        shell.GetJson($"/node/network/nodes/{id}").GetProperty("status").GetString();

    private static ReadOnlyTransaction WritesOf(Block block)
    {
        Assert.True(EpochBlock.TryRead(block, out EpochBlock? epoch));
        Assert.True(WriteSet.TryDecode(epoch.PublicWrites.Span, [], out WriteSet? writes));
        return KeyValueStore.ReadAt(State.Empty.After(new TxId(new View(2), new SeqNo(1)), writes), MapAccess.Node);
    }

    // A block of an older epoch is read back from disk first.
    private static ReadOnlyMemory<byte> Ask(TestShell shell, string target, TxId txId)
    {
        Response response = shell.Get(target);
        if (response.Status == 202)
        {
            SeqNo wanted = Assert.IsType<Effect.ReadBlock>(shell.Others[^1]).SeqNo;
            int holder = shell.Disk.FindIndex(bytes =>
                Block.TryDecode(bytes, out Block? block) && block.First <= txId.SeqNo && txId.SeqNo <= block.Last);
            shell.Step(new Input.BlockRead(wanted, shell.Disk[holder]));
            response = shell.Get(target);
        }

        Assert.Equal(200, response.Status);
        return response.Body;
    }

    private static ReceiptVerdict Verify(ReadOnlyMemory<byte> receipt, ServiceKeys keys, TxId txId) =>
        ReceiptVerifier.Verify(receipt, new ReceiptVerifyOptions { Keys = keys, TxId = txId }).Verdict;

    private static int EndorsementsIn(ReadOnlyMemory<byte> receipt) =>
        JsonDocument.Parse(receipt).RootElement.GetProperty("service_endorsements").GetArrayLength();
}
