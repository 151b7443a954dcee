using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using Curia.Vocabulary;

namespace Curia.Peers;

/// <summary>This node, as it introduces itself, and what all its connections share.</summary>
internal sealed class LocalNode(PeerSettings settings, PeerCounters counters)
{
    private readonly ConcurrentDictionary<string, RareLine> failures = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> probes = new(StringComparer.Ordinal);
    private int probesInAll;
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
    /// <param name="address">Where it comes from, without a port.</param>
    public bool TryAddProbe(string address)
    {
        lock (probes)
        {
            int ofAddress = probes.GetValueOrDefault(address);
            if (probesInAll >= Limits.ProbesMax || ofAddress >= Limits.ProbesOfOneAddressMax) return false;
            probes[address] = ofAddress + 1;
            probesInAll++;
            return true;
        }
    }

    /// <summary>A probe has ended.</summary>
    /// <param name="address">Where it came from.</param>
    public void RemoveProbe(string address)
    {
        lock (probes)
        {
            probesInAll--;
            if (--probes[address] == 0) probes.Remove(address);
        }
    }

    /// <summary>What takes messages or answers calls has failed: strangers can bring that about as often as they
    /// like.</summary>
    /// <param name="kind">One of few.</param>
    /// <param name="line">What is said.</param>
    public void WarnOfFailure(string kind, string line) =>
        failures.GetOrAdd(kind, _ => new RareLine(Settings.Warning)).Write(line);

    /// <summary>Whether two nodes may talk: who does not know its network yet, joins that of the other.</summary>
    public static bool AreOneNetwork(Digest one, Digest other) =>
        one == other || one == Digest.Zero || other == Digest.Zero;
}
