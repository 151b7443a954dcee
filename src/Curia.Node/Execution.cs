using System.Collections.Generic;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>What became of a request on a worker thread.</summary>
public abstract record Execution
{
    private Execution()
    {
    }

    /// <summary>Where the request went, for metrics: the endpoint's path template with its prefix, or
    /// <see cref="NoRoute"/>.</summary>
    public required string Route { get; init; }

    /// <summary>The route of a request that met no endpoint.</summary>
    public const string NoRoute = "none";

    /// <summary>The answer is ready: it wrote nothing.</summary>
    /// <param name="Response">The answer.</param>
    /// <param name="TxId">The version that it was read from, or null when nothing was.</param>
    public sealed record Answered(Response Response, TxId? TxId) : Execution
    {
        /// <summary>What the node should do besides, or null: for example load a block.</summary>
        public Input? FollowUp { get; init; }
    }

    /// <summary>Only the primary answers this, and this node is not it. Nothing was executed here.</summary>
    public sealed record Elsewhere : Execution
    {
        /// <summary>Where clients find the primary, <c>host:port</c>, in the order of its listeners, for an endpoint
        /// that sends them there; null when the request is to be handed over.</summary>
        public IReadOnlyList<string>? Addresses { get; init; }
    }

    /// <summary>The answer is ready and may be given once <see cref="Input.Confirm"/> is answered with a
    /// commit.</summary>
    /// <param name="Response">The answer.</param>
    /// <param name="TxId">The version that it was read from.</param>
    /// <param name="View">The view of which this node was the primary before it read.</param>
    public sealed record Unconfirmed(Response Response, TxId TxId, View View) : Execution;

    /// <summary>The transaction wrote something and wants its place in the order; the answer holds if it gets
    /// one.</summary>
    /// <param name="Transaction">What it read and wrote.</param>
    /// <param name="Response">The answer, once ordered.</param>
    public sealed record Proposed(Transaction Transaction, Response Response) : Execution
    {
        /// <summary>Under what the reply is kept; null when the request asked for nothing of the kind.</summary>
        internal IdempotentRequest? Idempotent { get; init; }
    }
}
