using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Lines of the trace that a person can follow.</summary>
internal static class CoreDescribe
{
    public static string Of(ReplicaInput input) => input switch
    {
        ReplicaInput.Propose propose => $"> propose {Of(propose.Block)}",
        ReplicaInput.Receive receive => $"> from n{CoreIds.NumberOf(receive.From)} {Of(receive.Message)}",
        ReplicaInput.Stored stored => $"> stored {stored.Number}",
        ReplicaInput.SnapshotMade made => $"> snapshot made of {made.Snapshot.At}",
        ReplicaInput.SnapshotInstalled installed => $"> snapshot installed of {installed.At}",
        ReplicaInput.SnapshotRefused refused => $"> snapshot refused of {refused.At}",
        _ => $"> {input.GetType().Name}",
    };

    public static string Of(ReplicaEffect effect) => effect switch
    {
        ReplicaEffect.Store store => $"< store {store.Number}: {Of(store.Block)}",
        ReplicaEffect.Truncate truncate => $"< truncate after {truncate.After}",
        ReplicaEffect.Send send => $"< to n{CoreIds.NumberOf(send.To)} {Of(send.Message)}",
        ReplicaEffect.Committed committed => $"< committed {committed.TxId}",
        ReplicaEffect.RoleChanged changed =>
            $"< {changed.Role} in view {changed.View}, primary {Of(changed.Primary)}",
        ReplicaEffect.Refused refused => $"< refused {refused.Block.LastTxId}: {refused.Reason}",
        ReplicaEffect.Ignored ignored => $"< ignored n{CoreIds.NumberOf(ignored.From)}: {ignored.Reason}",
        ReplicaEffect.Confirmed confirmed => $"< confirmed {confirmed.Round}",
        ReplicaEffect.KeepChunk keep => $"< keep chunk {keep.Chunk} of {keep.Snapshot.At}",
        ReplicaEffect.InstallSnapshot install => $"< install snapshot of {install.Snapshot.At}",
        ReplicaEffect.Recall recall =>
            $"< recall for n{CoreIds.NumberOf(recall.Node)} what follows {recall.NotAfter}",
        _ => $"< {effect.GetType().Name}",
    };

    public static string Of(Configuration configuration) =>
        $"[{string.Join(' ', configuration.Voters.Select(CoreIds.NumberOf))} | "
        + $"{string.Join(' ', configuration.Learners.Select(CoreIds.NumberOf))}"
        + $"{(configuration.Rule.IsStricterThanMajority
            ? $" | {configuration.Rule.Platforms} platforms {configuration.Rule.Operators} operators" : "")}]";

    private static string Of(NodeId? node) => node is { } known ? $"n{CoreIds.NumberOf(known)}" : "unknown";

    private static string Of(BlockInfo block) =>
        $"{block.First}-{block.LastTxId}{(block.Configuration is { } made ? $" with {Of(made)}" : "")}";

    public static string Of(ReplicaMessage message) => message switch
    {
        ReplicaMessage.Append append =>
            $"Append v{append.View} after {append.Previous}: {string.Join(", ", append.Blocks.Select(Of))}"
            + $" committed {append.Committed} round {append.Round}",
        ReplicaMessage.Appended appended => $"Appended v{appended.View} {appended.Matched} round {appended.Round}",
        ReplicaMessage.NotAppended refused => $"NotAppended v{refused.View} {refused.Refused} hint {refused.Hint}",
        ReplicaMessage.VoteRequest request =>
            $"VoteRequest v{request.View}{(request.IsPreVote ? " pre" : "")} last {request.Last}",
        ReplicaMessage.Vote vote =>
            $"Vote v{vote.View}{(vote.IsPreVote ? " pre" : "")} {(vote.IsGranted ? "granted" : "refused")}",
        ReplicaMessage.SnapshotChunk chunk => $"SnapshotChunk v{chunk.View} {chunk.Chunk} of {chunk.Snapshot.At}",
        ReplicaMessage.SnapshotProgress progress => $"SnapshotProgress v{progress.View} {progress.At} {progress.Next}",
        _ => $"{message.GetType().Name} v{message.View}",
    };
}
