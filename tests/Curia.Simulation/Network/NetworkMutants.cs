using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Endpoints;
using Curia.Ledger;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Vocabulary;
using static System.FormattableString;

namespace Curia.Simulation.Network;

/// <summary>A promise between nodes that is broken on purpose, and the rules one of which must notice.</summary>
internal sealed record NetworkMutant(string Name, NetworkSubject Subject, params string[] Rules);

/// <summary>The mutants of networks.</summary>
internal static class NetworkMutants
{
    public static IReadOnlyList<NetworkMutant> All { get; } =
    [
        Of("secrets are given before the admission has committed", (node, world) => new GivesSecretsEarly(node, world),
            NetworkRules.SecretsAfterAdmission),
        Of("a backup does not verify blocks", (node, world) => new VerifiesNothing(node, world),
            NetworkRules.BadMessagesAreRefused, Rules.BlocksAreSigned),
        Of("a node acknowledges before it has stored", (node, world) => new AcknowledgesEarly(node, world),
            NetworkRules.CommitIsStored),
        Of("a seqno is sealed twice in a view", (node, world) => new SealsAgain(node, world),
            Rules.NoncesAreUsedOnce),
        Of("a body leaves in a message", (node, world) => new LeaksBody(node, world), Rules.PrivateIsSealed),
        Of("a status that may change is called final", (node, world) => new CallsUnknownInvalid(node, world),
            Rules.StatusesAreFinal),
        Of("a backup answers with an older state", (node, world) => new AnswersOld(node, world),
            NetworkRules.StatesAgree, Rules.StateIsSerial, NetworkRules.ReadsGoForward),
        Of("a linearisable read is answered without a round", (node, world) => new AsksForNoRound(node, world),
            NetworkRules.Linearizable),
        Of("a vote is given to who cannot open the ledger", (node, world) => new GivesVotesEarly(node, world),
            NetworkRules.VotersCanLead),
        Of("a node never asks for secrets again", (node, world) => new AsksOnce(node, world),
            NetworkRules.AllCatchUp, NetworkRules.GoesOnSoon, Rules.EverythingEnds),
        new NetworkMutant("a node that joins believes uncommitted files",
            new NetworkSubject { CutsAtCommitted = false }, NetworkRules.PrefixesAgree),
    ];

    // A mutant that shows in fewer than one of thirty runs would also get through a short run now and then.
    private const ulong SeedsMax = 30;

    /// <returns>After how many seeds it was caught and by which rule, null when it was not; and what other rules were
    /// broken.</returns>
    public static (string? Caught, string Others) Hunt(NetworkMutant mutant)
    {
        string others = "";
        for (ulong seed = 1; seed <= SeedsMax; seed++)
        {
            NetworkResult result = NetworkRun.Execute(seed, null, withFaults: true, mutant.Subject, Trace.LinesKept);
            if (result.Violation is not { } violation) continue;
            if (mutant.Rules.Contains(violation.Rule))
                return (Invariant($"caught after {seed} seeds: {violation.Rule}"), others);
            others += Invariant($"  seed {seed} broke another rule: {violation.Message}\n");
        }

        return (null, others);
    }

    private static NetworkMutant Of(
        string name, Func<CuriaNode, NetworkWorld, NetworkNode> make, params string[] rules) =>
        new(name, new NetworkSubject { Node = make }, rules);
}

internal sealed class GivesSecretsEarly(CuriaNode node, NetworkWorld world) : NetworkNode(node, world)
{
    private readonly HashSet<NodeId> given = [];
    private byte[]? secretsFile;

    public override IReadOnlyList<Effect> Step(Input input) => [.. base.Step(input).SelectMany(Change)];

    private IEnumerable<Effect> Change(Effect effect)
    {
        if (effect is Effect.StoreSecrets store) secretsFile = store.Bytes.ToArray();
        yield return effect;
        if (effect is not Effect.Peers others || secretsFile is null) yield break;
        foreach (NodeId id in others.Addresses.Keys.Where(id => id != View.NodeId && given.Add(id)))
        {
            SealedSecrets.TryOpen(secretsFile, Platform.SealingKey, out SealedSecrets? all);
            using (all) yield return new Effect.SendSecrets(id, all!.Export());
        }
    }
}

internal sealed class GivesVotesEarly(CuriaNode node, NetworkWorld world) : NetworkNode(node, world)
{
    public override IReadOnlyList<Effect> Step(Input input) => input is Input.Message { From: var from }
        ? [.. base.Step(new Input.Message(from, new PeerMessage.CanOpen())), .. base.Step(input)]
        : base.Step(input);
}

internal sealed class VerifiesNothing(CuriaNode node, NetworkWorld world) : NetworkNode(node, world)
{
    public override bool TryRead(
        ReadOnlyMemory<byte> bytes, out PeerMessage? message, out MessageProblem? problem)
    {
        bool isRead = PeerCodec.TryDecode(bytes, out message, out string reason);
        problem = isRead ? null : new MessageProblem(MessageProblem.Malformed, reason);
        return isRead;
    }
}

internal sealed class AcknowledgesEarly(CuriaNode node, NetworkWorld world) : NetworkNode(node, world)
{
    public override IReadOnlyList<Effect> Step(Input input)
    {
        List<Effect> all = [.. base.Step(input)];
        if (all.OfType<Effect.StoreBlock>().LastOrDefault() is { } last)
            all.AddRange(Step(new Input.Stored(last.Number)));
        return all;
    }
}

/// <summary>Hands a second block with the same seqnos to another node, as a primary would that sealed again after it
/// had thought better.</summary>
internal sealed class SealsAgain(CuriaNode node, NetworkWorld world) : NetworkNode(node, world)
{
    public override IReadOnlyList<Effect> Step(Input input)
    {
        IReadOnlyList<Effect> all = base.Step(input);
        foreach (Effect.StoreBlock store in all.OfType<Effect.StoreBlock>())
        {
            bool isOwn = Block.TryDecode(store.Bytes, out Block? block) && block.NodeId == View.NodeId;
            if (store.First.Value < 50 || !isOwn) continue;
            World.Book.Look(store.Bytes);
            byte[] again = store.Bytes.ToArray();
            again[Block.HeaderSize + block!.Entries[0].Bytes.Length - 1] ^= 1;
            World.Book.Look(again);
        }

        return all;
    }
}

internal sealed class LeaksBody(CuriaNode node, NetworkWorld world) : NetworkNode(node, world)
{
    private byte[] body = [];

    public override Execution Execute(Request request)
    {
        if (request.Body.Span.StartsWith("private-"u8)) body = request.Body.ToArray();
        return base.Execute(request);
    }

    public override IReadOnlyList<Effect> Step(Input input) =>
    [
        .. base.Step(input).Select(effect => effect is Effect.Send send
            ? send with { Message = send.Message with { Header = (byte[])[.. send.Message.Header.Span, .. body] } }
            : effect),
    ];
}

internal sealed class CallsUnknownInvalid(CuriaNode node, NetworkWorld world) : NetworkNode(node, world)
{
    public override Execution Execute(Request request)
    {
        Execution execution = base.Execute(request);
        if (request.Path != "/app/tx" || execution is not Execution.Answered answered) return execution;
        string body = Encoding.UTF8.GetString(answered.Response.Body.Span);
        body = body.Replace("Unknown", "Invalid", StringComparison.Ordinal);
        return answered with { Response = Response.Bytes(Encoding.UTF8.GetBytes(body), Response.JsonContentType) };
    }
}

/// <summary>Keeps an answer and gives it for the states to come too.</summary>
internal sealed class AnswersOld(CuriaNode node, NetworkWorld world) : NetworkNode(node, world)
{
    private Response? kept;

    public override Execution Execute(Request request)
    {
        Execution execution = base.Execute(request);
        if (request.Path != "/app/list" || execution is not Execution.Answered answered) return execution;
        kept ??= answered.Response;
        return answered with { Response = kept };
    }
}

/// <summary>Answers a linearisable read when what was read has committed, and asks nobody whether it still is the
/// primary.</summary>
internal sealed class AsksForNoRound(CuriaNode node, NetworkWorld world) : NetworkNode(node, world)
{
    public override IReadOnlyList<Effect> Step(Input input) => base.Step(
        input is Input.Confirm confirm ? new Input.Await(confirm.Ticket, confirm.Read.TxId) : input);
}

/// <summary>Drops every question for secrets.</summary>
internal sealed class AsksOnce(CuriaNode node, NetworkWorld world) : NetworkNode(node, world)
{
    public override IReadOnlyList<Effect> Step(Input input) =>
        World.Agenda.Now > 3_000_000 && input is Input.Message { Content: PeerMessage.AskForSecrets }
            ? []
            : base.Step(input);
}
