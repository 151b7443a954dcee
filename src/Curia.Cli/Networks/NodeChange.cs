using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Files;
using Curia.Cli.Terminal;
using Curia.Client;

namespace Curia.Cli.Networks;

/// <summary>How far a request of members has come (docs/http.md, "Nodes").</summary>
/// <param name="Request">SHA-256 of what they sign.</param>
/// <param name="IsAccepted">Whether enough have signed.</param>
/// <param name="Approvals">How many have.</param>
/// <param name="Needed">How many must.</param>
internal sealed record NodeChangeState(string Request, bool IsAccepted, int Approvals, int Needed);

/// <summary>A request to add or retire a node, which members sign one by one. Whoever asks for the same makes the same
/// bytes, so that members on different machines sign one request.</summary>
internal sealed class NodeChange
{
    private const string Path = "/node/network/nodes";
    private const string CoseContentType = "application/cose"; // RFC 9052 section 11.3.1

    // Many times what an election takes on an idle machine; one that is busy with other things needs more.
    private static readonly TimeSpan electionTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(250);

    private readonly byte[] payload;

    private NodeChange(JsonObject request) => payload = Encoding.UTF8.GetBytes(Screen.Text(request));

    /// <summary>A node is to take part.</summary>
    /// <param name="network">The digest of the genesis block.</param>
    /// <param name="id">The node.</param>
    /// <param name="peerAddress">Where it hears other nodes.</param>
    /// <param name="published">Where clients find it.</param>
    /// <param name="role"><c>voter</c> or <c>learner</c>.</param>
    /// <param name="ledgerFormat">The newest format of the ledger that it reads; null where nobody said.</param>
    /// <param name="platform">Its TEE platform.</param>
    /// <param name="owner">The member that owns it; null where nobody is named.</param>
    /// <param name="evidence">What its platform says of it, as its identity.json has it; null where nobody has
    /// it.</param>
    public static NodeChange Add(
        string network, string id, string peerAddress, IReadOnlyList<string> published, string role,
        int? ledgerFormat = null, string platform = "virtual", string? owner = null,
        JsonNode? evidence = null)
    {
        JsonObject request = new()
        {
            ["network"] = network,
            ["action"] = "add_node",
            ["node_id"] = id,
            ["platform"] = platform,
            ["peer_address"] = peerAddress,
            ["published_addresses"] = new JsonArray([.. published]),
            ["role"] = role,
        };
        if (ledgerFormat is not null) request["ledger_format"] = ledgerFormat;
        if (owner is not null) request["owner"] = owner;
        if (evidence is not null) request["evidence"] = evidence.DeepClone();
        return new NodeChange(request);
    }

    /// <summary>A node is to leave, for good.</summary>
    public static NodeChange Retire(string network, string id) => new(new()
    {
        ["network"] = network,
        ["action"] = "retire_node",
        ["node_id"] = id,
    });

    /// <summary>The owner of a node that takes part says so.</summary>
    public static NodeChange Endorse(string network, string id, string platform, string owner) => new(new()
    {
        ["network"] = network,
        ["action"] = "endorse_node",
        ["node_id"] = id,
        ["platform"] = platform,
        ["owner"] = owner,
    });

    /// <summary>Signs it as one member.</summary>
    public async Task<NodeChangeState> SignAsync(CuriaClient client, MemberKey member, CancellationToken cancel)
    {
        CallRequest request = new(HttpMethod.Post, Path)
        {
            Body = member.SignProposal(payload),
            ContentType = CoseContentType,
        };
        CallResult result = await client.CallAsync(request, cancel).ConfigureAwait(false);

        // Nothing was written then, so it can be sent again.
        long deadline = Environment.TickCount64 + (long)electionTime.TotalMilliseconds;
        while (result is { Status: 503, ErrorCode: "NoPrimary" } && Environment.TickCount64 < deadline)
        {
            await Task.Delay(pause, cancel).ConfigureAwait(false);
            result = await client.CallAsync(request, cancel).ConfigureAwait(false);
        }

        if (!result.IsSuccess || !result.TryReadJson(out JsonElement reply))
            throw CommandFailure.Refused(
                $"the network did not take the request: {result.Status} {result.ErrorCode} {result.ErrorMessage}");
        try
        {
            return new NodeChangeState(
                reply.Text("request"), reply.Text("state") == "Accepted", checked((int)reply.Number("approvals")),
                checked((int)reply.Number("needed")));
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw CommandFailure.Environment($"the answer to a signed request is none: {e.Message}.", e);
        }
    }

    /// <summary>Signs it as one member of a sandbox after the other, until enough have.</summary>
    public async Task<NodeChangeState> SignAsync(CuriaClient client, SandboxFile sandbox, CancellationToken cancel)
    {
        NodeChangeState? state = null;
        foreach (SandboxIdentity member in sandbox.Members)
        {
            using MemberKey key = MemberKey.Read(sandbox.PathOf(member.Certificate), sandbox.PathOf(member.Key));
            state = await SignAsync(client, key, cancel).ConfigureAwait(false);
            if (state.IsAccepted) return state;
        }

        throw CommandFailure.Refused(
            $"{state?.Approvals ?? 0} members have signed and {state?.Needed ?? 1} must; the sandbox in "
            + $"{sandbox.Folder} has the keys of {sandbox.Members.Count}.");
    }
}
