using System;
using System.IO;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>Makes the state of a node that has joined: reads the own ledger back with the secrets that another node
/// told, and verifies it once more, since it comes from the disk.</summary>
internal sealed class StateLoader(LedgerFiles ledger, NodeSetup setup, Action<Input> tell)
{
    // As large as a file of the ledger: so much is verified while the one before is applied.
    private const int BytesAtOnce = LedgerChunk.BytesToClose;

    /// <summary>Makes the state; <see cref="Input.StateLoaded"/> follows. Any thread, some time.</summary>
    public void Load(Effect.LoadState load)
    {
        LedgerReplay replay = new([load.Secrets]);
        string? problem;
        try
        {
            problem = Read(replay, load.Last) ?? replay.FindLoadObstacle(setup.Genesis, setup.Platform);
        }
#pragma warning disable CA1031 // The last line of defence: an exception that leaves a thread ends the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = e is IOException or UnauthorizedAccessException ? e.Message : Fault.Describe(e);
        }

        if (problem is null)
        {
            tell(new Input.StateLoaded(replay, ""));
            return;
        }

        replay.Dispose();
        tell(new Input.StateLoaded(null, problem));
    }

    private string? Read(LedgerReplay replay, SeqNo last)
    {
        using ReplayThread applying = new(replay);
        for (SeqNo from = new(1); from <= last;)
        {
            ReadOnlyMemory<byte> blocks = ledger.ReadRange(from, last, BytesAtOnce);
            if (!BlockHeader.TryDecode(BlockWalk.Last(blocks).Span, out BlockHeader header, out _))
                return $"the block of seqno {from} is not on disk";
            byte[] chunk = [.. LedgerChunk.Header(from), .. blocks.Span];
            applying.Add(replay.Verify(LedgerChunk.ClosedName(from, header.Last), chunk));
            from = header.Last.Next;
        }

        applying.Finish();
        AuditReport report = replay.Finish();
        return report.Ok ? null : report.Problems[0].Reason;
    }
}
