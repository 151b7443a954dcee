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
        IsMending = other.IsMending;
        SilentTicks = other.SilentTicks;
        Round = other.Round;
        Installing = other.Installing;
        NextChunk = other.NextChunk;
        IsToldToCampaign = other.IsToldToCampaign;
        (IsRecalling, RecalledFrom, Before, ViewMax) =
            (other.IsRecalling, other.RecalledFrom, other.Before, other.ViewMax);
    }

    /// <summary>Up to here it has proved to have the primary's log on its disk.</summary>
    public SeqNo Matched { get; set; }

    /// <summary>The first seqno of the next block to send. Moves when a block is sent, not when it is
    /// acknowledged.</summary>
    public SeqNo Next { get; private set; }

    /// <summary>Where the window of unacknowledged blocks begins.</summary>
    public SeqNo Base { get; private set; }

    /// <summary>Whether it is not known where its log leaves the primary's: then one message at a time.</summary>
    public bool IsProbing { get; private set; }

    /// <summary>Whether the one message of a probe is under way.</summary>
    public bool IsAsked { get; set; }

    /// <summary>Whether a refusal was heeded since the last heartbeat.</summary>
    public bool IsMending { get; set; }

    public int SilentTicks { get; set; }

    /// <summary>The newest round that it answered.</summary>
    public ulong Round { get; set; }

    /// <summary>The snapshot that it gets, while it needs one.</summary>
    public SnapshotInfo? Installing { get; set; }

    public int NextChunk { get; set; }

    public bool IsToldToCampaign { get; set; }

    /// <summary>Whether blocks for it are being read from the ledger.</summary>
    public bool IsRecalling { get; set; }

    /// <summary>Where the blocks that were recalled last begin.</summary>
    public SeqNo RecalledFrom { get; private set; }

    /// <summary>The end of the last block that was recalled for it, when that is the one before
    /// <see cref="Next"/>.</summary>
    public TxId? Before { get; private set; }

    /// <summary>No block end of a later view can be shared with it, as its last refusal said; null when nothing is
    /// known.</summary>
    public View? ViewMax { get; private set; }

    /// <summary>Sends from here on, without waiting for answers.</summary>
    public void ExpectAt(SeqNo next)
    {
        Next = next;
        Base = next;
        IsProbing = IsAsked = IsMending = false;
        RecalledFrom = default;
        Before = null;
        ViewMax = null;
    }

    /// <summary>Blocks were sent that go on from <see cref="Next"/>.</summary>
    public void Sent(TxId last)
    {
        Next = last.SeqNo.Next;
        IsAsked = true;
        Before = null;
        ViewMax = null;
    }

    /// <summary>Blocks were sent that had been forgotten. They may begin before <see cref="Next"/>.</summary>
    public void SentRecalled(SeqNo first, TxId last)
    {
        Sent(last);
        if (first < Base) Base = first;
        RecalledFrom = first;
        Before = last;
    }

    /// <summary>It has refused and said where its log ends. If that is known to be in the primary's log, it gets what
    /// follows as any other node; else one message asks here whether it agrees, before it gets more.</summary>
    public void MendAt(SeqNo next, bool isPlaceKnown, View viewMax)
    {
        ExpectAt(next);
        ViewMax = viewMax;
        IsProbing = !isPlaceKnown;
        IsMending = true;
    }

    /// <summary>Whether the refusal of a message that goes on after this place says something new. Of many messages
    /// that were under way only the first refusal is heeded until the next heartbeat, and that of what was sent because
    /// of it: so the same blocks are not sent once for each.</summary>
    public bool IsNews(SeqNo previous) => previous > Matched && (!IsMending || previous.Next == Base);

    /// <summary>It has stored all up to here.</summary>
    public void Acknowledge(SeqNo matched)
    {
        if (matched > Matched) Matched = matched;
        SeqNo next = Matched.Next;
        if (IsProbing) ExpectAt(next);
        if (Next < next)
        {
            Next = next;
            Before = null;
        }

        if (Base < next) Base = next;
    }
}
