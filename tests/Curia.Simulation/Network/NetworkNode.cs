using System;
using System.Collections.Generic;
using Curia.Endpoints;
using Curia.Node;
using Curia.Node.Peers;

namespace Curia.Simulation.Network;

/// <summary>The real node as a network of them is driven. A mutant overrides what it breaks.</summary>
internal class NetworkNode(CuriaNode node, NetworkWorld world) : IDisposable
{
    protected NetworkWorld World => world;

    public virtual NodeView View => node.View;

    public virtual Execution Execute(Request request) => node.Execute(request);

    // The node uses its list again at the next step.
    public virtual IReadOnlyList<Effect> Step(Input input) => [.. node.Step(input).InOrder];

    public virtual bool TryRead(ReadOnlyMemory<byte> bytes, out PeerMessage? message, out MessageProblem? problem) =>
        node.TryRead(bytes, out message, out problem);

    public virtual void Dispose()
    {
        node.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>What is under test: real nodes in sound shells, or a mutant of one of them.</summary>
internal sealed record NetworkSubject
{
    public static NetworkSubject Real { get; } = new();

    public Func<CuriaNode, NetworkWorld, NetworkNode> Node { get; init; } = (node, world) => new(node, world);

    /// <summary>What a node that joins finds on an old disk counts up to the last block that is known as
    /// committed.</summary>
    public bool CutsAtCommitted { get; init; } = true;
}
