using System;
using System.Collections.Generic;
using Curia.Endpoints;
using Curia.Node;

namespace Curia.Simulation;

/// <summary>The node as the simulation drives it. A mutant wraps one and breaks a promise of it.</summary>
internal abstract class NodeUnderTest : IDisposable
{
    public abstract NodeView View { get; }

    public abstract Execution Execute(Request request);

    public abstract IReadOnlyList<Effect> Step(Input input);

    public abstract void Dispose();
}

/// <summary>The real one.</summary>
internal sealed class RealNode(NodeSetup setup, LedgerReplay? replay) : NodeUnderTest
{
    private readonly CuriaNode node = new(setup, replay);

    public override NodeView View => node.View;

    public override Execution Execute(Request request) => node.Execute(request);

    // The node uses its list again at the next step.
    public override IReadOnlyList<Effect> Step(Input input) => [.. node.Step(input).InOrder];

    public override void Dispose() => node.Dispose();
}
