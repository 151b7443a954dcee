using Curia.Endpoints;

namespace Curia.Node;

/// <summary>What a node answers when it is not itself the one to ask.</summary>
public static class NodeResponses
{
    /// <summary>An election is under way: nobody orders just now.</summary>
    public static Response NoPrimary { get; } = Response
        .Error(503, "NoPrimary", "The nodes are electing a primary; try again in a second.").With("Retry-After", "1");
}
