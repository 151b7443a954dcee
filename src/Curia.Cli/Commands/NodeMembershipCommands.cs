using System;
using System.CommandLine;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Files;
using Curia.Cli.Networks;
using Curia.Cli.Sandbox;
using Curia.Cli.Terminal;
using Curia.Client;
using Curia.Vocabulary;

namespace Curia.Cli.Commands;

/// <summary><c>curia node add</c> and <c>curia node retire</c>: by all members of a sandbox, or by one member of any
/// network.</summary>
internal static class NodeMembershipCommands
{
    // A quote with its collateral has some 50,000.
    private const int IdentityBytesMax = 4 << 20;

    public static Command BuildAdd()
    {
        Option<string> id = new("--id")
        {
            Description = "The node to admit, which runs already; without it one is started in the sandbox.",
            HelpName = "NODEID",
        };
        Option<string> peerAddress = new("--peer-address")
        {
            Description = "Where that node hears other nodes.",
            HelpName = "HOST:PORT",
        };
        Option<string[]> published = new("--published")
        {
            Description = "Where clients find it; may be given several times.",
            HelpName = "HOST:PORT",
        };
        Option<string> role = new("--role")
        {
            Description = "Whether it is to vote, or to receive and serve only.",
            HelpName = "voter|learner",
            DefaultValueFactory = _ => NodeAdmission.Voter,
        };
        role.AcceptOnlyFromAmong(NodeAdmission.Voter, NodeAdmission.Learner);
        Option<string> platform = new("--platform")
        {
            Description = "Its TEE platform; virtual-NAME for a virtual node that plays one, which is INSECURE.",
            HelpName = "NAME",
            DefaultValueFactory = _ => "virtual",
        };
        Option<string> owner = new("--owner")
        {
            Description = "The member that owns it, who must sign too; asked for by a diversity rule.",
            HelpName = "MEMBERID",
        };
        Option<int?> format = new("--ledger-format")
        {
            Description = "The newest ledger format that it reads, as its identity.json says.",
            HelpName = "N",
        };
        Option<string> evidence = EvidenceOption();
        NetworkOptions network = new();
        Command add = new("add", "Let a node join: start one in a sandbox, or sign as one member.")
        {
            id, peerAddress, published, role, platform, owner, format, evidence,
        };
        network.AddForMembersTo(add);
        add.SetAction((parsed, cancel) =>
        {
            Screen screen = Screen.For(parsed);
            string wanted = parsed.GetValue(role)!;
            string[] addresses = parsed.GetValue(published) ?? [];
            (string? node, string? peer) = (parsed.GetValue(id), parsed.GetValue(peerAddress));
            bool isOurs = node is null && peer is null && addresses.Length == 0
                && parsed.GetValue(owner) is null && parsed.GetValue(platform) == "virtual"
                && parsed.GetValue(evidence) is null
                && network.FolderOf(parsed) is not null && network.IdentityFiles(parsed) is null;
            if (isOurs) return AddToSandboxAsync(screen, network.FolderOf(parsed)!, wanted, cancel);
            if (node is null || peer is null)
                throw CommandFailure.WrongUsage(
                    "to admit a node that runs already, give --id NODEID and --peer-address HOST:PORT; its "
                    + "identity.json has both.");
            (string whole, JsonNode? shown) = (WholeId(node), EvidenceIn(parsed.GetValue(evidence)));
            NodeChange Change(string genesis) => NodeChange.Add(
                genesis, whole, peer, addresses, wanted, parsed.GetValue(format), parsed.GetValue(platform)!,
                parsed.GetValue(owner), shown);
            return SignAsync(screen, network, parsed, (_, genesis, _) => Task.FromResult(Change(genesis)), cancel);
        });
        return add;
    }

    public static Command BuildRetire()
    {
        Argument<string> node = new("NODE")
        {
            Description = "The id of the node or how it begins; in a sandbox also its name, as in node1.",
        };
        NetworkOptions network = new();
        Command retire = new("retire", "Let a node leave for good: all members of a sandbox sign, or one.") { node };
        network.AddForMembersTo(retire);
        retire.SetAction((parsed, cancel) =>
        {
            Screen screen = Screen.For(parsed);
            string asked = parsed.GetValue(node)!;
            if (network.FolderOf(parsed) is string folder)
            {
                if (network.IdentityFiles(parsed) is null)
                    return RetireFromSandboxAsync(screen, folder, asked, cancel);
                SandboxNode? ours = SandboxFile.Read(folder).Nodes.FirstOrDefault(one => one.Name == asked);
                asked = ours?.Id ?? asked;
            }

            return SignAsync(
                screen, network, parsed, async (client, genesis, _) =>
                {
                    NetworkNode found =
                        (await NetworkNodes.OfAsync(client, cancel).ConfigureAwait(false)).Find(asked);
                    return NodeChange.Retire(genesis, found.Id);
                },
                cancel);
        });
        return retire;
    }

    /// <summary>The owner of a node of a network that lives says whose it is.</summary>
    public static Task<int> EndorseAsync(
        ParseResult parsed, NetworkOptions network, string node, string platform, CancellationToken cancel) =>
        SignAsync(
            Screen.For(parsed), network, parsed, async (client, genesis, owner) =>
            {
                NetworkNode found = (await NetworkNodes.OfAsync(client, cancel).ConfigureAwait(false)).Find(node);
                return NodeChange.Endorse(genesis, found.Id, platform, owner);
            },
            cancel);

    private static Option<string> EvidenceOption() => new("--evidence")
    {
        Description = "Its identity.json, with what its platform says of it; asked for by all but virtual.",
        HelpName = "FILE",
    };

    private static JsonNode? EvidenceIn(string? file)
    {
        if (file is null) return null;
        try
        {
            return JsonNode.Parse(InputFile.Read(file, IdentityBytesMax))?["evidence"]
                ?? throw CommandFailure.Refused($"{file} has no field evidence; give the node's identity.json.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw CommandFailure.Refused($"{file} is no identity.json of a node: {e.Message}");
        }
    }

    private static string WholeId(string text) => Digest.TryParseHex(text, out Digest id)
        ? id.ToString()
        : throw CommandFailure.WrongUsage("--id is the id of a node: 64 hexadecimal digits.");

    private static async Task<int> AddToSandboxAsync(
        Screen screen, string folder, string role, CancellationToken cancel)
    {
        SandboxMembership membership = new(SandboxFile.Read(folder), Say(screen), cancel);
        SandboxNode node = await membership.AddAsync(role).ConfigureAwait(false);
        if (screen.Json)
        {
            Screen.Document(new JsonObject
            {
                ["name"] = node.Name,
                ["id"] = node.Id,
                ["url"] = node.Url,
                ["pid"] = node.Pid,
                ["role"] = role,
            });
        }
        else
        {
            screen.Line($"{node.Name} takes part, at {Screen.Escape(node.Url)}.");
        }

        return ExitCode.Done;
    }

    private static async Task<int> RetireFromSandboxAsync(
        Screen screen, string folder, string asked, CancellationToken cancel)
    {
        SandboxMembership membership = new(SandboxFile.Read(folder), Say(screen), cancel);
        string id = await membership.RetireAsync(asked).ConfigureAwait(false);
        if (screen.Json) Screen.Document(new JsonObject { ["id"] = id, ["status"] = "Retired" });
        else screen.Line($"{Screen.Escape(asked)} has left the network and was stopped. Its files stay.");
        return ExitCode.Done;
    }

    // One member, one signature: the others sign the same request on their own machines.
    private static async Task<int> SignAsync(
        Screen screen, NetworkOptions options, ParseResult parsed,
        Func<CuriaClient, string, string, Task<NodeChange>> changeOf, CancellationToken cancel)
    {
        if (options.IdentityFiles(parsed) is not { } files)
            throw CommandFailure.WrongUsage("give the member who signs: --cert PEM and --key PEM.");
        using MemberKey member = MemberKey.Read(files.Certificate, files.Key);
        NodeChangeState state = await options.Resolve(parsed).OnAnyNodeAsync(async client =>
        {
            string genesis = await NetworkNodes.NetworkAsync(client, cancel).ConfigureAwait(false);
            NodeChange change = await changeOf(client, genesis, member.Id.ToString()).ConfigureAwait(false);
            return await change.SignAsync(client, member, cancel).ConfigureAwait(false);
        }).ConfigureAwait(false);
        if (screen.Json)
        {
            Screen.Document(new JsonObject
            {
                ["request"] = state.Request,
                ["state"] = state.IsAccepted ? "Accepted" : "Open",
                ["approvals"] = state.Approvals,
                ["needed"] = state.Needed,
            });
        }
        else
        {
            screen.Line(state.IsAccepted
                ? $"Accepted: {state.Approvals} of {state.Needed} needed members have signed."
                : $"Open: {state.Approvals} of {state.Needed} needed members have signed. The others run the same "
                    + "command with their own --cert and --key.");
        }

        return ExitCode.Done;
    }

    private static Action<string> Say(Screen screen) => line => screen.Line(Screen.Escape(line));
}
