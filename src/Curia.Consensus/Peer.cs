using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>What a primary knows of another node in its view.</summary>
internal sealed class Peer
{
    public Peer(SeqNo next) => ExpectAt(next);

    public Peer(Peer other)
    {
        Matched = other.Matched;
        Next = other.Next;
        Base = other.Base;
        IsProbing = other.IsProbing;
        IsAsked = other.IsAsked;
        IsPlaceKnown = other.IsPlaceKnown;
        SilentTicks = other.SilentTicks;
        Round = other.Round;
        Installing = other.Installing;
        NextChunk = other.NextChunk;
        IsToldToCampaign = other.IsToldToCampaign;
    }

    /// <summary>Up to here it has proved to have the primary's log on its disk.</summary>
    public SeqNo Matched { get; set; }

    /// <summary>The first seqno of the next block to send. Moves when a block is sent, not when it is
    /// acknowledged.</summary>
    public SeqNo Next { get; set; }

    /// <summary>Where the window of unacknowledged blocks begins.</summary>
    public SeqNo Base { get; private set; }

    /// <summary>Whether it is not known where its log leaves the primary's: then one message at a time.</summary>
    public bool IsProbing { get; private set; }

    /// <summary>Whether the one message of a probe is under way.</summary>
    public bool IsAsked { get; set; }

    /// <summary>Whether a probe asks where the node has said that its log ends: then it will take the blocks, and gets
    /// as many as a message has.</summary>
    public bool IsPlaceKnown { get; private set; }

    public int SilentTicks { get; set; }

    /// <summary>The newest round that it answered.</summary>
    public ulong Round { get; set; }

    /// <summary>The snapshot that it gets, while it needs one.</summary>
    public SnapshotInfo? Installing { get; set; }

    public int NextChunk { get; set; }

    public bool IsToldToCampaign { get; set; }

    /// <summary>Sends from here on, without waiting for answers.</summary>
    public void ExpectAt(SeqNo next)
    {
        Next = next;
        Base = next;
        IsProbing = IsAsked = IsPlaceKnown = false;
    }

    /// <summary>Asks here whether it agrees, before it sends more.</summary>
    public void ProbeAt(SeqNo next, bool isPlaceKnown)
    {
        ExpectAt(next);
        IsProbing = true;
        IsPlaceKnown = isPlaceKnown;
    }

    /// <summary>Whether a message that went on after this place can be the probe, or the newest heartbeat. A refusal of
    /// any other was answered with the probe.</summary>
    public bool MayHaveAskedAfter(SeqNo previous) =>
        previous > Matched && (!IsProbing || previous.Next == Base || previous.Next == Next);

    /// <summary>It has stored all up to here.</summary>
    public void Acknowledge(SeqNo matched)
    {
        if (matched > Matched) Matched = matched;
        SeqNo next = Matched.Next;
        if (IsProbing) ExpectAt(next);
        if (Next < next) Next = next;
        if (Base < next) Base = next;
    }
}
