using System;
using System.Linq;
using Curia.Consensus;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>Lines of the trace of a network. What happens at every tick has none.</summary>
internal static class NetworkDescribe
{
    public static string? Of(Input input) => input switch
    {
        Input.Tick => null,
        Input.Message { Content: PeerMessage.Consensus consensus } message =>
            $"{Short(message.From)}: {Of(consensus)}",
        Input.Message message => $"{Short(message.From)}: {message.Content.GetType().Name}",
        Input.StateLoaded => "state loaded",
        _ => Describe.Of(input)[2..],
    };

    public static string? Of(Effect effect) => effect switch
    {
        Effect.Send send => $"send {Short(send.To)} kind {send.Message.Header.Span[1]}"
            + (send.Message.Blocks.Count > 0 ? $", blocks from {send.Message.Blocks[0].First}" : ""),
        Effect.SendSecrets send => $"send secrets {Short(send.To)}",
        Effect.Peers others => "nodes " + string.Join(" ", others.Addresses.Values.Order(StringComparer.Ordinal)),
        Effect.LoadState load => $"load state up to {load.Last}",
        _ => Describe.Of(effect)[4..],
    };

    public static string Short(NodeId id) => id.ToString()[..6];

    private static string Of(PeerMessage.Consensus consensus) => consensus.Message switch
    {
        ReplicaMessage.Append append =>
            $"append view {append.View} after {append.Previous} committed {append.Committed}"
            + (consensus.Blocks.Count > 0
                ? $" blocks {consensus.Blocks[0].Block.First} to {consensus.Blocks[^1].Block.Last}"
                : ""),
        ReplicaMessage.Appended appended => $"appended view {appended.View} {appended.Matched}",
        ReplicaMessage.NotAppended refused =>
            $"not appended view {refused.View} {refused.Refused} hint {refused.Hint}",
        ReplicaMessage.VoteRequest request =>
            $"{(request.IsPreVote ? "pre-vote" : "vote")}? view {request.View} last {request.Last}",
        ReplicaMessage.Vote vote =>
            $"{(vote.IsPreVote ? "pre-vote" : "vote")} view {vote.View} {(vote.IsGranted ? "yes" : "no")}",
        _ => $"{consensus.Message.GetType().Name} view {consensus.Message.View}",
    };
}
