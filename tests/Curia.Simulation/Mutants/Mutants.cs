using System;
using System.Collections.Generic;
using System.Globalization;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Node;

namespace Curia.Simulation;

/// <summary>A promise that is broken on purpose, and the rules one of which must notice.</summary>
internal sealed record Mutant(string Name, Func<Subject> Make, params string[] Rules);

/// <summary>The mutants. A checker that has caught none of them may be blind.</summary>
internal static class Mutants
{
    public static IReadOnlyList<Mutant> All { get; } = [.. OfDisk(), .. OfNode(), .. OfAnswers(), .. OfSetup()];

    private static IEnumerable<Mutant> OfDisk() =>
    [
        OnDisk("the disk acknowledges before it syncs", (c, b, s) => new NeverSyncs(c, b, s), Rules.CommitIsDurable),
        OnDisk("the disk loses synced bytes", (c, b, s) => new LosesSynced(c, b, s), Rules.AcknowledgedSurvives),
        OnDisk("a chunk has the name of another", (c, b, s) => new NamesWrongly(c, b, s), Rules.AuditPasses),
        OnDisk(
            "the disk changes synced bytes",
            (c, b, s) => new ChangesSynced(c, b, s),
            Rules.AuditPasses,
            Rules.AcknowledgedSurvives),
    ];

    private static IEnumerable<Mutant> OfNode() =>
    [
        OnNode("commit does not wait for the disk", node => new CommitsAtOnce(node), Rules.CommitIsDurable),
        OnNode("a failed sync is taken for done", node => new HidesFailure(node), Rules.FailedStoreStops),
        OnNode("committed goes back", node => new GoesBack(node), Rules.CommitGrows),
        OnNode("a block is sealed twice", node => new SealsTwice(node), Rules.NoncesAreUsedOnce),
        OnNode("a request body leaves in clear", node => new Leaks(node), Rules.PrivateIsSealed),
        OnNode(
            "an entry is changed behind its signature",
            node => new ChangesBlock(node, ChangesBlock.LastByteOfFirstEntry),
            Rules.BlocksAreSigned),
        OnNode(
            "the service signature is wrong",
            node => new ChangesBlock(node, ChangesBlock.WithinServiceSignature),
            Rules.BlocksAreSigned),
        OnNode(
            "the node signature is wrong",
            node => new ChangesBlock(node, ChangesBlock.WithinNodeSignature),
            Rules.BlocksAreSigned),
        OnNode("a snapshot has a wrong receipt", node => new ChangesSnapshot(node), Rules.SnapshotsHoldTheState),
    ];

    private static IEnumerable<Mutant> OfAnswers() =>
    [
        OnNode("a waiting client is answered when ordered", node => new AnswersEarly(node), Rules.StatusesAreFinal),
        OnNode("pending is called committed", node => new CallsPendingCommitted(node), Rules.StatusesAreFinal),
        OnNode("a client is never told of commit", node => new NeverFinishes(node), Rules.EverythingEnds),
        OnNode("a receipt is changed", node => new ChangesAnswer(node, "/app/receipt"), Rules.ReceiptsVerify),
        OnNode("history is changed", node => new ChangesAnswer(node, "/app/historical"), Rules.HistoryIsTrue),
        OnNode("a read is changed", node => new ChangesAnswer(node, "/app/list"), Rules.StateIsSerial),
    ];

    private static IEnumerable<Mutant> OfSetup() =>
    [
        OnSetup(
            "an update is lost",
            setup => setup with { Application = SimulationApp.Build(SimulationApp.Users, LostUpdate()) },
            Rules.StateIsSerial),
        OnSetup(
            "strangers are let in",
            setup => setup with { Application = SimulationApp.Build(AuthenticationPolicy.None, SimulationApp.Add) },
            Rules.NodeHolds),
        OnSetup(
            "a key does not come from the seed",
            setup => setup with { NewSigner = _ => new SeededSigner(new SystemEntropy()) },
            Rules.RunsRepeat),
    ];

    private static Mutant OnNode(string name, Func<NodeUnderTest, NodeUnderTest> mutate, params string[] rules) =>
        new(name, () => new Subject { Node = setup => mutate(new RealNode(setup)) }, rules);

    private static Mutant OnSetup(string name, Func<NodeSetup, NodeSetup> mutate, params string[] rules) =>
        new(name, () => new Subject { Node = setup => new RealNode(mutate(setup)) }, rules);

    private static Mutant OnDisk(string name, Func<int, long, Situations, VirtualDisk> disk, params string[] rules) =>
        new(name, () => new Subject { Disk = disk }, rules);

    // Remembers sums outside of the transaction, so that the store cannot see what they rest on.
    private static Func<Request, Transaction, Response> LostUpdate()
    {
        Map<ulong, ulong> counters = new(Maps.Counters, Codecs.UInt64, Codecs.UInt64);
        SortedDictionary<ulong, ulong> remembered = [];
        return (request, transaction) =>
        {
            request.Query.TryGetUInt64("key", out ulong key);
            request.Query.TryGetUInt64("amount", out ulong amount);
            ulong sum = remembered[key] = remembered.GetValueOrDefault(key) + amount;
            transaction.Map(counters).Put(key, sum);
            return Response.Text(sum.ToString(CultureInfo.InvariantCulture));
        };
    }
}
