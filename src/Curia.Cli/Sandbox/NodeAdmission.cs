using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Networks;
using Curia.Client;

namespace Curia.Cli.Sandbox;

/// <summary>How a node that waits outside comes into the network of a sandbox: its members sign.</summary>
internal static class NodeAdmission
{
    /// <summary>The role of a node that votes.</summary>
    public const string Voter = "voter";

    /// <summary>The role of a node that receives and serves without a vote.</summary>
    public const string Learner = "learner";

    /// <summary>Has members of the sandbox sign until enough have.</summary>
    public static Task<NodeChangeState> SignAsync(
        CuriaClient client, SandboxFile sandbox, string network, NodeIdentity node, NodeSettings settings, string role,
        CancellationToken cancel) =>
        NodeChange.Add(
                network, node.Id, node.PeerAddress, [settings.Published], role, node.LedgerFormat,
                evidence: node.Evidence)
            .SignAsync(client, sandbox, cancel);
}
