using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Curia.Governance;
using Curia.Ledger;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Tests.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>Programs of two versions in one network: what is written, all can read (docs/ledger-format.md,
/// "Formats").</summary>
public sealed class LedgerFormatTests
{
    private static readonly DiversityRule waived = new(1, 2, LossWaived: true, InForce: false);

    [Fact]
    public void What_the_oldest_program_cannot_read_is_not_written_until_it_has_left()
    {
        using TestNetwork network = new(3, rule: waived, format: LedgerFormat.Oldest);
        network.Join(kind: 1, format: LedgerFormat.Oldest);
        network.Run(100);
        foreach (int kind in (int[])[2, 0])
        {
            network.Join(kind: kind);
            network.Run(100);
        }

        Assert.All(network.Nodes, node => Assert.True(node.IsOpen));
        foreach (TestNetwork.Member old in network.Nodes[..2].ToArray())
        {
            Write(network);
            Assert.Equal([LedgerFormat.Oldest], FormatsIn(old));
            network.Primary.Ask(network.Retire(old));
            network.Run(200);
            old.IsDead = true;
        }

        Write(network);
        Assert.Equal(2, network.Primary.Node.View.Configurations[^1].Rule.Operators);
        Assert.Contains(LedgerFormat.WithAcknowledgements, FormatsIn(network.Primary));
        Assert.All(network.Nodes[..2], old => Assert.Equal([LedgerFormat.Oldest], FormatsIn(old)));
    }

    // What all nodes of the network read may be in the ledger at any time: the format never falls.
    [Fact]
    public void A_node_that_reads_less_than_all_others_is_refused()
    {
        using TestNetwork network = TestNetwork.Of(2);
        Assert.Equal("FormatTooOld", CodeOf(network.Primary.Ask(Add(network, LedgerFormat.Oldest))));
        Assert.Equal("InvalidInput", CodeOf(network.Primary.Ask(Add(network, 0))));
        Assert.Equal("InvalidInput", CodeOf(network.Primary.Ask(Add(network, LedgerFormat.Max + 1))));
        foreach (int? format in (int?[])[null, LedgerFormat.Newest + 1])
        {
            JsonElement answer = network.Primary.Ask(Add(network, format));
            Assert.Equal("Accepted", answer.GetProperty("state").GetString());
            network.Run(10);
        }
    }

    [Fact]
    public void A_block_of_a_newer_format_is_refused_by_name()
    {
        using TestNetwork network = TestNetwork.Diverse(2, 2);
        Write(network);
        TestNetwork.Member primary = network.Primary;
        using TestNetwork other = new(3, rule: waived, format: LedgerFormat.Oldest);
        foreach (Block block in primary.Blocks().Where(one => LedgerFormat.Of(one) > LedgerFormat.Oldest))
        {
            byte[] message = Forger.Append(block.View, TxId.Zero, TxId.Zero, block.Bytes);
            Assert.False(other.Primary.Node.TryRead(message, out _, out MessageProblem? problem));
            Assert.Equal(MessageProblem.FormatTooNew, problem.Name);
            Assert.StartsWith("FormatTooNew: ", problem.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Who_goes_on_with_a_ledger_knows_which_format_it_needs()
    {
        using TestNetwork network = new(3, rule: waived, format: LedgerFormat.Oldest);
        network.Join(kind: 1);
        network.Run(100);
        Assert.Equal(LedgerFormat.Oldest, network.Replay(network.Primary).Format);
        network.Primary.Ask(network.Retire(network.Nodes[0]));
        network.Run(200);
        Assert.Equal(LedgerFormat.Newest, network.Replay(network.Primary).Format);
    }

    private static void Write(TestNetwork network)
    {
        for (int round = 0; round < 5; round++)
        {
            network.Primary.Write("a", $"{round}");
            network.Run(20);
        }
    }

    private static IReadOnlyList<int> FormatsIn(TestNetwork.Member node) =>
        [.. node.Blocks().Select(LedgerFormat.Of).Distinct().Order()];

    private static NodeRequest Add(TestNetwork network, int? format) => new(
        network.Primary.Node.View.Genesis, NodeRequest.Add, new NodeId(Digest.Of([(byte)(format ?? 200)])), "virtual",
        "node:1", [], NodeRequest.Learner, LedgerFormat: format);

    private static string CodeOf(JsonElement answer) =>
        answer.GetProperty("error").GetProperty("code").GetString()!;
}
