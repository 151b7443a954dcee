using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Threading;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>What certificate chains, revocation lists and collateral came to, so that the same bytes are not verified
/// again for every report. Pass one to the verifiers, or none. Safe to use from any thread.</summary>
/// <remarks>An entry stands under SHA-256 of everything that its checks looked at, roots and what the policy requires
/// included: other bytes, a newer list or another root make another key. It holds from the latest beginning to the
/// earliest end of all that is in it, so that the passing of time ends it as it would end the checks. Only what has
/// passed is kept; a refusal is found anew each time.</remarks>
public sealed class EndorsementCache
{
    /// <summary>The most entries of any cache: some 40 kB each, as far as vendors' collateral goes.</summary>
    public const int CapacityMax = 4096;

    private const int DefaultCapacity = 128; // a network of 40 nodes of one vendor, with three entries each

    private sealed record Entry(object Value, DateTimeOffset From, DateTimeOffset Until, IReadOnlyList<Check> Checks);

    private readonly Lock gate = new();
    private readonly Dictionary<Digest, Entry> entries = [];
    private readonly Queue<Digest> order = new();
    private readonly int capacity;

    /// <summary>An empty cache.</summary>
    /// <param name="capacity">The most entries; beyond them the oldest goes.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than one, or more than <see cref="CapacityMax"/>.</exception>
    public EndorsementCache(int capacity = DefaultCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, CapacityMax);
        this.capacity = capacity;
    }

    /// <summary>How many entries there are.</summary>
    public int Count
    {
        get
        {
            lock (gate) return entries.Count;
        }
    }

    /// <summary>The value of a key that holds at a moment, with its checks repeated, or what is built; a null cache
    /// always builds.</summary>
    internal static T? Use<T>(
        EndorsementCache? cache, Func<Digest> key, DateTimeOffset at, Appraisal checks, Func<Endorsed<T>?> build)
        where T : class
    {
        if (cache is null) return build()?.Value;
        Digest place = key();
        if (cache.Find(place, at) is { } found)
        {
            checks.Repeat(found.Checks);
            return (T)found.Value;
        }

        int before = checks.Count;
        if (build() is not { } built) return null;
        cache.Keep(place, new Entry(built.Value, built.Period.From, built.Period.Until, checks.Since(before)));
        return built.Value;
    }

    /// <summary>SHA-256 of parts that may be missing, each with its length.</summary>
    internal static Digest Key(string kind, IEnumerable<ReadOnlyMemory<byte>?> parts)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.ASCII.GetBytes(kind));
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (ReadOnlyMemory<byte>? part in parts)
        {
            BinaryPrimitives.WriteInt32BigEndian(length, part?.Length ?? -1);
            hash.AppendData(length);
            if (part is { } bytes) hash.AppendData(bytes.Span);
        }

        Span<byte> digest = stackalloc byte[Digest.Size];
        hash.GetHashAndReset(digest);
        return new Digest(digest);
    }

    /// <summary>A moment as a part of a key; missing where there is none.</summary>
    internal static ReadOnlyMemory<byte>? Part(DateTimeOffset? moment) =>
        moment is { } given ? BitConverter.GetBytes(given.UtcTicks) : (ReadOnlyMemory<byte>?)null;

    private Entry? Find(Digest key, DateTimeOffset at)
    {
        lock (gate)
        {
            return entries.TryGetValue(key, out Entry? entry) && entry.From <= at && at <= entry.Until ? entry : null;
        }
    }

    private void Keep(Digest key, Entry entry)
    {
        lock (gate)
        {
            if (!entries.TryAdd(key, entry))
            {
                entries[key] = entry;
                return;
            }

            order.Enqueue(key);
            if (order.Count > capacity) entries.Remove(order.Dequeue());
        }
    }
}

/// <summary>From when to when something holds, both ends included.</summary>
internal readonly record struct Period(DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>Always.</summary>
    public static Period Always { get; } = new(DateTimeOffset.MinValue, DateTimeOffset.MaxValue);

    /// <summary>What both have.</summary>
    public Period And(DateTimeOffset from, DateTimeOffset? until) =>
        new(from > From ? from : From, until is { } end && end < Until ? end : Until);

    /// <summary>What this and a certificate have.</summary>
    public Period And(VendorCertificate certificate) => And(certificate.NotBefore, certificate.NotAfter);
}

/// <summary>What was verified, and when that holds.</summary>
internal sealed record Endorsed<T>(T Value, Period Period);
