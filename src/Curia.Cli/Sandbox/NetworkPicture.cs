using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Networks;
using Curia.Client;
using Spectre.Console;

namespace Curia.Cli.Sandbox;

/// <summary>A node of a sandbox, as the network and it itself describe it.</summary>
/// <param name="Entry">What sandbox.json says.</param>
/// <param name="Status">What the ledger says.</param>
/// <param name="IsPrimary">Whether it orders.</param>
/// <param name="Committed">The last transaction that it knows as committed; null when it does not answer.</param>
internal sealed record NodeLine(SandboxNode Entry, string Status, bool IsPrimary, string? Committed)
{
    /// <summary>What it does.</summary>
    public string Role => IsPrimary ? "primary" : Status switch
    {
        "Trusted" => "backup",
        "Learner" or "Pending" => "learner",
        _ => "",
    };
}

/// <summary>The nodes of a sandbox side by side.</summary>
internal sealed class NetworkPicture(IReadOnlyList<NodeLine> lines)
{
    /// <summary>One line for each node.</summary>
    public IReadOnlyList<NodeLine> Lines { get; } = lines;

    /// <summary>The node that orders; null while there is none.</summary>
    public NodeLine? Primary => Lines.FirstOrDefault(line => line.IsPrimary);

    /// <summary>Asks each node of a sandbox.</summary>
    public static async Task<NetworkPicture> TakeAsync(SandboxFile sandbox, CancellationToken cancel)
    {
        Network network = Network.Of(sandbox);
        IReadOnlyList<NetworkNode> known = await network
            .OnAnyNodeAsync(client => NetworkNodes.OfAsync(client, cancel)).ConfigureAwait(false);
        List<NodeLine> lines = [];
        foreach (SandboxNode entry in sandbox.Nodes)
        {
            NetworkNode? node = known.FirstOrDefault(one => one.Id == entry.Id);
            string? committed = await CommittedAsync(network.At(entry.Name), cancel).ConfigureAwait(false);
            lines.Add(new NodeLine(entry, node?.Status ?? "unknown", node?.IsPrimary == true, committed));
        }

        return new NetworkPicture(lines);
    }

    /// <summary>For programs.</summary>
    public string Sentence()
    {
        string order = Primary is { } primary ? $"{primary.Entry.Name} orders" : "no node orders at the moment";
        IEnumerable<string> nodes = Lines.Select(line =>
            $"{line.Entry.Name} {line.Status}, committed {line.Committed ?? "unknown"}");
        return $"{order}; {string.Join("; ", nodes)}";
    }

    /// <summary>For people.</summary>
    public Table Draw()
    {
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumns("node", "id", "role", "status", "address", "committed");
        foreach (NodeLine line in Lines)
        {
            string id = line.Entry.Id.Length > 12 ? $"{line.Entry.Id[..12]}…" : line.Entry.Id;
            string[] cells =
                [line.Entry.Name, id, line.Role, line.Status, line.Entry.Url, line.Committed ?? "does not answer"];
            table.AddRow([.. cells.Select(cell => new Text(cell))]);
        }

        return table;
    }

    private static async Task<string?> CommittedAsync(Network network, CancellationToken cancel)
    {
        try
        {
            using CuriaClient client = network.Connect(
                settings => settings with { ConnectTimeout = TimeSpan.FromSeconds(2) });
            return (await client.GetCommitAsync(cancel).ConfigureAwait(false)).ToString();
        }
        catch (CuriaClientException)
        {
            return null;
        }
    }
}
