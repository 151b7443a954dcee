using Curia.Endpoints;

namespace Curia.Node;

/// <summary>What a node answers when it is not itself the one to ask.</summary>
public static class NodeResponses
{
    /// <summary>An election is under way: nobody orders just now.</summary>
    public static Response NoPrimary { get; } = Response
        .Error(503, "NoPrimary", "The nodes are electing a primary; try again in a second.").With("Retry-After", "1");

    /// <summary>A majority answers, and the diversity rule asks for more: nobody orders, because nobody could commit.
    /// </summary>
    /// <param name="lack">What is missing.</param>
    internal static Response DiversityNotMet(string lack) => Response
        .Error(503, "DiversityNotMet", $"Nothing can commit by the diversity rule: {lack}.").With("Retry-After", "1");
}
