using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Charters;
using Curia.Cli.Establishment;
using Curia.Cli.Files;
using Curia.Cli.Networks;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Cli.Sandbox;

/// <summary>The founders of a sandbox, as they would be in life: each member has its charter, its node, and its own
/// eyes (docs/establishment.md). All of it happens on one machine, by the same rules and messages.</summary>
/// <param name="folder">The folder of the sandbox.</param>
/// <param name="nodes">The nodes.</param>
/// <param name="members">The members, who own them.</param>
/// <param name="users">The users.</param>
internal sealed class SandboxFounding(
    string folder, IReadOnlyList<LocalNode> nodes, IReadOnlyList<SandboxIdentity> members,
    IReadOnlyList<SandboxIdentity> users)
{
    private const int HoursOfEndorsement = 24;

    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(30);

    private readonly SandboxCharter charter = new(folder, members, users);

    /// <summary>Makes the charter; each member signs its own copy.</summary>
    /// <param name="image">The program that the nodes run.</param>
    /// <param name="application">Its name.</param>
    /// <param name="ports">Where the nodes hear each other.</param>
    /// <returns>SHA-256 of the charter.</returns>
    public Digest MakeCharter(string image, string application, IReadOnlyList<int> ports) =>
        charter.Make(image, application, [.. nodes.Select(node => node.Name).Zip(ports)]);

    /// <summary>Who owns a node.</summary>
    public SandboxIdentity OwnerOf(LocalNode node) =>
        charter.OwnerOf(nodes.Index().First(one => one.Item == node).Index);

    /// <summary>What a founding node begins with.</summary>
    public NodeSettings SettingsOf(LocalNode node, int port, int peersPort, TimeSpan deadline) =>
        NodeSettings.Founder(node.Name, port, peersPort, SandboxCharter.CopyOf(OwnerOf(node)), deadline);

    /// <summary>Each owner checks the evidence of its node, and endorses it.</summary>
    /// <returns>The nodes, in the order of the slots.</returns>
    public async Task<IReadOnlyList<NodeId>> EndorseAsync(CancellationToken cancel)
    {
        List<NodeId> ids = [];
        foreach (LocalNode node in nodes)
        {
            await node.WaitForIdentityAsync(patience, cancel).ConfigureAwait(false);
            SandboxIdentity owner = OwnerOf(node);
            using MemberKey key = MemberKey.Read(At(owner.Certificate), At(owner.Key));
            Charter own = CharterFile.Read(At(SandboxCharter.CopyOf(owner)));
            FounderEndorsement said = FoundingNode.Read(node.IdentityPath)
                .ToEndorse(own, node.Name, key.Certificate, attempt: 1, HoursOfEndorsement, DateTimeOffset.UtcNow);
            EndorsedNodes record = EndorsedNodes.Read(RecordOf(owner));
            record.RequireOnce(said);
            record.Keep(said);
            OutputFiles.Replace(node.EndorsementPath, key.Sign(said));
            ids.Add(said.Node);
        }

        return ids;
    }

    /// <summary>Waits until every founder has verified every other one, and all have signed the same.</summary>
    /// <param name="say">Takes a line for people.</param>
    /// <param name="cancel">Ends it early.</param>
    public async Task<FounderViews> MatchAsync(Action<string> say, CancellationToken cancel)
    {
        HashSet<string> said = [];
        return await UntilAsync(
            views =>
            {
                foreach (LocalNode node in nodes)
                {
                    string[] verified =
                    [
                        .. nodes.Select(other => other.Name).Where(other => other != node.Name
                            && views.Cell(node.Name, other) is FounderView.Verified or FounderView.Agreed),
                    ];
                    if (verified.Length == nodes.Count - 1 && verified.Length > 0 && said.Add(node.Name))
                        say($"{node.Name} has verified {string.Join(" and ", verified)}");
                }

                return nodes.All(node => nodes.All(
                    other => views.Cell(node.Name, other.Name) == FounderView.Agreed));
            },
            "have not agreed", cancel).ConfigureAwait(false);
    }

    /// <summary>Waits until the genesis block has committed on every node.</summary>
    /// <returns>Its digest, the name of the network.</returns>
    public async Task<string> FoundAsync(CancellationToken cancel)
    {
        FounderViews views = await UntilAsync(
            views => views.IsOpen && views.Views.Count == nodes.Count, "have not committed the genesis block", cancel)
            .ConfigureAwait(false);
        string[] networks = [.. views.Views.Select(view => view.Network).Distinct()];
        return networks is [{ Length: > 0 } network]
            ? network
            : throw CommandFailure.Refused(
                $"the nodes name {networks.Length} networks: {string.Join(", ", networks)}.");
    }

    /// <summary>The commands that do all of this by hand.</summary>
    public IEnumerable<(string About, string Command)> ByHand(string application)
    {
        foreach (LocalNode node in nodes)
        {
            yield return ($"start {node.Name}",
                $"./curia node start --app {application} --config {ShellWord.Quote(node.ConfigPath)}");
        }

        foreach (LocalNode node in nodes)
        {
            SandboxIdentity owner = OwnerOf(node);
            yield return ($"{SandboxCharter.NameOf(owner)}, who owns {node.Name}, checks its evidence and endorses it",
                $"./curia node endorse --charter {ShellWord.Quote(At(SandboxCharter.CopyOf(owner)))} "
                + $"--slot {node.Name} --identity {ShellWord.Quote(node.IdentityPath)} "
                + $"--cert {ShellWord.Quote(At(owner.Certificate))} "
                + $"--key {ShellWord.Quote(At(owner.Key))} --out {ShellWord.Quote(node.EndorsementPath)} "
                + $"--record {ShellWord.Quote(RecordOf(owner))}");
        }

        yield return ("watch them", $"./curia establish status --dir {ShellWord.Quote(folder)} --watch");
    }

    private async Task<FounderViews> UntilAsync(
        Func<FounderViews, bool> holds, string what, CancellationToken cancel)
    {
        string[] urls = [.. nodes.Select(node => $"https://{node.Settings().Published}")];
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (true)
        {
            FounderViews views = await FounderViews.TakeAsync(urls, cancel).ConfigureAwait(false);
            if (holds(views)) return views;
            if (nodes.FirstOrDefault(node => node.HasEnded) is { } ended)
                throw CommandFailure.Environment($"{ended.Name} stopped before it was open. {ended.LastWords()}");
            if (Environment.TickCount64 > deadline)
                throw CommandFailure.Environment($"the nodes {what} after {patience.TotalSeconds:0} s. {Why(views)}");
            await Task.Delay(pause, cancel).ConfigureAwait(false);
        }
    }

    private static string Why(FounderViews views) => string.Join("; ",
    [
        .. views.Problems().Select(problem => $"{problem.Of} refuses {problem.About}: {problem.Reason}"),
        .. views.Silent.Select(one => $"{one.Url} does not tell: {one.Reason}"),
    ]);

    private string RecordOf(SandboxIdentity owner) => At($"{SandboxCharter.NameOf(owner)}_endorsed.json");

    private string At(string file) => Path.Combine(folder, file);
}
