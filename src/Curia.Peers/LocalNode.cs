using System.Threading;
using Curia.Vocabulary;

namespace Curia.Peers;

/// <summary>This node, as it introduces itself, and what all its connections share.</summary>
internal sealed class LocalNode(PeerSettings settings, PeerCounters counters)
{
    private int probes;
    private object? network; // a Digest: larger than what is read and written at once

    /// <summary>Its id.</summary>
    public NodeId Id { get; } = new(Digest.Of(settings.Key.SubjectPublicKeyInfo.Span));

    /// <summary>Its TLS.</summary>
    public PeerTls Tls { get; } = new(settings.Key, settings.Entropy);

    /// <summary>What it was made of.</summary>
    public PeerSettings Settings => settings;

    /// <summary>What is bounded.</summary>
    public PeerLimits Limits => settings.Limits;

    /// <summary>What is counted.</summary>
    public PeerCounters Counters => counters;

    /// <summary>Its network; zero when it is not known yet.</summary>
    public Digest Network
    {
        get => Volatile.Read(ref network) is Digest known ? known : Digest.Zero;
        set => Volatile.Write(ref network, value);
    }

    /// <summary>Whether one more probe may be answered; <see cref="RemoveProbe"/> follows then.</summary>
    public bool TryAddProbe()
    {
        if (Interlocked.Increment(ref probes) <= Limits.ProbesMax) return true;
        Interlocked.Decrement(ref probes);
        return false;
    }

    /// <summary>A probe has ended.</summary>
    public void RemoveProbe() => Interlocked.Decrement(ref probes);

    /// <summary>Whether two nodes may talk: who does not know its network yet, joins that of the other.</summary>
    public static bool AreOneNetwork(Digest one, Digest other) =>
        one == other || one == Digest.Zero || other == Digest.Zero;
}
