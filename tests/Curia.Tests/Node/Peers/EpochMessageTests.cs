using Curia.Cryptography;
using Curia.Ledger;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Tests.Node.Peers;

/// <summary>A node that is behind is sent the block that opens an epoch together with those after it.</summary>
public sealed class EpochMessageTests
{
    [Fact]
    public void The_blocks_behind_the_one_that_opens_an_epoch_are_read_with_it()
    {
        using TestShell first = new();
        first.Write("a", "before");
        first.Sync();
        using EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy());
        using CuriaNode behind = new(Setup(first, key), Survey(first));
        TxId end = behind.View.Last;
        using TestShell second = first.Restart();
        second.Write("b", "after");
        second.Sync();
        int known = first.Disk.Count;
        Assert.Equal(known + 2, second.Disk.Count);
        View view = second.Node.View.View;
        byte[] both = Forger.Append(view, end, end, second.Disk[known], second.Disk[known + 1]);
        Assert.True(behind.TryRead(both, out PeerMessage? message, out MessageProblem? problem), $"{problem}");
        behind.Step(new Input.Start(TestShell.Noon));
        behind.Step(new Input.Message(second.Node.View.NodeId, message));
        Assert.Equal(second.Node.View.Last, behind.View.Last);

        // By itself it says nothing: the node that reads it must know the epoch.
        using CuriaNode further = new(Setup(first, key), Survey(first));
        byte[] later = Forger.Append(view, second.Node.View.ServiceCreated, end, second.Disk[known + 1]);
        Assert.False(further.TryRead(later, out _, out problem));
        Assert.Equal(MessageProblem.UnknownEpoch, problem.Name);
    }

    private static LedgerSurvey Survey(TestShell shell)
    {
        LedgerSurvey survey = new(new AuditOptions());
        survey.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), shell.Chunk());
        Assert.Empty(survey.Finish().Problems);
        return survey;
    }

    private static NodeSetup Setup(TestShell shell, EcdsaSigner key) => new()
    {
        NodeKey = key,
        Entropy = new SystemEntropy(),
        NewSigner = source => EcdsaSigner.Generate(source),
        SealingKey = TestShell.SealingKey,
        Application = TestShell.Application(),
        Genesis = shell.Genesis,
        SubjectAlternativeNames = [],
        PublishedAddresses = ["127.0.0.1:8001"],
        Limits = new NodeLimits(),
    };
}
