namespace Curia.Tests.Peers;

/// <summary>Tests of the transport over real sockets and the machine's clock. They run when no other test does: a node
/// that is silent and a node whose machine is busy look the same to its peer.</summary>
[CollectionDefinition(nameof(RealTime), DisableParallelization = true)]
public sealed class RealTime;
