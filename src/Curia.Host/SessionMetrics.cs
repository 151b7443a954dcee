using System.Collections.Generic;
using System.Linq;
using Curia.Endpoints;

namespace Curia.Host;

/// <summary>GET /node/metrics: the sessions of each listener, in CCF's shape.</summary>
internal sealed class SessionMetrics
{
    private readonly IReadOnlyList<ListenerSessions> listeners;

    /// <summary>Reads the counters of these listeners at each request.</summary>
    public SessionMetrics(IReadOnlyList<ListenerSessions> listeners) => this.listeners = listeners;

    /// <summary>The counters now.</summary>
    public Response Respond() => Response.Json(new Body(new Sessions(
        listeners.Sum(listener => listener.Active),
        listeners.Sum(listener => listener.Peak),
        listeners.ToDictionary(listener => listener.Configuration.Name, Describe))));

    private static Interface Describe(ListenerSessions listener) => new(
        listener.Active, listener.Peak, listener.Configuration.SessionsMax, listener.HardCap,
        new Errors(listener.ParsingErrors, listener.BodiesTooLarge, listener.HeadersTooLarge));

    private sealed record Body(Sessions Sessions);

    private sealed record Sessions(long Active, long Peak, Dictionary<string, Interface> Interfaces);

    private sealed record Interface(
        long Active, long Peak, int SoftCap,
        int HardCap, Errors Errors);

    private sealed record Errors(
        long Parsing, long RequestPayloadTooLarge,
        long RequestHeaderTooLarge);
}
