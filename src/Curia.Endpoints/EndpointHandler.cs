using System;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Endpoints;

/// <summary>What an endpoint does, by the kind of transaction it gets. Handlers are synchronous and run on any thread;
/// the node runs one again, on newer state, when its transaction conflicts with another.</summary>
public abstract record EndpointHandler
{
    private EndpointHandler()
    {
    }

    /// <summary>Reads the newest state of the node that was asked.</summary>
    /// <param name="Run">Answers; has nothing to write with.</param>
    public sealed record ReadOnly(Func<Request, ReadOnlyTransaction, Response> Run) : EndpointHandler;

    /// <summary>Reads and writes. The writes are applied when the response is a success.</summary>
    /// <param name="Run">Answers; may run several times for one request, so it keeps nothing outside the
    /// transaction.</param>
    public sealed record ReadWrite(Func<Request, Transaction, Response> Run) : EndpointHandler;

    /// <summary>Reads one committed transaction of the past.</summary>
    /// <param name="Locate">Says which one. Cheap: it is asked again each time a client polls.</param>
    /// <param name="Run">Answers, when the transaction has been loaded and verified.</param>
    public sealed record Historical(
        Func<Request, HistoricalPosition> Locate, Func<Request, HistoricalTransaction, Response> Run) : EndpointHandler;
}

/// <summary>Which transaction of the past a request is about.</summary>
public abstract record HistoricalPosition
{
    private HistoricalPosition()
    {
    }

    /// <summary>The one at this position.</summary>
    /// <param name="SeqNo">From 1 on; whether it is committed is for the node to say.</param>
    public sealed record At(SeqNo SeqNo) : HistoricalPosition;

    /// <summary>None: the request is wrong.</summary>
    /// <param name="Response">What to answer.</param>
    public sealed record Refused(Response Response) : HistoricalPosition;
}
