using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Host;

/// <summary>A process that starts on the disk of another one (DESIGN 6, "Epochs").</summary>
public sealed class RestartTests : IDisposable
{
    private readonly NodeFolder folder = new();

    public RestartTests()
    {
        folder.Configuration["output"]!["service_endorsements"] = "service_endorsements.pem";
        folder.Configuration["sealed_secrets"] = "node0/sealed_secrets";
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_process_goes_on_with_the_data_of_the_one_before(bool isKilled)
    {
        string receipt;
        TxId first;
        string olderCertificate;
        using (NodeProcess node = await NodeProcess.OpenAsync(folder))
        {
            using HttpClient client = node.Client(folder.User);
            first = await WriteAsync(client, 1, "before");
            receipt = await PollAsync(client, $"/app/receipt?transaction_id={first}");
            olderCertificate = await File.ReadAllTextAsync(folder.At("service_cert.pem"));
            await EndAsync(node, isKilled);
        }

        using NodeProcess next = await ReopenAsync();
        using HttpClient again = next.Client(folder.User);
        Assert.Equal("before", await ReadAsync(again, 1));
        Assert.Equal("Committed", await StatusAsync(again, first));
        TxId second = await WriteAsync(again, 2, "after");
        Assert.Equal(first.View.Value + 2, second.View.Value);

        string newerCertificate = await File.ReadAllTextAsync(folder.At("service_cert.pem"));
        Assert.NotEqual(olderCertificate, newerCertificate);
        Certificate older = Read(olderCertificate);
        Certificate newer = Read(newerCertificate);
        JsonElement epochs = (await again.GetFromJsonAsync<JsonElement>("/node/service/endorsements"))
            .GetProperty("epochs");
        Assert.Equal(2, epochs.GetArrayLength());
        Assert.True(ServiceEndorsement.TryDecode(
            epochs[1].GetProperty("endorsement").GetBytesFromBase64(), out ServiceEndorsement? endorsement));
        Assert.True(endorsement.IsFor(older, newer));
        Assert.False(endorsement.IsFor(newer, older));

        // The receipt that the client kept, with the newest identity and the endorsements; alone it proves nothing.
        byte[] kept = System.Text.Encoding.UTF8.GetBytes(receipt);
        ServiceKeys keys = ServiceKeys.Of(newer);
        Assert.NotEqual(ReceiptVerdict.Valid, Verify(kept, keys).Verdict);
        Certificate previous = Read(await File.ReadAllTextAsync(folder.At("service_endorsements.pem")));
        Assert.Equal(ReceiptVerdict.Valid, Verify(kept, keys.WithEndorsed(previous)).Verdict);

        // One that is fetched now brings them.
        string fetched = await PollAsync(again, $"/app/receipt?transaction_id={first}");
        Assert.Equal(ReceiptVerdict.Valid, Verify(System.Text.Encoding.UTF8.GetBytes(fetched), keys).Verdict);
    }

    [Fact]
    public async Task A_node_that_is_asked_to_end_does_not_read_its_ledger_to_the_end()
    {
        // A pipe is a file that is read as slowly as the test likes.
        Directory.CreateDirectory(folder.Ledger);
        string slow = Path.Combine(folder.Ledger, "ledger_1");
        using (Process make = Process.Start("mkfifo", slow)) await make.WaitForExitAsync();
        File.WriteAllText(Path.Combine(folder.Ledger, "ledger_5"), "not read any more");
        using NodeProcess node = NodeProcess.Launch(folder);

        // It opens when the node begins to read, and the read ends when it closes: the signal comes before.
        using (new FileStream(slow, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            node.Terminate();
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }

        Assert.Equal(0, await node.ExitCodeAsync());
        Assert.Contains("nothing there was changed", node.StandardError, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder.Ledger, "ledger_5")));
    }

    // What a start makes durable again was acknowledged by the process before: a disk that fails meanwhile may stop the
    // start, and takes nothing away.
    [Fact]
    public async Task A_flush_that_fails_while_a_node_starts_takes_nothing_away()
    {
        if (!Tracing.IsPossible()) Assert.Skip("a disk that fails is played by strace, which cannot run here");
        using (NodeProcess node = await NodeProcess.OpenAsync(folder))
        {
            using HttpClient client = node.Client(folder.User);
            await WriteAsync(client, 1, "before");
            node.Kill();
            await node.ExitCodeAsync();
        }

        using NodeFolder kept = new();
        CopyFolder(folder.At("node0"), kept.Path);
        int failed = 0;
        for (int flush = 1; flush <= 9; flush++)
        {
            Directory.Delete(folder.At("node0"), recursive: true);
            CopyFolder(kept.Path, folder.At("node0"));
            File.Delete(folder.At("node0/addresses.json"));
            using (NodeProcess unlucky = NodeProcess.LaunchUnder(
                folder, ["strace", "-f", "-qq", "-o", folder.At("trace"), "-e", "trace=fsync", "-e",
                    $"inject=fsync:error=EIO:when={flush}"], ["--config", folder.WriteConfiguration()]))
            {
                while (!unlucky.HasExited && !File.Exists(folder.At("node0/addresses.json"))) await Task.Delay(20);
                if (unlucky.HasExited) failed++;
            }

            using NodeProcess next = await ReopenAsync();
            using HttpClient again = next.Client(folder.User);
            Assert.Equal("before", await ReadAsync(again, 1));
            next.Kill();
            await next.ExitCodeAsync();
        }

        Assert.InRange(failed, 3, 9);
    }

    [Fact]
    public async Task Many_restarts_keep_everything_and_lead_back_to_the_first_identity()
    {
        const int restarts = 4;
        List<TxId> written = [];
        for (int at = 0; at <= restarts; at++)
        {
            using NodeProcess node = await ReopenAsync();
            using HttpClient client = node.Client(folder.User);
            written.Add(await WriteAsync(client, at, $"message {at}"));
            foreach (TxId txId in written)
            {
                Assert.Equal("Committed", await StatusAsync(client, txId));
                byte[] receipt = System.Text.Encoding.UTF8.GetBytes(
                    await PollAsync(client, $"/app/receipt?transaction_id={txId}"));
                ServiceKeys keys = ServiceKeys.Of(Read(await File.ReadAllTextAsync(folder.At("service_cert.pem"))));
                Assert.Equal(ReceiptVerdict.Valid, Verify(receipt, keys).Verdict);
            }

            await EndAsync(node, isKilled: at % 2 == 0);
        }

        AuditReport report = LedgerOnDisk.Audit(folder, written);
        Assert.True(report.Ok, string.Join('\n', report.Problems));
        Assert.Equal(restarts + 1ul, report.Epochs);
        Assert.Equal(restarts + 1, Directory.EnumerateFiles(folder.At("node0/sealed_secrets")).Count());
    }

    [Fact]
    public async Task Two_processes_on_copies_of_one_disk_are_two_epochs_and_share_no_key_with_a_nonce()
    {
        using (NodeProcess node = await NodeProcess.OpenAsync(folder))
        {
            using HttpClient client = node.Client(folder.User);
            for (int at = 0; at < 5; at++) await WriteAsync(client, at, $"message {at}");
            await EndAsync(node, isKilled: true);
        }

        using NodeFolder copy = new();
        CopyFolder(folder.Path, copy.Path);
        copy.Configuration.Clear();
        foreach ((string name, JsonNode? value) in JsonNode.Parse(folder.Configuration.ToJsonString())!.AsObject())
            copy.Configuration[name] = value?.DeepClone();
        Dictionary<string, Digest> sealedWith = [];
        foreach (NodeFolder one in (NodeFolder[])[folder, copy])
        {
            using NodeProcess node = await ReopenAsync(one);
            using HttpClient client = node.Client(folder.User);
            for (int at = 0; at < 5; at++) await WriteAsync(client, at, $"another message {at}");
            await EndAsync(node, isKilled: false);
            CollectNonces(one, sealedWith);
        }

        EpochBlock[] forks = [.. ((NodeFolder[])[folder, copy]).Select(EpochOf)];
        Assert.Equal(forks[0].Continues, forks[1].Continues);
        Assert.NotEqual(forks[0].ServiceCertificate.KeyDigest, forks[1].ServiceCertificate.KeyDigest);
        Assert.Equal(3 * 5, sealedWith.Count); // what was copied, and what each of them wrote
    }

    [Fact]
    public async Task A_process_that_is_killed_leaves_the_disk_to_one_other_at_a_time()
    {
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using NodeProcess second = NodeProcess.Launch(folder);
        Assert.Equal(3, await second.ExitCodeAsync());
        Assert.Contains("another process works on it", second.StandardError, StringComparison.Ordinal);
        using HttpClient client = node.Client(folder.User);
        await WriteAsync(client, 1, "still here");
    }

    [Fact]
    public async Task A_write_that_did_not_finish_is_cut_off_with_a_line_in_the_log()
    {
        await MakeAsync(writes: 3);
        string path = LedgerOnDisk.Chunks(folder).Last();

        // The beginning of the block that would have come next.
        byte[] torn = LedgerOnDisk.Blocks(folder).Last().Bytes[..200].ToArray();
        ulong next = LedgerOnDisk.Blocks(folder).Last().Last.Value + 1;
        BinaryPrimitives.WriteUInt64BigEndian(torn.AsSpan(13), next);
        BinaryPrimitives.WriteUInt64BigEndian(torn.AsSpan(21), next + 1);
        await using (FileStream file = new(path, FileMode.Append)) await file.WriteAsync(torn);

        using NodeProcess node = await ReopenAsync();
        using HttpClient client = node.Client(folder.User);
        Assert.Equal("message 2", await ReadAsync(client, 2));
        Assert.Contains("cut off a write that did not finish", node.StandardError, StringComparison.Ordinal);
        await EndAsync(node, isKilled: false);
        Assert.True(LedgerOnDisk.Audit(folder, []).Ok);
    }

    [Fact]
    public async Task A_changed_byte_is_named_by_file_seqno_and_reason_and_nothing_is_touched()
    {
        await MakeAsync(writes: 4);
        string path = LedgerOnDisk.Chunks(folder).First();
        byte[] good = await File.ReadAllBytesAsync(path);
        byte[] bad = [.. good];
        Block third = LedgerOnDisk.Blocks(folder).ElementAt(2);
        bad[good.AsSpan().IndexOf(third.Bytes.Span) + Block.HeaderSize + 95] ^= 4;
        await File.WriteAllBytesAsync(path, bad);
        using NodeProcess node = NodeProcess.Launch(folder);
        Assert.Equal(3, await node.ExitCodeAsync());
        string line = node.StandardError.Split('\n')[^1];
        Assert.Contains($"{Path.GetFileName(path)}, seqno {third.First}: ", line, StringComparison.Ordinal);
        Assert.Contains("Merkle root", line, StringComparison.Ordinal);
        Assert.Equal(bad, await File.ReadAllBytesAsync(path));
        await File.WriteAllBytesAsync(path, good);
        using NodeProcess next = await ReopenAsync();
        using HttpClient client = next.Client(folder.User);
        Assert.Equal("message 3", await ReadAsync(client, 3));
    }

    [Theory]
    [InlineData("gone", "no sealed secrets open the epoch")]
    [InlineData("changed", "no sealed secrets open the epoch")]
    [InlineData("other users", "names other users")]
    [InlineData("other name", "is named \"test\"")]
    public async Task Secrets_and_settings_of_another_ledger_are_refused_by_name(string what, string reason)
    {
        await MakeAsync(writes: 1);
        string secrets = Directory.EnumerateFiles(folder.At("node0/sealed_secrets")).Single();
        byte[] content = await File.ReadAllBytesAsync(secrets);
        switch (what)
        {
            case "gone": File.Delete(secrets); break;
            case "changed":
                content[60] ^= 1;
                await File.WriteAllBytesAsync(secrets, content);
                break;
            case "other users": folder.Configuration["genesis"]!["users"] = new JsonArray(); break;
            default: folder.Configuration["genesis"]!["name"] = "another"; break;
        }

        using NodeProcess node = NodeProcess.Launch(folder);
        Assert.Equal(3, await node.ExitCodeAsync());
        Assert.Contains(reason, node.StandardError, StringComparison.Ordinal);
    }

    private static EpochBlock EpochOf(NodeFolder folder) => LedgerOnDisk.Blocks(folder)
        .Select(block => EpochBlock.TryRead(block, out EpochBlock? epoch) ? epoch : null)
        .OfType<EpochBlock>().Single();

    [Fact]
    public async Task A_start_on_an_empty_folder_takes_nothing_from_the_ledger_that_is_put_back()
    {
        await MakeAsync(writes: 2);
        Directory.Move(folder.Ledger, folder.Ledger + ".aside"); // as if its disk were not mounted
        using (NodeProcess other = await ReopenAsync()) await EndAsync(other, isKilled: false);
        Directory.Delete(folder.Ledger, recursive: true);
        Directory.Move(folder.Ledger + ".aside", folder.Ledger);
        using NodeProcess node = await ReopenAsync();
        using HttpClient client = node.Client(folder.User);
        Assert.Equal("message 1", await ReadAsync(client, 1));
    }

    private static ReceiptReport Verify(byte[] receipt, ServiceKeys keys) =>
        ReceiptVerifier.Verify(receipt, new ReceiptVerifyOptions { Keys = keys });

    private static Certificate Read(string pem)
    {
        Assert.True(Certificate.TryFromPem(pem, out Certificate? certificate));
        return certificate!;
    }

    // Whoever has the files of the virtual platform has its secrets: its sealing key is public.
    private static void CollectNonces(NodeFolder folder, Dictionary<string, Digest> sealedWith)
    {
        using SecretBytes sealing = new("virtual platform: INSECURE 0001!!"u8[..32]);
        string path = Directory.EnumerateFiles(folder.At("node0/sealed_secrets")).MaxBy(File.GetLastWriteTimeUtc)!;
        Assert.True(SealedSecrets.TryOpen(File.ReadAllBytes(path), sealing, out SealedSecrets? secrets));
        foreach (Block block in LedgerOnDisk.Blocks(folder))
        {
            SecretPeriod period = secrets.Periods.Last(known => known.From <= block.First);
            using LedgerSecret secret = new(new SecretBytes(period.Secret.Reveal()));
            using SecretBytes data = secret.DataKey();
            using SecretBytes entryKey = KeyDerivation.Derive(data, "curia entry key", block.NodeId.Value.ToArray());
            string key = Convert.ToHexString(entryKey.Reveal());
            foreach (LedgerEntry entry in block.Entries.Where(entry => !entry.SealedPrivate.IsEmpty))
            {
                // One key and nonce may come twice with the very same bytes: that is the copied part of the disk.
                string used = $"{key} {entry.TxId}";
                if (!sealedWith.TryAdd(used, entry.WriteSetDigest))
                    Assert.Equal(sealedWith[used], entry.WriteSetDigest);
            }
        }
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (string path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target, overwrite: true);
        }
    }

    private Task<NodeProcess> ReopenAsync() => ReopenAsync(folder);

    private static Task<NodeProcess> ReopenAsync(NodeFolder folder)
    {
        if (Directory.Exists(folder.At("node0"))) File.Delete(folder.At("node0/addresses.json"));
        return NodeProcess.OpenAsync(folder);
    }

    private async Task MakeAsync(int writes)
    {
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using HttpClient client = node.Client(folder.User);
        for (int at = 0; at < writes; at++) await WriteAsync(client, at, $"message {at}");
        await EndAsync(node, isKilled: false);
    }

    private static async Task EndAsync(NodeProcess node, bool isKilled)
    {
        if (isKilled)
        {
            node.Kill();
            return;
        }

        node.Terminate();
        Assert.Equal(0, await node.ExitCodeAsync());
    }

    private static async Task<TxId> WriteAsync(HttpClient client, int id, string message)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/app/log/private")
        {
            Content = JsonContent.Create(new { id, msg = message }),
        };
        request.Headers.TryAddWithoutValidation("Prefer", "wait=committed");
        using HttpResponseMessage response = await client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        Assert.True(TxId.TryParse(response.Headers.GetValues("x-ms-ccf-transaction-id").Single(), out TxId txId));
        return txId;
    }

    private static async Task<string?> ReadAsync(HttpClient client, int id) =>
        (await client.GetFromJsonAsync<JsonElement>(
            string.Create(CultureInfo.InvariantCulture, $"/app/log/private?id={id}"))).GetProperty("msg").GetString();

    private static async Task<string?> StatusAsync(HttpClient client, TxId txId) =>
        (await client.GetFromJsonAsync<JsonElement>($"/app/tx?transaction_id={txId}"))
            .GetProperty("status").GetString();

    private static async Task<string> PollAsync(HttpClient client, string path)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            using HttpResponseMessage response = await client.GetAsync(path);
            if ((int)response.StatusCode == 200) return await response.Content.ReadAsStringAsync();
            Assert.Equal(202, (int)response.StatusCode);
            await Task.Delay(50);
        }

        throw new TimeoutException($"{path} was never loaded");
    }
}
