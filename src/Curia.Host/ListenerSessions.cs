using System;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Curia.Host;

/// <summary>The open connections of one listener: counted, and refused when they are too many.</summary>
/// <remarks>As in CCF there are two caps: connections above the first get a readable 503, those above the second are
/// closed before TLS spends anything on them.</remarks>
internal sealed class ListenerSessions
{
    private long active;
    private long peak;
    private long refused;
    private long parsingErrors;
    private long headersTooLarge;
    private long bodiesTooLarge;

    /// <summary>Nobody is connected yet.</summary>
    /// <param name="configuration">The listener.</param>
    /// <param name="place">Which of the node's listeners it is, from 0.</param>
    public ListenerSessions(ListenerConfiguration configuration, int place)
    {
        Configuration = configuration;
        Place = place;
        HardCap = configuration.SessionsMax + Math.Max(10, configuration.SessionsMax / 100);
    }

    /// <summary>The listener.</summary>
    public ListenerConfiguration Configuration { get; }

    /// <summary>Which of the node's listeners it is, from 0, and so which of its published addresses is its
    /// own.</summary>
    public int Place { get; }

    /// <summary>Connections above this number are closed at once.</summary>
    public int HardCap { get; }

    /// <summary>Connections open now.</summary>
    public long Active => Interlocked.Read(ref active);

    /// <summary>The most connections that were ever open at a time.</summary>
    public long Peak => Interlocked.Read(ref peak);

    /// <summary>Connections that were closed at once.</summary>
    public long Refused => Interlocked.Read(ref refused);

    /// <summary>Requests that were not HTTP.</summary>
    public long ParsingErrors => Interlocked.Read(ref parsingErrors);

    /// <summary>Requests whose header was above the limit.</summary>
    public long HeadersTooLarge => Interlocked.Read(ref headersTooLarge);

    /// <summary>Requests whose body was above the limit.</summary>
    public long BodiesTooLarge => Interlocked.Read(ref bodiesTooLarge);

    /// <summary>Whether this listener answers a path. A path outside all areas is the application's (DESIGN
    /// 7).</summary>
    public bool Serves(ReadOnlySpan<char> path)
    {
        bool ofApplication = !IsBelow(path, "/app") && !IsBelow(path, "/node") && !IsBelow(path, "/gov")
            && !IsBelow(path, "/metrics");
        for (int i = 0; i < Configuration.Serves.Count; i++)
        {
            string prefix = Configuration.Serves[i];
            if (IsBelow(path, prefix) || (ofApplication && IsBelowApplication(path, prefix))) return true;
        }

        return false;
    }

    /// <summary>Counts a refused request by its status.</summary>
    public void CountError(int status)
    {
        switch (status)
        {
            case 408 or 503: break; // nothing is wrong with the message
            case 413: Interlocked.Increment(ref bodiesTooLarge); break;
            case 431: Interlocked.Increment(ref headersTooLarge); break;
            default: Interlocked.Increment(ref parsingErrors); break;
        }
    }

    /// <summary>The first step of each connection, before TLS.</summary>
    public ConnectionDelegate Admit(ConnectionDelegate next) => connection => AdmitAsync(connection, next);

    private async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        long now = Interlocked.Increment(ref active);
        try
        {
            if (now > HardCap)
            {
                Interlocked.Increment(ref refused);
                return; // closes it
            }

            RaisePeak(now);
            connection.Features.Set(new ListenerSession(this, isExcess: now > Configuration.SessionsMax));
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref active);
        }
    }

    private void RaisePeak(long now)
    {
        long seen = Peak;
        while (now > seen)
        {
            long before = Interlocked.CompareExchange(ref peak, now, seen);
            if (before == seen) return;
            seen = before;
        }
    }

    private static bool IsBelow(ReadOnlySpan<char> path, ReadOnlySpan<char> prefix) =>
        path.StartsWith(prefix, StringComparison.Ordinal)
            && (path.Length == prefix.Length || path[prefix.Length] == '/');

    // "/app/log" serves "/log/private" as well; "/app" serves whatever has no area.
    private static bool IsBelowApplication(ReadOnlySpan<char> path, string prefix) =>
        prefix == "/app" || (prefix.StartsWith("/app/", StringComparison.Ordinal) && IsBelow(path, prefix.AsSpan(4)));
}

/// <summary>One connection, as its requests see it.</summary>
internal sealed class ListenerSession
{
    private readonly Lock gate = new();
    private byte[]? clientCertificate;
    private TxId lastSeen;

    /// <summary>A connection that was admitted.</summary>
    /// <param name="listener">Where it came in.</param>
    /// <param name="isExcess">Whether it is one too many, and gets 503 for an answer.</param>
    public ListenerSession(ListenerSessions listener, bool isExcess)
    {
        Listener = listener;
        IsExcess = isExcess;
    }

    /// <summary>Where it came in.</summary>
    public ListenerSessions Listener { get; }

    /// <summary>Whether it is one too many, and gets 503 for an answer.</summary>
    public bool IsExcess { get; }

    /// <summary>Whether TLS began before there was a service: its client cannot know whom it talks to, and learns how
    /// far the founding is, and nothing else.</summary>
    public bool IsEarly { get; set; }

    /// <summary>The newest transaction that its client has been told of: whatever it reads after that includes it, on
    /// this node or on one that it was forwarded to.</summary>
    public TxId LastSeen
    {
        get
        {
            lock (gate) return lastSeen;
        }
    }

    /// <summary>Its client is told of a transaction.</summary>
    public void See(TxId txId)
    {
        lock (gate)
        {
            if (txId > lastSeen) lastSeen = txId;
        }
    }

    /// <summary>The certificate whose key the client proved to hold, DER; empty when it showed none. Nothing else is
    /// known of it: who that is, is looked up in the ledger at each request, so that a removal counts at
    /// once.</summary>
    public ReadOnlyMemory<byte> ClientCertificate(IFeatureCollection features) =>
        clientCertificate ??= features.Get<ITlsConnectionFeature>()?.ClientCertificate?.RawData ?? [];
}
