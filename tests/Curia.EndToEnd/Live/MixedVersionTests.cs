using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Json;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Live;

/// <summary>Processes of two versions in one network, replaced one by one, and the diversity rule that waits for the
/// newer one (decisions 16 and 18).</summary>
[Collection(NetworkFaultTests.Alone)]
public sealed class MixedVersionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_an_older_program_cannot_read_is_written_once_all_of_them_are_replaced()
    {
        using LiveNetwork network = await LiveNetwork.OpenAsync(3, Random.Shared.Next(), prepare: one =>
        {
            one.AskForTwoOwners();
            one.Formats[1] = one.Formats[2] = 1;
        });
        Assert.Equal([1, 1, 2], network.Nodes.Select(node => node.LedgerFormat));
        Assert.False(await IsRuledAsync(network));
        Assert.Equal(0, await AcknowledgementsAsync(network));

        foreach (int machine in (int[])[1, 2])
        {
            LiveNode old = network.Nodes.Single(node => node.Machine == machine);
            network.Formats.Remove(machine);
            old.Kill();
            await network.ReplaceAsync(old);
            await WriteAsync(network);
        }

        Assert.All(network.Nodes, node => Assert.Equal(2, node.LedgerFormat));
        await LiveNetwork.UntilAsync(() => IsRuledAsync(network));
        Assert.InRange(await AcknowledgementsAsync(network), 2, 3);

        // From here on an older program is refused by name, by the others and by itself.
        int spare = network.FreeMachine();
        network.Formats[spare] = 1;
        await network.RefuseAsync(network.Start(spare), "FormatTooOld");
        LiveNode back = network.Nodes[0];
        back.Kill();
        network.Formats[back.Machine] = 1;
        using LiveNode refused = network.Start(back.Machine, join: false);
        Assert.True(await refused.EndedAsync(LiveNetwork.Patience));
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("FormatTooNew", await File.ReadAllTextAsync(network.LastLogOf(back.Machine), Cancel),
            StringComparison.Ordinal);
        await WriteAsync(network);
    }

    private static async Task<bool> IsRuledAsync(LiveNetwork network) =>
        (await network.GetAsync(network.Open[0], "/node/network"))
            .GetProperty("commit_rule").GetProperty("in_force").GetBoolean();

    // Of a write that others follow, since those record who has stored it.
    private static async Task<int> AcknowledgementsAsync(LiveNetwork network)
    {
        string txId = await WriteAsync(network);
        for (int more = 0; more < 3; more++) await WriteAsync(network);
        JsonElement receipt = default;
        await LiveNetwork.UntilAsync(async () =>
        {
            using HttpClient client = network.Client(network.Open[0], TimeSpan.FromSeconds(10));
            using HttpResponseMessage response = await client.GetAsync($"/app/receipt?transaction_id={txId}", Cancel);
            if (response.StatusCode != HttpStatusCode.OK) return false;
            receipt = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            return true;
        });
        return receipt.TryGetProperty("acknowledgements", out JsonElement list)
            ? list.GetProperty("nodes").GetArrayLength()
            : 0;
    }

    private static async Task<string> WriteAsync(LiveNetwork network)
    {
        string txId = "";
        await LiveNetwork.UntilAsync(async () =>
        {
            foreach (LiveNode node in network.Open)
            {
                using HttpClient client = network.Client(node, TimeSpan.FromSeconds(10));
                using HttpRequestMessage request = new(HttpMethod.Post, "/app/log/private")
                {
                    Content = JsonContent.Create(new { id = 1, msg = "a message" }),
                    Version = HttpVersion.Version20,
                };
                request.Headers.TryAddWithoutValidation("Prefer", "wait=committed, timeout=5");
                using HttpResponseMessage response = await client.SendAsync(request, Cancel);
                if (response.StatusCode != HttpStatusCode.OK) continue;
                txId = response.Headers.GetValues("x-ms-ccf-transaction-id").Single();
                return true;
            }

            return false;
        });
        return txId;
    }
}
