using System;
using System.Collections.Generic;
using System.Globalization;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>A promise that is broken on purpose, and the rules one of which must notice.</summary>
internal sealed record Mutant(string Name, Func<Subject> Make, params string[] Rules);

/// <summary>The mutants. A checker that has caught none of them may be blind.</summary>
internal static class Mutants
{
    public static IReadOnlyList<Mutant> All { get; } =
        [.. OfDisk(), .. OfShell(), .. OfNode(), .. OfAnswers(), .. OfSetup(), .. OfEpochs()];

    private static IEnumerable<Mutant> OfDisk() =>
    [
        OnDisk("the disk acknowledges before it syncs", s => new NeverSyncs(s), Rules.CommitIsDurable),
        OnDisk(
            "the disk loses synced bytes",
            s => new LosesSynced(s),
            Rules.AcknowledgedSurvives,
            Rules.AuditPasses,
            Rules.GoesOn),
        OnDisk("a chunk has the name of another", s => new NamesWrongly(s), Rules.GoesOn),
        OnDisk("the disk changes synced bytes", s => new ChangesSynced(s), Rules.GoesOn),
    ];

    private static IEnumerable<Mutant> OfShell() =>
    [
        OnShell("secrets are sealed after the first block", new() { SealsFirst = false }, Rules.GoesOn),
        OnShell("secrets of the epoch before go too early", new() { KeepsOlderSecrets = false }, Rules.GoesOn),
        OnShell("secrets go before their blocks do", new() { KeepsSecretsOfBlocks = false }, Rules.GoesOn),
        OnShell(
            "a cache that a failed sync left is believed",
            new() { WritesAnew = false },
            Rules.AcknowledgedSurvives,
            Rules.AuditPasses,
            Rules.CommitIsDurable,
            Rules.GoesOn),
        OnShell("a torn tail is not cut off", new() { CutsTail = false }, Rules.AuditPasses),
        OnShell(
            "a whole block is cut off",
            new() { CutsTooMuch = true },
            Rules.AcknowledgedSurvives,
            Rules.AuditPasses,
            Rules.GoesOn),
    ];

    private static IEnumerable<Mutant> OfEpochs() =>
    [
        OnEpoch("an epoch begins one view later, not two", 1, false),
        OnEpoch("an epoch is endorsed for another TxID", 0, true),
        OnNode("the secrets of older epochs are not sealed", node => new SealsOnlyItsOwn(node), Rules.SecretsAreSealed),
        OnNode("a ledger secret leaves in clear", node => new LeaksSecret(node), Rules.PrivateIsSealed),
        OnNode(
            "statuses are lost at a restart",
            node => new ForgetsOlderEpochs(node, TransactionStatus.Unknown),
            Rules.StatusesAreFinal),
        OnNode(
            "what a crash has taken is told as committed",
            node => new ForgetsOlderEpochs(node, TransactionStatus.Committed),
            Rules.StatusesAreFinal),
        OnNode("receipts lack their endorsements", node => new DropsEndorsements(node), Rules.ReceiptsVerify),
        OnSetup(
            "a process seals for another machine",
            setup => setup with { SealingKey = Platform.OtherSealingKey },
            Rules.SecretsAreSealed),
        OnSetup(
            "every process has the same node key",
            setup => setup with { NodeKey = new SeededSigner(new SeededEntropy(7)) },
            Rules.IdentitiesAreNew),
        OnSetup(
            "every process has the same service key",
            setup => setup with { NewSigner = _ => new SeededSigner(new SeededEntropy(7)) },
            Rules.IdentitiesAreNew),
        OnSetup(
            "every process has the same ledger secret",
            setup => setup with { Entropy = new SameSecret(setup.Entropy) },
            Rules.IdentitiesAreNew),
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
        new(name, () => new Subject { Node = (setup, replay) => mutate(new RealNode(setup, replay)) }, rules);

    private static Mutant OnSetup(string name, Func<NodeSetup, NodeSetup> mutate, params string[] rules) =>
        new(name, () => new Subject { Node = (setup, replay) => new RealNode(mutate(setup), replay) }, rules);

    private static Mutant OnShell(string name, ShellHabits habits, params string[] rules) =>
        new(name, () => new Subject { Shell = habits }, rules);

    private static Mutant OnEpoch(string name, ulong viewsBack, bool endorsesAnother) => new(
        name,
        () => new Subject
        {
            Node = (setup, replay) =>
            {
                EpochMaterial material = EpochMaterial.Of(setup);
                return new OpensWrongly(new RealNode(material.Setup, replay), material, viewsBack, endorsesAnother);
            },
        },
        Rules.EpochsChain);

    private static Mutant OnDisk(string name, Func<Situations, VirtualDisk> disk, params string[] rules) =>
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
