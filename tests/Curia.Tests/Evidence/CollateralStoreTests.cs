using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Evidence;
using Curia.Tests.Attestation;

namespace Curia.Tests.Evidence;

/// <summary>Collateral is fetched behind everybody's back, kept, and renewed; whatever a server does, nobody
/// waits.</summary>
public sealed class CollateralStoreTests : IDisposable
{
    private static readonly MadeSnp made = Recorded.Made;
    private static readonly MadeIntel intel = new(4);
    private static readonly CollateralItem crl =
        CollateralItem.AmdRevocationList(SnpProcessor.Milan, SnpKeyKind.Vcek);

    private readonly TestFolder folder = new();
    private readonly ConcurrentQueue<string> log = new();

    public void Dispose() => folder.Dispose();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_item_is_fetched_once_kept_on_disk_and_found_there_again()
    {
        TaskCompletionSource asked = new();
        await using CollateralServer server = new(async (_, stream, cancel) =>
        {
            await asked.Task.WaitAsync(cancel);
            await stream.WriteAsync(CollateralServer.Response(made.RevocationList), cancel);
        });
        await using (CollateralStore store = Store(server))
        {
            Assert.False(store.TryGet(crl, out Collateral? none));
            Assert.Null(none);
            asked.SetResult();
            Collateral? held = await store.WaitForAsync(crl, Cancel);
            Assert.Equal(made.RevocationList, held!.Content.ToArray());
            Assert.True(store.TryGet(crl, out Collateral? same) && ReferenceEquals(held, same));
            (string kind, double seconds) = Assert.Single(store.SecondsUntilExpiry());
            Assert.Equal("amd-crl", kind);
            Assert.InRange(seconds, (30 * 86_400) - 600, 30 * 86_400);
            Assert.Equal(0, store.Missing);
        }

        Assert.StartsWith("GET /cache/vcek/v1/Milan/crl HTTP/1.1", Assert.Single(server.Requests),
            StringComparison.Ordinal);
        Assert.Equal(made.RevocationList, File.ReadAllBytes(Path.Combine(folder.Path, crl.File)));

        await using CollateralStore alone = Store(null);
        Assert.NotNull(await alone.WaitForAsync(crl, Cancel));
        Assert.Empty(alone.Failures);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Asking_does_not_wait_for_a_server_that_is_slow_and_a_slow_one_holds_up_nothing_else()
    {
        CollateralItem chain = CollateralItem.AmdChain(SnpProcessor.Milan, SnpKeyKind.Vcek);
        byte[] pem = CollateralItemTests.Pem(made.SignerDer, made.RootDer);
        await using CollateralServer server = new(async (path, stream, cancel) =>
        {
            if (path.EndsWith("crl", StringComparison.Ordinal)) await Task.Delay(Timeout.Infinite, cancel);
            await stream.WriteAsync(CollateralServer.Response(pem), cancel);
        });
        await using CollateralStore store = Store(server);
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < 1000; i++) Assert.False(store.TryGet(crl, out _));
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.NotNull(await store.WaitForAsync(chain, Cancel));
        Assert.Equal(1, store.Missing);
        await UntilAsync(() => server.Requests.Any(IsOfList));
        Assert.Single(server.Requests, IsOfList);

        static bool IsOfList(string request) => request.Contains("/crl ", StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_never_ends_is_given_up()
    {
        // The head comes at once, then a byte now and then.
        await using CollateralServer server = new(async (_, stream, cancel) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"u8.ToArray(), cancel);
            while (!cancel.IsCancellationRequested)
            {
                await stream.WriteAsync(new byte[1], cancel);
                await Task.Delay(10, cancel);
            }
        });
        await FailsAsync(CollateralRefusal.TimedOut, server, settings => settings with
        {
            Timeout = TimeSpan.FromSeconds(100),
        });
    }

    [Fact]
    public async Task An_answer_that_is_too_large_is_not_read_to_its_end()
    {
        byte[] head = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        long sent = 0;
        await using CollateralServer endless = new(async (_, stream, cancel) =>
        {
            await stream.WriteAsync(head, cancel);
            for (byte[] block = new byte[65536]; ; sent += block.Length) await stream.WriteAsync(block, cancel);
        });
        await FailsAsync(CollateralRefusal.TooLarge, endless);
        Assert.InRange(sent, 0, 64L << 20); // what the buffers of the sockets took in, for a few attempts
        await using CollateralServer announced = new(
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"u8.ToArray());
        await FailsAsync(CollateralRefusal.TooLarge, announced);
    }

    [Theory]
    [InlineData(CollateralRefusal.Malformed, "200 OK")]
    [InlineData(CollateralRefusal.NotFound, "404 Not Found")]
    [InlineData(CollateralRefusal.RateLimited, "429 Too Many Requests")]
    [InlineData(CollateralRefusal.RateLimited, "503 Service Unavailable")]
    [InlineData(CollateralRefusal.Status, "500 Internal Server Error")]
    [InlineData(CollateralRefusal.Status, "204 No Content")]
    public async Task A_failure_has_a_name(CollateralRefusal refusal, string status)
    {
        await using CollateralServer server = new(CollateralServer.Response("<html>garbage"u8.ToArray(), status));
        await FailsAsync(refusal, server);
    }

    [Fact]
    public async Task A_server_that_sends_elsewhere_is_not_followed()
    {
        await using CollateralServer other = new(CollateralServer.Response(made.RevocationList));
        await using CollateralServer server =
            new(CollateralServer.Response([], "302 Found", $"Location: {other.Address}"));
        await FailsAsync(CollateralRefusal.Status, server);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Garbage_in_place_of_HTTP_and_nobody_there_have_a_name()
    {
        await using CollateralServer garbage = new("SSH-2.0-none\r\n\r\n"u8.ToArray());
        await FailsAsync(CollateralRefusal.Unreachable, garbage);
        await using CollateralServer closing = new([]);
        await FailsAsync(CollateralRefusal.Unreachable, closing);
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        Uri nobody = new($"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");
        taken.Stop();
        await FailsAsync(CollateralRefusal.Unreachable, null, settings => settings with { AmdKds = nobody });
        await FailsAsync(CollateralRefusal.NoServer, null);
    }

    [Fact]
    public async Task A_failure_is_tried_again_said_once_and_forgotten_when_it_works()
    {
        int answered = 0;
        await using CollateralServer server = new((_, stream, cancel) => stream.WriteAsync(
            Interlocked.Increment(ref answered) <= 4
                ? CollateralServer.Response([], "500 Oh")
                : CollateralServer.Response(made.RevocationList), cancel).AsTask());
        await using CollateralStore store = Store(server);
        Assert.NotNull(await store.WaitForAsync(crl, Cancel));
        Assert.Equal([new(CollateralRefusal.Status, 4)], store.Failures);
        await UntilAsync(() => log.Count == 2);
        Assert.Equal(
            [$"{crl.File} cannot be fetched: Status; it is tried again", $"{crl.File} was fetched"], log.ToArray());
    }

    [Fact]
    public async Task A_server_that_asks_for_patience_gets_it()
    {
        ConcurrentQueue<long> times = new();
        await using CollateralServer server = new((_, stream, cancel) =>
        {
            times.Enqueue(Stopwatch.GetTimestamp());
            return stream.WriteAsync(times.Count == 1
                ? CollateralServer.Response([], "429 Too Many Requests", "Retry-After: 60")
                : CollateralServer.Response(made.RevocationList), cancel).AsTask();
        });
        await using CollateralStore store = Store(server);
        Assert.NotNull(await store.WaitForAsync(crl, Cancel));
        long[] both = [.. times];
        Assert.Equal(2, both.Length);

        // 60 s on a clock that runs a hundred times as fast; without the header it would be 20 ms.
        Assert.InRange(Stopwatch.GetElapsedTime(both[0], both[1]), TimeSpan.FromMilliseconds(550),
            TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task An_older_list_does_not_replace_a_newer_one()
    {
        byte[] newer = made.MakeRevocationList(nextUpdate: MadeSnp.Now.AddSeconds(600));
        byte[] older = made.MakeRevocationList(nextUpdate: MadeSnp.Now.AddSeconds(300));
        int answered = 0;
        await using CollateralServer server = new((_, stream, cancel) => stream.WriteAsync(
            CollateralServer.Response(Interlocked.Increment(ref answered) == 1 ? newer : older), cancel).AsTask());
        await using CollateralStore store = Store(server, settings => settings with
        {
            RefreshMin = TimeSpan.FromSeconds(1),
            RefreshMax = TimeSpan.FromSeconds(2),
        });
        await store.WaitForAsync(crl, Cancel);
        await UntilAsync(() => store.Failures.Any(failure => failure.Key == CollateralRefusal.Older));
        Assert.True(store.TryGet(crl, out Collateral? held));
        Assert.Equal(newer, held!.Content.ToArray());
        Assert.Equal(newer, File.ReadAllBytes(Path.Combine(folder.Path, crl.File)));
    }

    [Fact]
    public async Task What_is_held_is_renewed_before_it_expires()
    {
        int answered = 0;
        await using CollateralServer server = new((_, stream, cancel) => stream.WriteAsync(
            CollateralServer.Response(made.MakeRevocationList(
                nextUpdate: MadeSnp.Now.AddSeconds(60 * Interlocked.Increment(ref answered)))), cancel).AsTask());
        await using CollateralStore store = Store(server, settings => settings with
        {
            RefreshMin = TimeSpan.FromSeconds(1),
        });
        await store.WaitForAsync(crl, Cancel);
        await UntilAsync(() => store.TryGet(crl, out Collateral? held)
            && held!.Expires >= MadeSnp.Now.AddSeconds(180));
        Assert.Empty(store.Failures);
    }

    [Fact]
    public async Task What_has_expired_is_held_counted_as_missing_and_its_seconds_are_below_zero()
    {
        folder.Write(crl.File, made.MakeRevocationList(nextUpdate: MadeSnp.Now.AddDays(-1)));
        await using CollateralStore store = Store(null);
        Assert.NotNull(await store.WaitForAsync(crl, Cancel));
        Assert.Equal(1, store.Missing);
        Assert.InRange(Assert.Single(store.SecondsUntilExpiry()).Value, -86_500, -86_399);
    }

    [Fact]
    public async Task An_operator_may_put_a_file_there_while_the_node_runs()
    {
        await using CollateralStore store = Store(null);
        Assert.False(store.TryGet(crl, out _));
        await UntilAsync(() => store.Failures.Count > 0);
        folder.Write(crl.File, made.RevocationList);
        Assert.NotNull(await store.WaitForAsync(crl, Cancel));
        CollateralItem key = CollateralItem.AmdKey(new SnpKeyName(SnpProcessor.Milan, made.ChipId, default));
        folder.Write(key.File, "not a certificate"u8);
        Assert.False(store.TryGet(key, out _));
        await UntilAsync(() => store.Missing == 1);
    }

    [Fact]
    public async Task The_chain_of_a_signer_comes_in_a_header_and_is_kept_beside()
    {
        CollateralItem item = CollateralItem.IntelTcbInfo(AttestationPlatform.Tdx, "b0c06f000000");
        byte[] json = intel.Endorsements.TcbInfo!.Value.ToArray();
        byte[] chain = intel.Endorsements.TcbSigningChain!.Value.ToArray();
        string header = $"TCB-Info-Issuer-Chain: {Uri.EscapeDataString(Encoding.ASCII.GetString(chain))}";
        await using CollateralServer server = new(CollateralServer.Response(json, "200 OK", header));
        await using (CollateralStore store = Store(server))
        {
            Assert.Equal(2, (await store.WaitForAsync(item, Cancel))!.Certificates.Count);
            await UntilAsync(() => File.Exists(Path.Combine(folder.Path, item.File)));
        }

        Assert.Equal(chain, File.ReadAllBytes(Path.Combine(folder.Path, item.File + ".chain.pem")));
        await using CollateralStore again = Store(null);
        Assert.Equal(json, (await again.WaitForAsync(item, Cancel))!.Content.ToArray());

        await using CollateralServer without = new(CollateralServer.Response(json));
        await FailsAsync(CollateralRefusal.Malformed, without,
            item: CollateralItem.IntelTcbInfo(AttestationPlatform.Sgx, "b0c06f000000"));
    }

    // Whoever makes one up chooses a late date: it must not outlive what is genuine, nor be there at the next start.
    [Fact]
    public async Task What_its_vendor_has_not_signed_is_neither_held_nor_kept_whatever_date_it_has()
    {
        byte[] forged = made.MakeRevocationList(nextUpdate: MadeSnp.Now.AddYears(70), forged: true);
        int answered = 0;
        await using CollateralServer server = new((_, stream, cancel) => stream.WriteAsync(CollateralServer.Response(
            Interlocked.Increment(ref answered) == 1 ? forged : made.RevocationList), cancel).AsTask());
        await using (CollateralStore store = Store(server))
        {
            Assert.Equal(made.RevocationList, (await store.WaitForAsync(crl, Cancel))!.Content.ToArray());
            Assert.Equal([new(CollateralRefusal.NotSigned, 1)], store.Failures);
        }

        folder.Write(crl.File, forged);
        await using CollateralStore again = Store(server);
        Assert.Equal(made.RevocationList, (await again.WaitForAsync(crl, Cancel))!.Content.ToArray());
        Assert.Equal(made.RevocationList, File.ReadAllBytes(Path.Combine(folder.Path, crl.File)));
    }

    public static TheoryData<string> OfSomethingElse =>
        ["chain", "forged chain", "list", "platform", "fmspc", "qe", "pck list", "root list", "statement"];

    [Theory]
    [MemberData(nameof(OfSomethingElse))]
    public async Task What_is_signed_for_something_else_is_not_kept(string what)
    {
        string signer = Header("TCB-Info-Issuer-Chain", intel.SignerDer, intel.RootDer);
        byte[] info = intel.Endorsements.TcbInfo!.Value.ToArray();
        MadeSnp other = new(SnpProcessor.Milan);
        (CollateralItem item, byte[] body, string header) = what switch
        {
            "chain" => (CollateralItem.AmdChain(SnpProcessor.Milan, SnpKeyKind.Vlek),
                CollateralItemTests.Pem(made.SignerDer, made.RootDer), "X: 1"),
            "forged chain" => (CollateralItem.AmdChain(SnpProcessor.Milan, SnpKeyKind.Vcek),
                CollateralItemTests.Pem(other.SignerDer, made.RootDer), "X: 1"),
            "list" => (CollateralItem.AmdRevocationList(SnpProcessor.Genoa, SnpKeyKind.Vcek),
                made.RevocationList, "X: 1"),
            "platform" => (CollateralItem.IntelTcbInfo(AttestationPlatform.Sgx, "b0c06f000000"), info, signer),
            "fmspc" => (CollateralItem.IntelTcbInfo(AttestationPlatform.Tdx, "b0c06f000001"), info, signer),
            "qe" => (CollateralItem.IntelQeIdentity(AttestationPlatform.Sgx), intel.MakeQeIdentity(),
                Header("SGX-Enclave-Identity-Issuer-Chain", intel.SignerDer, intel.RootDer)),
            "pck list" => (CollateralItem.IntelPckRevocationList(platformCa: false), intel.MakePckList(),
                Header("SGX-PCK-CRL-Issuer-Chain", intel.AuthorityDer, intel.RootDer)),
            "root list" => (CollateralItem.IntelRootRevocationList(), intel.MakeRootList(forged: true), "X: 1"),
            _ => (CollateralItem.IntelTcbInfo(AttestationPlatform.Tdx, "b0c06f000000"), info,
                Header("TCB-Info-Issuer-Chain", intel.MakeSigner(forged: true), intel.RootDer)),
        };
        await using CollateralServer server = new(CollateralServer.Response(body, "200 OK", header));
        await FailsAsync(CollateralRefusal.NotSigned, server, item: item);
    }

    [Fact]
    public async Task What_is_signed_for_what_was_asked_is_kept()
    {
        foreach ((CollateralItem item, byte[] body, string header) in ((CollateralItem, byte[], string)[])
        [
            (CollateralItem.AmdChain(SnpProcessor.Milan, SnpKeyKind.Vcek),
                CollateralItemTests.Pem(made.SignerDer, made.RootDer), "X: 1"),
            (CollateralItem.IntelQeIdentity(AttestationPlatform.Tdx), intel.MakeQeIdentity(),
                Header("SGX-Enclave-Identity-Issuer-Chain", intel.SignerDer, intel.RootDer)),
            (CollateralItem.IntelPckRevocationList(platformCa: true), intel.MakePckList(),
                Header("SGX-PCK-CRL-Issuer-Chain", intel.AuthorityDer, intel.RootDer)),
            (CollateralItem.IntelRootRevocationList(), intel.MakeRootList(), "X: 1"),
        ])
        {
            await using CollateralServer server = new(CollateralServer.Response(body, "200 OK", header));
            await using CollateralStore store = Store(server);
            Assert.Equal(body, (await store.WaitForAsync(item, Cancel))!.Content.ToArray());
            Assert.Empty(store.Failures);
        }
    }

    // Its signer is in the chain, which comes by itself.
    [Fact]
    public async Task A_certificate_that_cannot_be_verified_yet_is_replaced_by_what_comes_later()
    {
        byte[] forged = new MadeSnp(SnpProcessor.Milan).MakeLeaf(until: MadeSnp.Now.AddYears(70));
        CollateralItem key = KeyOf(made);
        int answered = 0;
        await using CollateralServer server = new((_, stream, cancel) => stream.WriteAsync(CollateralServer.Response(
            Interlocked.Increment(ref answered) == 1 ? forged : made.LeafDer), cancel).AsTask());
        await using (CollateralStore store = Store(server, settings => settings with
        {
            RefreshMin = TimeSpan.FromSeconds(1),
        }))
        {
            Assert.Equal(forged, (await store.WaitForAsync(key, Cancel))!.Content.ToArray());
            await UntilAsync(() => store.TryGet(key, out Collateral? held)
                && held!.Content.Span.SequenceEqual(made.LeafDer));
        }

        // With the chain it is known for what it is.
        CollateralItem chain = CollateralItem.AmdChain(SnpProcessor.Milan, SnpKeyKind.Vcek);
        folder.Write(chain.File, CollateralItemTests.Pem(made.SignerDer, made.RootDer));
        folder.Write(key.File, forged);
        await using CollateralStore alone = Store(null);
        Assert.NotNull(await alone.WaitForAsync(chain, Cancel));
        Assert.False(alone.TryGet(key, out _));
        await UntilAsync(() => alone.Failures.Count > 0);
        Assert.False(alone.TryGet(key, out _));
        folder.Write(key.File, made.MakeLeaf(values => values["1.3.6.1.4.1.3704.1.4"] = new byte[64]));
        await Task.Delay(100, Cancel);
        Assert.False(alone.TryGet(key, out _));
        folder.Write(key.File, made.LeafDer);
        Assert.NotNull(await alone.WaitForAsync(key, Cancel));
    }

    private static CollateralItem KeyOf(MadeSnp machine)
    {
        Assert.True(SnpReport.TryDecode(machine.MakeReport(), out SnpReport? report));
        Assert.True(SnpKeyName.TryOf(report!, null, out SnpKeyName? name));
        return CollateralItem.AmdKey(name!);
    }

    private static string Header(string name, params byte[][] chain) =>
        $"{name}: {Uri.EscapeDataString(Encoding.ASCII.GetString(CollateralItemTests.Pem(chain)))}";

    [Fact]
    public async Task A_folder_that_cannot_be_written_costs_the_disk_copy_alone()
    {
        string file = folder.Write("taken", "a file where the folder belongs");
        await using CollateralServer server = new(CollateralServer.Response(made.RevocationList));
        await using CollateralStore store = Store(server, settings => settings with { Folder = file });
        Assert.NotNull(await store.WaitForAsync(crl, Cancel));
        Assert.Equal([new(CollateralRefusal.NotStored, 1)], store.Failures);
    }

    [Fact]
    public async Task Only_so_much_is_kept_and_an_ended_store_keeps_nothing_new()
    {
        CollateralStore store = Store(null);
        for (int i = 0; i < CollateralStore.ItemsMax; i++) store.TryGet(Item(i), out _);
        Assert.False(store.TryGet(Item(CollateralStore.ItemsMax), out _));
        Assert.Null(await store.WaitForAsync(Item(CollateralStore.ItemsMax), Cancel));
        Assert.Contains(store.Failures, failure => failure is { Key: CollateralRefusal.TooMany, Value: 2 });
        Assert.Equal(CollateralStore.ItemsMax, store.Missing);
        await store.DisposeAsync();
        Assert.False(store.TryGet(crl, out _));

        static CollateralItem Item(int i) => CollateralItem.IntelTcbInfo(
            AttestationPlatform.Tdx, i.ToString("X12", System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task FailsAsync(
        CollateralRefusal refusal,
        CollateralServer? server,
        Func<CollateralSettings, CollateralSettings>? change = null,
        CollateralItem? item = null)
    {
        await using CollateralStore store = Store(server, change);
        Assert.False(store.TryGet(item ?? crl, out _));
        await UntilAsync(() => store.Failures.Count > 0);
        Assert.Equal(refusal, store.Failures[0].Key);
        Assert.False(store.TryGet(item ?? crl, out _));
        Assert.Equal(1, store.Missing);
        Assert.False(File.Exists(Path.Combine(folder.Path, (item ?? crl).File)));
    }

    // Times are a hundredth of these on the clock of the tests.
    private CollateralStore Store(
        CollateralServer? server, Func<CollateralSettings, CollateralSettings>? change = null)
    {
        CollateralSettings settings = new()
        {
            Folder = folder.Path,
            AmdKds = server?.Address,
            IntelPccs = server?.Address,
            AmdRoots = [made.Root],
            IntelRoots = [intel.Root],
            Timeout = TimeSpan.FromHours(1), // a busy machine is no slow server
        };
        return new CollateralStore(change?.Invoke(settings) ?? settings, new TestClock(MadeSnp.Now), log.Enqueue);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (int i = 0; i < 3000 && !holds(); i++) await Task.Delay(10, Cancel);
        Assert.True(holds(), "it did not come to hold within 30 s");
    }
}
