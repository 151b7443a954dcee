using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Evidence;

/// <summary>Fetches collateral in the background, keeps it, and renews it before it expires. Asking never waits for a
/// server or a disk. Safe on any thread.</summary>
/// <remarks>Each item has a task of its own, so that one server that is slow holds nothing else up. Only what its
/// vendor has signed is kept, and of that the newer is better: an answer that expires sooner than what is held is not
/// taken, so that nobody brings back an old list. Where the signer's certificate is not at hand yet, a date proves
/// nothing: what comes later is taken, until it can be verified.</remarks>
public sealed class CollateralStore : IAsyncDisposable
{
    /// <summary>The most items that are kept. A network of a hundred nodes needs some two hundred: a certificate for
    /// each, and a few lists.</summary>
    public const int ItemsMax = 512;

    private readonly CollateralSettings settings;
    private readonly TimeProvider time;
    private readonly Action<string> log;
    private readonly CollateralFolder folder;
    private readonly CollateralFetch fetch;
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<CollateralItem, Kept> items = new();
    private readonly ConcurrentDictionary<CollateralRefusal, long> failures = new();
    private readonly Lock adding = new();
    private readonly CollateralTrust trust;

    /// <summary>A store that keeps nothing yet.</summary>
    /// <param name="settings">Where collateral comes from.</param>
    /// <param name="time">The clock that expiry and patience go by; null for that of the machine.</param>
    /// <param name="log">Takes a line when an item begins to fail, and when it works again; null for nobody.</param>
    public CollateralStore(CollateralSettings settings, TimeProvider? time = null, Action<string>? log = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        this.settings = settings;
        this.time = time ?? TimeProvider.System;
        this.log = log ?? (_ => { });
        folder = new CollateralFolder(settings.Folder);
        fetch = new CollateralFetch(settings, this.time);
        trust = new CollateralTrust(settings.AmdRoots, settings.IntelRoots,
            item => items.TryGetValue(item, out Kept? kept) ? kept.Held : null);
    }

    /// <summary>How many items are kept and not held: nothing of them has come yet, or it has expired.</summary>
    public long Missing
    {
        get
        {
            DateTimeOffset now = time.GetUtcNow();
            return items.Values.Count(kept => kept.Held is not { } held || held.Expires < now);
        }
    }

    /// <summary>How often something could not be fetched or was not taken, by reason.</summary>
    public IReadOnlyList<KeyValuePair<CollateralRefusal, long>> Failures => [.. failures];

    /// <summary>For each kind that is held, how many seconds there are until the first of it expires; below zero
    /// afterwards.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> SecondsUntilExpiry()
    {
        DateTimeOffset now = time.GetUtcNow();
        SortedDictionary<string, double> soonest = new(StringComparer.Ordinal);
        foreach ((CollateralItem item, Kept kept) in items)
        {
            if (kept.Held is not { } held) continue;
            double seconds = (held.Expires - now).TotalSeconds;
            if (!soonest.TryGetValue(item.Kind, out double least) || seconds < least) soonest[item.Kind] = seconds;
        }

        return [.. soonest];
    }

    /// <summary>What is held of an item, and that it is to be kept from now on. Returns at once.</summary>
    /// <param name="item">What is wanted.</param>
    /// <param name="collateral">What is held; it may have expired. Null when nothing is.</param>
    /// <returns>False when nothing is held yet.</returns>
    public bool TryGet(CollateralItem item, out Collateral? collateral)
    {
        collateral = Keep(item)?.Held;
        return collateral is not null;
    }

    /// <summary>Waits for an item, for those who can: a node before it starts, never a request.</summary>
    /// <returns>What is held; null when the store was ended, or keeps too much already.</returns>
    /// <exception cref="OperationCanceledException">The caller has given up.</exception>
    public async Task<Collateral?> WaitForAsync(CollateralItem item, CancellationToken cancel)
    {
        if (Keep(item) is not { } kept) return null;
        await Task.WhenAny(kept.Arrived.Task, kept.Running).WaitAsync(cancel).ConfigureAwait(false);
        return kept.Held;
    }

    /// <summary>Ends fetching.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (adding)
        {
            stop.Cancel();
            running = [.. items.Values.Select(kept => kept.Running)];
        }

        await Task.WhenAll(running).ConfigureAwait(false);
        fetch.Dispose();
        stop.Dispose();
    }

    private Kept? Keep(CollateralItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (items.TryGetValue(item, out Kept? kept)) return kept;
        lock (adding)
        {
            if (items.TryGetValue(item, out kept)) return kept;
            if (stop.IsCancellationRequested) return null;
            if (items.Count >= ItemsMax)
            {
                Count(CollateralRefusal.TooMany);
                return null;
            }

            Kept added = new();
            added.Running = Task.Run(() => RunAsync(item, added));
            items[item] = added;
            return added;
        }
    }

    private async Task RunAsync(CollateralItem item, Kept kept)
    {
        try
        {
            if (folder.Read(item) is { } stored && item.IsGenuine(stored, trust) is not false)
            {
                kept.Hold(stored);
                if (stored.Expires > time.GetUtcNow())
                    await WaitAsync(UntilRefresh(item, stored)).ConfigureAwait(false);
            }

            int failed = 0;
            while (true)
            {
                TimeSpan? asked = await RenewAsync(item, kept, failed).ConfigureAwait(false);
                failed = asked is null ? 0 : failed + 1;
                await WaitAsync(asked is { } wait ? Longer(wait, BackOff(failed - 1)) : UntilRefresh(item, kept.Held!))
                    .ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return; // the store has ended
        }
    }

    // Null when it worked; otherwise how long the server wants to be left alone.
    private async Task<TimeSpan?> RenewAsync(CollateralItem item, Kept kept, int failed)
    {
        FetchOutcome outcome = await fetch.FetchAsync(item, stop.Token).ConfigureAwait(false);

        // What was held before its signer was known may turn out to be nobody's.
        if (kept.Held is { } before && item.IsGenuine(before, trust) is false) kept.Drop();
        Collateral? held = kept.Held;
        if (outcome.Collateral is { } fetched)
        {
            if (IsBetter(item, fetched, held, out CollateralRefusal refusal))
            {
                if (!folder.Write(item, fetched, outcome.Chain)) Count(CollateralRefusal.NotStored);
                kept.Hold(fetched);
                if (failed > 0) log($"{item.File} was fetched");
                return null;
            }

            outcome = outcome with { Refusal = refusal };
        }

        // Perhaps an operator has put it there meanwhile.
        if (folder.Read(item) is { } stored
            && (held is null || !stored.Content.Span.SequenceEqual(held.Content.Span))
            && IsBetter(item, stored, held, out _))
        {
            kept.Hold(stored);
            return null;
        }

        Count(outcome.Refusal);
        if (failed == 0) log($"{item.File} cannot be fetched: {outcome.Refusal}; it is tried again");
        return outcome.RetryAfter ?? TimeSpan.Zero;
    }

    // What is verified is better than what cannot be, and of two that are the newer. Of two that cannot be the date
    // says nothing: whoever made one up would choose a late one.
    private bool IsBetter(CollateralItem item, Collateral found, Collateral? held, out CollateralRefusal refusal)
    {
        bool? isGenuine = item.IsGenuine(found, trust);
        refusal = isGenuine is false ? CollateralRefusal.NotSigned : CollateralRefusal.Older;
        if (isGenuine is false) return false;
        if (held is null) return true;
        bool isHeldGenuine = item.IsGenuine(held, trust) is true;
        if (isHeldGenuine != isGenuine is true) return !isHeldGenuine;
        return !isHeldGenuine || found.Expires >= held.Expires;
    }

    private Task WaitAsync(TimeSpan wait) => Task.Delay(wait, time, stop.Token);

    private TimeSpan UntilRefresh(CollateralItem item, Collateral held)
    {
        bool isAsked = settings.AddressOf(item.Source) is not null;
        if (isAsked && item.IsGenuine(held, trust) is null) return settings.RefreshMin;
        TimeSpan half = (held.Expires - time.GetUtcNow()) / 2;
        if (half < settings.RefreshMin) return settings.RefreshMin;
        return half < settings.RefreshMax ? half : settings.RefreshMax;
    }

    private TimeSpan BackOff(int failed)
    {
        TimeSpan wait = settings.RetryMin * Math.Pow(2, Math.Min(failed, 20));
        return wait < settings.RetryMax ? wait : settings.RetryMax;
    }

    private TimeSpan Longer(TimeSpan asked, TimeSpan wait)
    {
        TimeSpan bounded = asked < settings.RetryAfterMax ? asked : settings.RetryAfterMax;
        return bounded > wait ? bounded : wait;
    }

    private void Count(CollateralRefusal refusal) => failures.AddOrUpdate(refusal, 1, (_, count) => count + 1);

    private sealed class Kept
    {
        private volatile Collateral? held;

        public Collateral? Held => held;

        public Task Running { get; set; } = Task.CompletedTask;

        public TaskCompletionSource Arrived { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Drop() => held = null;

        public void Hold(Collateral collateral)
        {
            held = collateral;
            Arrived.TrySetResult();
        }
    }
}
