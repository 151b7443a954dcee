using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Reads that wait until this node has shown that it still is the primary (docs/consensus.md, "Reads"). One
/// round is under way at a time; all reads that come meanwhile share the next one.</summary>
/// <remarks>So their cost does not grow with their number: a message to each node for each round, and a read waits for
/// two rounds at most. The loop's.</remarks>
internal sealed class LinearizableReads
{
    // By ticket, so in the order in which they came, and who leaves is gone at once.
    private SortedDictionary<long, TxId> asked = [];
    private SortedDictionary<long, TxId> inRound = [];
    private ulong round;

    /// <summary>Reads that wait.</summary>
    public int Count => asked.Count + inRound.Count;

    /// <summary>Whether reads wait for a round and none is under way.</summary>
    public bool IsRoundDue => asked.Count > 0 && inRound.Count == 0;

    /// <summary>A read was executed here and waits.</summary>
    /// <param name="ticket">Names the client.</param>
    /// <param name="version">What was read.</param>
    public void Ask(long ticket, TxId version) => asked.Add(ticket, version);

    /// <summary>A client no longer waits.</summary>
    public void Forget(long ticket)
    {
        if (!asked.Remove(ticket)) inRound.Remove(ticket);
    }

    /// <summary>A round begins, for all reads that have come before it.</summary>
    /// <param name="number">Its number.</param>
    public void Begin(ulong number)
    {
        round = number;
        (asked, inRound) = (inRound, asked);
    }

    /// <summary>All rounds up to one are answered.</summary>
    /// <returns>The reads that this confirms, with what they read.</returns>
    public IReadOnlyCollection<KeyValuePair<long, TxId>> Confirm(ulong number)
    {
        if (number < round) return [];
        SortedDictionary<long, TxId> confirmed = inRound;
        inRound = [];
        return confirmed;
    }

    /// <summary>This node has lost the place of the primary, or got it anew: nothing confirms what was read
    /// before.</summary>
    /// <param name="effects">Takes the answers.</param>
    public void Refuse(Effects effects)
    {
        foreach (long ticket in inRound.Keys) effects.Add(new Effect.Reply(ticket, Answer.NotConfirmed.Instance));
        foreach (long ticket in asked.Keys) effects.Add(new Effect.Reply(ticket, Answer.NotConfirmed.Instance));
        inRound.Clear();
        asked.Clear();
    }
}
