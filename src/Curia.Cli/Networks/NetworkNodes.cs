using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Files;
using Curia.Client;

namespace Curia.Cli.Networks;

/// <summary>A node, as the ledger has it.</summary>
internal sealed record NetworkNode(string Id, string Status, bool IsPrimary, IReadOnlyList<string> Addresses)
{
    /// <summary>Whether it has left for good.</summary>
    public bool IsRetired => Status == "Retired";

    /// <summary>Whether it votes.</summary>
    public bool IsTrusted => Status == "Trusted";
}

/// <summary>What a node tells of the network: <c>GET /node/network</c> and <c>GET /node/network/nodes</c>.</summary>
internal static class NetworkNodes
{
    /// <summary>All nodes that ever were.</summary>
    public static async Task<IReadOnlyList<NetworkNode>> OfAsync(CuriaClient client, CancellationToken cancel)
    {
        const string path = "/node/network/nodes";
        CallResult result = await client.CallAsync(CallRequest.Get(path), cancel).ConfigureAwait(false);
        try
        {
            if (result.IsSuccess && result.TryReadJson(out JsonElement json))
                return [.. json.List("nodes").Select(NodeOf)];
        }
        catch (FormatException e)
        {
            throw CommandFailure.Environment($"GET {path} did not list the nodes: {e.Message}.", e);
        }

        throw CommandFailure.Refused($"GET {path} did not list the nodes: {result.Status} {result.ErrorCode}.");
    }

    /// <summary>The name of the network: the digest of its genesis block.</summary>
    public static async Task<string> NetworkAsync(CuriaClient client, CancellationToken cancel)
    {
        CallResult result = await client.CallAsync(CallRequest.Get("/node/network"), cancel).ConfigureAwait(false);
        return result.IsSuccess && result.TextField("genesis") is string genesis
            ? genesis
            : throw CommandFailure.Refused(
                $"GET /node/network did not name the network: {result.Status} {result.ErrorCode} "
                + $"{result.ErrorMessage}".TrimEnd());
    }

    /// <summary>Whether the network needs a retired node no more: it is among the removable nodes, or the node asked
    /// does not list those.</summary>
    public static async Task<bool> MayStopAsync(CuriaClient client, string id, CancellationToken cancel)
    {
        CallResult result = await client
            .CallAsync(CallRequest.Get("/node/network/removable_nodes"), cancel).ConfigureAwait(false);
        if (result.Status == 404) return true;
        return result.IsSuccess && result.TryReadJson(out JsonElement json)
            && json.List("nodes").Any(node => node.Text("node_id") == id);
    }

    /// <summary>The one node whose id begins with a text.</summary>
    public static NetworkNode Find(this IReadOnlyList<NetworkNode> nodes, string prefix)
    {
        NetworkNode[] found =
            [.. nodes.Where(node => node.Id.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))];
        return found.Length switch
        {
            1 => found[0],
            0 => throw CommandFailure.Refused(
                $"no node has an id that begins with {prefix}. ./curia call GET /node/network/nodes lists them."),
            _ => throw CommandFailure.WrongUsage(
                $"the ids of {found.Length} nodes begin with {prefix}: give more digits."),
        };
    }

    private static NetworkNode NodeOf(JsonElement json) => new(
        json.Text("node_id"), json.Text("status"),
        json.TryGetProperty("primary", out JsonElement primary) && primary.ValueKind == JsonValueKind.True,
        [.. json.List("published_addresses").Select(address => address.GetString() ?? "")]);
}
