using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Files;
using Curia.Client;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Cli.Networks;

/// <summary>By whom and by which rules a network is governed, as a node of it says: <c>GET /node/governance</c>. Its
/// digest is computed here, of what is shown here.</summary>
/// <param name="Network">The name of the network.</param>
/// <param name="State">The governance.</param>
internal sealed record NetworkGovernance(Digest Network, GovernanceState State)
{
    private const string Path = "/node/governance";

    /// <summary>Asks a node of the network.</summary>
    public static async Task<NetworkGovernance> OfAsync(CuriaClient client, CancellationToken cancel) =>
        Read(await client.CallAsync(CallRequest.Get(Path), cancel).ConfigureAwait(false));

    /// <summary>Asks a node whose service nobody here knows yet.</summary>
    public static async Task<NetworkGovernance> OfAsync(Uri url, CancellationToken cancel)
    {
        (CallResult result, _) = await UnknownNode
            .AskAsync(url, Path, TimeSpan.FromSeconds(10), cancel).ConfigureAwait(false);
        return Read(result);
    }

    private static NetworkGovernance Read(CallResult result)
    {
        if (!result.IsSuccess || !result.TryReadJson(out JsonElement json))
        {
            throw CommandFailure.Refused(
                $"GET {Path} did not tell by whom the network is governed: {result.Status} {result.ErrorCode} "
                + $"{result.ErrorMessage}".TrimEnd());
        }

        try
        {
            if (!Digest.TryParseHex(json.Text("network"), out Digest network))
                throw new FormatException("its field network is no digest");
            List<(string, string, ReadOnlyMemory<byte>)> values = [.. json.GetProperty("maps").EnumerateObject()
                .SelectMany(map => map.Value.EnumerateObject().Select(
                    one => (map.Name, one.Name, (ReadOnlyMemory<byte>)one.Value.GetBytesFromBase64())))];
            return new NetworkGovernance(network, GovernanceState.Of(values));
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw CommandFailure.Environment($"the answer to GET {Path} cannot be read: {e.Message}", e);
        }
    }
}
