using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Consensus;

/// <summary>Who goes on after a cold restart (docs/consensus.md, "Cold restart").</summary>
public sealed class FormationTests
{
    private static readonly NodeId a = IdOf("a");
    private static readonly NodeId b = IdOf("b");
    private static readonly NodeId c = IdOf("c");

    [Fact]
    public void The_disk_that_goes_furthest_founds()
    {
        Formation? formation = Formation.Of([Claim(a, "2.9", [a, b, c]), Claim(b, "2.12", [a, b, c])]);
        Assert.Equal(IdOf("b2"), formation!.Founder.Node);
        Assert.Equal(2, formation.Members.Count);
    }

    [Fact]
    public void A_newer_view_goes_further_than_a_longer_ledger()
    {
        Formation? formation = Formation.Of([Claim(a, "2.90", [a, b, c]), Claim(b, "3.12", [a, b, c])]);
        Assert.Equal(IdOf("b2"), formation!.Founder.Node);
    }

    [Fact]
    public void A_minority_does_not_go_on()
    {
        Assert.Null(Formation.Of([Claim(a, "2.9", [a, b, c])]));
    }

    [Fact]
    public void Half_of_the_nodes_are_no_majority()
    {
        NodeId d = IdOf("d");
        Assert.Null(Formation.Of([Claim(a, "2.9", [a, b, c, d]), Claim(b, "2.9", [a, b, c, d])]));
    }

    // Founders agree on a genesis block that commits when all have stored it, and this ledger does not say that they
    // have.
    [Fact]
    public void A_ledger_that_ends_with_its_genesis_block_needs_all_founders()
    {
        RestartClaim[] two = [Claim(a, "2.2", [a, b, c]), Claim(b, "2.2", [a, b, c])];
        Assert.Null(Formation.Of(two));
        Assert.NotNull(Formation.Of([.. two, Claim(c, "2.2", [a, b, c])]));
        Assert.NotNull(Formation.Of([two[0], Claim(b, "2.4", [a, b, c])]));
        Assert.NotNull(Formation.Of([Claim(a, "2.2", [a])]));
    }

    [Fact]
    public void Each_active_configuration_needs_a_majority()
    {
        NodeId[] newer = [c, IdOf("d"), IdOf("e")];
        RestartClaim[] two =
        [
            Claim(a, "2.9", [a, b, c]),
            Claim(c, "2.12", [a, b, c]) with { Active = [[a, b, c], newer] },
        ];

        // The one with the new configuration lacks a majority of it, and what it has beyond the others did not commit.
        Assert.Null(Formation.Of(two));
        Formation? formation = Formation.Of([.. two, Claim(b, "2.9", [a, b, c])]);
        Assert.Equal("2.9", formation!.Founder.Last.ToString());
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(2, 4)]
    [InlineData(3, 4)]
    [InlineData(4, 6)]
    [InlineData(7, 8)]
    public void The_view_is_above_each_that_was_promised_by_a_multiple_of_two(ulong promised, ulong view)
    {
        RestartClaim other = Claim(b, "2.9", [a, b, c]) with { Promised = new View(promised) };
        Assert.Equal(new View(view), Formation.Of([Claim(a, "2.9", [a, b, c]), other])!.View);
    }

    /// <summary>Disks that end and start at any step, in any company: what has once committed is in the ledger of each
    /// founder that opens an epoch after it, and no two epochs commit in one view.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void What_has_committed_is_never_left_behind(int disks)
    {
        int epochs = 0;
        for (int seed = 0; seed < 4_000; seed++) epochs += new DiskModel(disks, seed).Run(rounds: 12);
        Assert.True(epochs > 10_000, $"only {epochs} epochs committed: the model tries nothing");
    }

    internal static NodeId IdOf(string name) => new(Digest.Of(System.Text.Encoding.ASCII.GetBytes(name)));

    private static RestartClaim Claim(NodeId of, string last, NodeId[] voters)
    {
        string name = of == a ? "a" : of == b ? "b" : "c";
        Assert.True(TxId.TryParse(last, out TxId txId));
        return new RestartClaim(
            Digest.Zero, txId, IdOf(name + "2"), "", [], [of, IdOf(name + "2")], txId, [voters], default);
    }

    // The rules around Formation.Of as the host has them: all members promise, durably; then the founder stores the
    // first block; it commits when all have it, and what follows when a majority has it.
    private sealed class DiskModel(int count, int seed)
    {
        private readonly Random random = new(seed);
        private readonly Disk[] disks =
            [.. Enumerable.Range(0, count).Select(i => new Disk { Nodes = [IdOf($"{i}.0")] })];

        private ImmutableList<Entry> committed = [];
        private int started;

        public int Run(int rounds)
        {
            Entry genesis = new(new TxId(new View(2), new SeqNo(3)), 0, [.. disks.Select(disk => disk.Nodes[0])]);
            foreach (Disk disk in disks) disk.Log = [genesis];
            committed = [genesis];
            Extend(disks, genesis.TxId.View);
            int epochs = 0;
            for (int round = 0; round < rounds; round++) epochs += Restart() ? 1 : 0;
            return epochs;
        }

        private bool Restart()
        {
            Disk[] here = [.. disks.Where(_ => random.Next(3) > 0)];
            foreach (Disk disk in here) disk.Nodes.Add(IdOf($"{Array.IndexOf(disks, disk)}.{++started}"));
            Formation? formation = Formation.Of([.. here.Select(disk => disk.Claim())]);
            if (formation is null) return false;
            Disk founder = here.Single(disk => disk.Nodes[^1] == formation.Founder.Node);
            Disk[] members = [.. here.Where(disk => formation.Ids.Contains(disk.Nodes[^1]))];
            foreach (Disk member in members)
            {
                if (random.Next(12) == 0) return false; // one ends before it promises
                member.Promised = formation.View;
            }

            // Nothing that has committed is missing, wherever it goes on.
            Assert.True(
                committed.SequenceEqual(founder.Log.Take(committed.Count)), $"seed {seed}: a committed entry is lost");
            TxId last = founder.Log[^1].TxId;
            TxId first = new(formation.View, last.SeqNo.Next);
            Entry epoch = new(first, random.Next(), [.. formation.Ids]);
            founder.Log = founder.Log.Add(epoch);
            foreach (Disk member in members.Where(member => member != founder))
            {
                if (random.Next(6) == 0) return false; // one ends before it stores
                member.Log = founder.Log;
            }

            committed = founder.Log;
            Extend(members, first.View);
            return true;
        }

        // Blocks of an epoch: each is stored by some, and committed when a majority has it.
        private void Extend(Disk[] members, View view)
        {
            Disk primary = members[random.Next(members.Length)];
            for (int block = random.Next(4); block > 0; block--)
            {
                TxId next = new(view, primary.Log[^1].TxId.SeqNo.Next);
                primary.Log = primary.Log.Add(new Entry(next, random.Next(), []));
                int stored = 1;
                foreach (Disk member in members.Where(member => member != primary))
                {
                    if (random.Next(3) == 0 || member.Log.Count < primary.Log.Count - 1 - random.Next(2)) continue;
                    member.Log = primary.Log;
                    stored++;
                }

                if (stored > members.Length / 2) committed = primary.Log;
            }
        }

        private sealed record Entry(TxId TxId, int Content, ImmutableArray<NodeId> Voters);

        private sealed class Disk
        {
            public List<NodeId> Nodes { get; init; } = [];

            public View Promised { get; set; }

            public ImmutableList<Entry> Log { get; set; } = [];

            // The ledger tells which configurations are known to be committed: here those that other entries follow.
            public RestartClaim Claim()
            {
                Entry[] configurations = [.. Log.Where(entry => !entry.Voters.IsEmpty)];
                int plain = Math.Max(0, Log.FindLastIndex(entry => entry.Voters.IsEmpty));
                int known = Log.Take(plain + 1).Count(entry => !entry.Voters.IsEmpty) - 1;
                return new RestartClaim(
                    Digest.Zero, Log[0].TxId, Nodes[^1], "", [], [.. Nodes], Log[^1].TxId,
                    [.. configurations.Skip(known).Select(one => (IReadOnlyList<NodeId>)[.. one.Voters])], Promised);
            }
        }
    }
}
