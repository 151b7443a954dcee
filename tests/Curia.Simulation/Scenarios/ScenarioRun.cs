using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary>Carries out the lines of one scenario (the scenario files of others, README, sections 1 to 3).</summary>
/// <remarks>There single transactions are replicated; here they join the open block of the primary, and a signature
/// seals and proposes it. Each takes a seqno, so places agree.</remarks>
internal sealed class ScenarioRun
{
    private const int SyncRoundsMax = 20;

    private readonly ScenarioNetwork network = new();

    /// <summary>Carries out one line and looks whether all commits are safe after it.</summary>
    /// <exception cref="ScenarioException">It cannot be carried out, or does not hold.</exception>
    public void Execute(ScenarioLine line)
    {
        string[] fields = [line.Verb, .. line.Arguments];
        if (!TryBuild(fields) && !TryMove(fields) && !TryAssert(fields))
            throw new ScenarioException($"'{string.Join(',', fields)}' is not known");
        network.CheckCommits();
    }

    /// <summary>Lets the network of all that take part agree, as far as it does within some rounds.</summary>
    public void LoopUntilSync()
    {
        ScenarioNode primary = network.PrimaryOf("latest") ?? throw new ScenarioException("there is no primary");
        ScenarioNode[] taking = [.. network.Nodes.Where(node => ScenarioRetirement.PhaseOf(node) is null)];
        primary.Seal();
        foreach (ScenarioNode node in taking) network.LinkWithAll(node.Name);
        string? difference = "";
        for (int round = 0; round < SyncRoundsMax && difference is not null; round++)
        {
            primary.Tick(ScenarioNode.TickMilliseconds);
            network.DeliverAll();
            network.CheckCommits();
            difference = ScenarioNetwork.Difference(taking);
        }

        if (difference is not null) throw new ScenarioException($"the nodes do not agree: {difference}");
    }

    // Building the network, and the ledger.
    private bool TryBuild(string[] fields)
    {
        switch (fields)
        {
            case ["pre_vote_enabled", "true" or "false"]: network.AsksBeforeElections = fields[1] == "true"; break;
            case ["start_node", var name]: network.Start(name); break;
            case ["trust_node", var view, var name]: Reconfigure(view, [name], []); break;
            case ["trust_nodes", var view, _, ..]: Reconfigure(view, fields[2..], []); break;
            case ["swap_node", var view, var leaves, var comes]: Reconfigure(view, [comes], [leaves]); break;
            case ["swap_nodes", var view, "in" or "out", ..]: Swap(view, fields[2..]); break;
            case ["cleanup_nodes", var view, _, ..]: CleanUp(view, fields[2..]); break;
            case ["replicate", var view, var text]: network.PrimaryOf(view)?.Write(text, null); break;
            case ["emit_signature", var view]: network.PrimaryOf(view)?.Seal(); break;
            case ["nominate_successor", var name] when network[name].IsPrimary: network[name].Nominate(); break;
            case ["nominate_successor", var name]: _ = network[name]; break;
            case ["loop_until_sync"]: LoopUntilSync(); break;
            default: return false;
        }

        return true;
    }

    // Time, messages, links.
    private bool TryMove(string[] fields)
    {
        switch (fields)
        {
            case ["periodic_one", var name, var time]: network[name].Tick((int)ScenarioNumber.Read(time)); break;
            case ["periodic_all", var time]:
                foreach (ScenarioNode node in network.Nodes) node.Tick((int)ScenarioNumber.Read(time));
                break;
            case ["dispatch_one", var name]: network.Deliver(network[name], int.MaxValue); break;
            case ["dispatch_all_once"]: network.DeliverRound(); break;
            case ["dispatch_all"]: network.DeliverAll(); break;
            case ["dispatch_single", var from, var to]: network.DeliverFirst(network[from], network[to]); break;
            case ["drop_pending", var from]: network[from].Sent.Clear(); break;
            case ["drop_pending_to", var from, var to]:
                NodeId receiver = network[to].Id;
                network[from].Sent.RemoveAll(sent => sent.To == receiver);
                break;
            case ["connect" or "reconnect", var one, var other]: network.Link(one, other); break;
            case ["disconnect", var one, var other]: network.Unlink(one, other); break;
            case ["disconnect_node", var name]: network.UnlinkFromAll(name); break;
            case ["reconnect_node", var name]: network.LinkWithAll(name); break;

            // They print, which nobody reads here.
            case ["state_one" or "summarise_log", var name]: _ = network[name]; break;
            case ["state_all" or "summarise_logs_all"]: break;
            case ["summarise_messages", var from, var to]: _ = (network[from], network[to]); break;
            default: return false;
        }

        return true;
    }

    private bool TryAssert(string[] fields)
    {
        switch (fields)
        {
            case ["assert_commit_idx", var name, var seqNo]:
                Same(Invariant($"{ScenarioNumber.Read(seqNo)}"), network[name].Committed.ToString(), "committed");
                break;
            case ["assert_last_txid", var name, var txId]: Same(txId, network[name].Last.ToString(), "last"); break;
            case ["assert_state_sync"]:
                if (ScenarioNetwork.Difference(network.Nodes) is { } difference)
                    throw new ScenarioException(difference);
                break;
            case ["assert_commit_safety", var name]: network.CheckCommit(network[name]); break;
            case ["assert_detail", var name, var detail, var value]:
                if (!Details(network[name], detail).Contains(value))
                    Same(value, string.Join(" or ", Details(network[name], detail)), detail);
                break;
            case ["assert_!detail", var name, var detail, var value]:
                string[] found = Details(network[name], detail);
                if (found.Length == 0 || found.Contains(value)) throw new ScenarioException($"{detail} is {value}");
                break;
            case ["assert_config", var name, var from, ..]:
                string[] members = [.. fields[3..].Order(StringComparer.Ordinal)];
                Same(string.Join(' ', members), Voters(network[name], from), "voters");
                break;
            case ["assert_absent_config", var name, var from]:
                Same("none", Voters(network[name], from), "voters");
                break;
            default: return false;
        }

        return true;
    }

    private static void Same(string expected, string found, string what)
    {
        if (expected != found) throw new ScenarioException($"{what}: {expected} expected, {found} found");
    }

    private void Swap(string view, string[] fields)
    {
        List<string> coming = [];
        List<string> leaving = [];
        List<string> list = coming;
        foreach (string field in fields)
        {
            if (field is "in" or "out") list = field == "in" ? coming : leaving;
            else list.Add(field);
        }

        Reconfigure(view, coming, leaving);
    }

    // Those that vote are all nodes that ever were, but for those that leave now: the language has it so. Who leaves
    // stays a learner until it is cleaned up.
    private void Reconfigure(string view, IReadOnlyList<string> coming, IReadOnlyList<string> leaving)
    {
        ScenarioNode? primary = network.PrimaryOf(view);
        foreach (string name in coming) network.Join(name);
        if (primary is null) return;
        ImmutableSortedSet<NodeId> voters =
            [.. network.Nodes.Where(node => !leaving.Contains(node.Name)).Select(node => node.Id)];
        Configuration before = primary.Newest!;
        Write(primary, new Configuration(primary.Last.SeqNo.Next, voters)
        {
            Learners = before.Voters.Union(before.Learners).Except(voters),
        });
    }

    private void CleanUp(string view, string[] names)
    {
        NodeId[] gone = [.. names.Select(name => network[name].Id)];
        if (network.PrimaryOf(view) is not { } primary) return;
        Configuration before = primary.Newest!;
        Write(primary, new Configuration(primary.Last.SeqNo.Next, before.Voters)
        {
            Learners = before.Learners.Except(gone),
        });
    }

    private static void Write(ScenarioNode primary, Configuration made) =>
        primary.Write("configuration", made.SaysTheSameAs(primary.Newest!) ? null : made);

    private string Voters(ScenarioNode node, string from)
    {
        ulong first = ScenarioNumber.Read(from);
        Configuration? active = node.Replica.Configurations.FirstOrDefault(made => made.From.Value == first);
        if (active is null) return "none";
        return string.Join(' ', network.Nodes.Where(one => active.Voters.Contains(one.Id)).Select(one => one.Name));
    }

    // What the language calls a detail; of some it has more words than we have states.
    private static string[] Details(ScenarioNode node, string detail)
    {
        string? phase = ScenarioRetirement.PhaseOf(node);
        return detail switch
        {
            "leadership_state" => Roles(node.Replica),
            "membership_state" => [phase is null ? "Active" : "Retired"],
            "retirement_phase" => phase is null ? [] : [phase],
            "current_view" => [node.Replica.View.ToString()],
            _ => throw new ScenarioException($"no detail is called {detail}"),
        };
    }

    private static string[] Roles(Replica replica) => replica.Role switch
    {
        ReplicaRole.Backup when replica.Configurations.Count == 0 => ["None"],
        ReplicaRole.Backup => ["Follower"],
        ReplicaRole.PreCandidate => ["PreVoteCandidate"],
        ReplicaRole.Candidate => ["Candidate"],
        ReplicaRole.Primary => ["Leader"],

        // It takes no part any more; there, one that hears of a primary after that is called a follower again.
        ReplicaRole.Retired => ["None", "Follower"],
        _ => throw new ScenarioException($"role {replica.Role} has no name in the language"),
    };
}
