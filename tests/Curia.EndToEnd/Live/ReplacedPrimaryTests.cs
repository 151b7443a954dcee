using System;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Json;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Live;

/// <summary>What clients of a primary are told that was cut off and replaced, and what a connection remembers
/// (docs/http.md, "Several nodes").</summary>
[Collection(NetworkFaultTests.Alone)]
public sealed class ReplacedPrimaryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replaced_primary_answers_no_linearisable_read_and_closes_sessions_that_saw_what_was_lost()
    {
        using LiveNetwork network = await LiveNetwork.OpenAsync(3, Random.Shared.Next());
        LiveNode old = await network.PrimaryAsync();
        using HttpClient atOld = network.Client(old, TimeSpan.FromSeconds(30));
        using HttpClient another = network.Client(old, TimeSpan.FromSeconds(30));
        using HttpClient atOther = network.Client(
            network.Nodes.First(node => node != old), TimeSpan.FromSeconds(30));

        // On a backup each write is handed over, and what follows on the connection has it.
        for (int round = 0; round < 50; round++)
        {
            Assert.Equal(HttpStatusCode.OK, (await WriteAsync(atOther, $"round {round}")).Status);
            Assert.Equal($"round {round}", (await ReadAsync(atOther, "")).Text);
        }

        Assert.Equal("round 49", (await ReadAsync(another, "/latest")).Text);
        network.Machines.Wire.Set((from, to) => (from == old.Machine) != (to == old.Machine) ? Link.Cut : default);

        // It takes this until it misses the others: 800 ms, which a machine can spend elsewhere.
        (HttpStatusCode Status, string Text) taken = await WriteAsync(atOld, "lost");
        Assert.SkipWhen(taken.Text.Contains("NoPrimary", StringComparison.Ordinal), "the machine is too busy");
        Assert.Equal(HttpStatusCode.OK, taken.Status);
        Assert.Equal("lost", (await ReadAsync(atOld, "")).Text);
        Task<(HttpStatusCode Status, string Text)> unconfirmed = ReadAsync(another, "/latest");
        await LiveNetwork.UntilAsync(async () => (await WriteAsync(atOther, "won")).Status == HttpStatusCode.OK);

        // It knows by now, or has known already when the read came.
        Assert.Contains((await unconfirmed).Text, (string[])["ReadNotConfirmed", "NoPrimary"]);
        Assert.Equal("won", (await ReadAsync(atOther, "/latest")).Text);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "NoPrimary"), await ReadAsync(another, "/latest"));

        network.Machines.Wire.Heal();
        await LiveNetwork.UntilAsync(async () => (await ReadAsync(another, "/latest")).Text == "won");
        (HttpStatusCode Status, string Text) told = default;

        // What it has seen may be there for a while yet; never a state without it.
        await LiveNetwork.UntilAsync(async () =>
            (told = await ReadAsync(atOld, "")).Text is not ("StateBehind" or "lost"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "SessionConsistencyLost"), told);
        Assert.Equal("won", (await ReadAsync(atOld, "")).Text); // the client has made a new connection
    }

    private static async Task<(HttpStatusCode Status, string Text)> WriteAsync(HttpClient client, string msg)
    {
        using HttpResponseMessage response =
            await client.PostAsync("/app/log/private", JsonContent.Create(new { id = 1, msg }), Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    // The message, or the code of the refusal.
    private static async Task<(HttpStatusCode Status, string Text)> ReadAsync(HttpClient client, string variant)
    {
        using HttpResponseMessage response = await client.GetAsync($"/app/log/private{variant}?id=1", Cancel);
        JsonElement body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        string text = response.IsSuccessStatusCode
            ? body.GetProperty("msg").GetString()!
            : body.GetProperty("error").GetProperty("code").GetString()!;
        return (response.StatusCode, text);
    }
}
