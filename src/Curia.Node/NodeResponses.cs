using Curia.Endpoints;

namespace Curia.Node;

/// <summary>What a node answers when it is not itself the one to ask.</summary>
public static class NodeResponses
{
    /// <summary>An election is under way: nobody orders just now.</summary>
    public static Response NoPrimary { get; } = Response
        .Error(503, "NoPrimary", "The nodes are electing a primary; try again in a second.").With("Retry-After", "1");

    /// <summary>The node could not show that it still is the primary, so it does not tell what it has read.</summary>
    public static Response ReadNotConfirmed { get; } = Response
        .Error(503, "ReadNotConfirmed", "The node could not show in time that it still is the primary; what it has "
            + "read may be old. Nothing was written: send the request again.")
        .With("Retry-After", "1");

    /// <summary>A majority answers, and the diversity rule asks for more: nobody orders, because nobody could commit.
    /// </summary>
    /// <param name="lack">What is missing.</param>
    internal static Response DiversityNotMet(string lack) => Response
        .Error(503, "DiversityNotMet", $"Nothing can commit by the diversity rule: {lack}.").With("Retry-After", "1");

    /// <summary>503: members have let this node go, and it hears nothing of the network any more.</summary>
    public static readonly Response Retired = Response.Error(503, "NodeRetired",
        "This node has left the network for good. Ask another one; its process may end.");
}
