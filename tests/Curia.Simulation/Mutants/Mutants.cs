using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>A promise that is broken on purpose, and the rule whose checker must notice.</summary>
internal sealed record Mutant(string Name, string Rule, Func<Subject> Make);

/// <summary>The mutants. A checker that has caught none of them may be blind.</summary>
internal static class Mutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        OnDisk("the disk acknowledges before it syncs", Rules.CommitIsDurable, (c, b, s) => new NeverSyncs(c, b, s)),
        OnDisk("the disk loses synced bytes", Rules.AcknowledgedSurvives, (c, b, s) => new LosesSynced(c, b, s)),
        OnDisk("the disk changes a synced byte", Rules.AuditPasses, (c, b, s) => new ChangesSynced(c, b, s), Rules.AcknowledgedSurvives),
        OnNode("commit does not wait for the disk", Rules.CommitIsDurable, node => new CommitsAtOnce(node)),
        OnNode("a failed sync is taken for done", Rules.FailedStoreStops, node => new HidesFailure(node)),
        OnNode("a waiting client is answered when ordered", Rules.StatusesAreFinal, node => new AnswersEarly(node)),
        OnNode("a pending transaction is called committed", Rules.StatusesAreFinal, node => new CallsPendingCommitted(node)),
        OnNode("committed goes back", Rules.CommitGrows, node => new GoesBack(node)),
        OnNode("a block is sealed twice", Rules.NoncesAreUsedOnce, node => new SealsTwice(node)),
        OnNode("a request body leaves in clear", Rules.PrivateIsSealed, node => new Leaks(node)),
        OnNode("an entry is changed behind its signature", Rules.BlocksAreSigned, node => new ChangesEntry(node)),
        OnNode("the service signature is wrong", Rules.BlocksAreSigned, node => new ChangesSignature(node)),
        OnNode("a receipt is changed", Rules.ReceiptsVerify, node => new ChangesAnswer(node, "/app/receipt")),
        OnNode("history is changed", Rules.HistoryIsTrue, node => new ChangesAnswer(node, "/app/historical")),
        OnNode("a read is changed", Rules.StateIsSerial, node => new ChangesAnswer(node, "/app/list")),
        OnNode("a snapshot has a wrong receipt", Rules.SnapshotsHoldTheState, node => new ChangesSnapshot(node)),
        OnNode("a client is never told of commit", Rules.EverythingEnds, node => new NeverFinishes(node)),
        new("an update is lost", Rules.StateIsSerial, () => WithApplication(SimulationApp.Build(AuthenticationPolicy.UserCertificate, LostUpdate()))),
        new("strangers are let in", Rules.NodeHolds, () => WithApplication(SimulationApp.Build(AuthenticationPolicy.None, SimulationApp.Add))),
        new("randomness does not come from the seed", Rules.RunsRepeat, () => new Subject
        {
            Node = setup => new RealNode(setup with { NewSigner = _ => new SeededSigner(new SystemEntropy()) }),
        }),
    ];

    private static Mutant OnNode(string name, string rule, Func<NodeUnderTest, NodeUnderTest> mutate) =>
        new(name, rule, () => new Subject { Node = setup => mutate(new RealNode(setup)) });

    private static Mutant OnDisk(string name, string rule, Func<int, long, Situations, VirtualDisk> disk, string? or = null) =>
        new(name, or is null ? rule : $"{rule}|{or}", () => new Subject { Disk = disk });

    private static Subject WithApplication(EndpointTable application) =>
        new() { Node = setup => new RealNode(setup with { Application = application }) };

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
            return Response.Text(sum.ToString(System.Globalization.CultureInfo.InvariantCulture));
        };
    }

    private sealed class NeverSyncs(int chunkBytes, long capacityBytes, Situations situations)
        : VirtualDisk(chunkBytes, capacityBytes, situations)
    {
        public override void Sync()
        {
        }
    }

    private sealed class LosesSynced(int chunkBytes, long capacityBytes, Situations situations)
        : VirtualDisk(chunkBytes, capacityBytes, situations)
    {
        public override void Crash(SeededRandom random)
        {
            Files[^1].Cut(LedgerChunk.HeaderSize);
            base.Crash(random);
        }
    }

    private sealed class ChangesSynced(int chunkBytes, long capacityBytes, Situations situations)
        : VirtualDisk(chunkBytes, capacityBytes, situations)
    {
        public override void Crash(SeededRandom random)
        {
            VirtualFile file = random.Pick(Files);
            file.Overwrite(random.Below(Math.Max(1, file.SyncedLength)), 0xA5);
            base.Crash(random);
        }
    }

    private abstract class Wrapper(NodeUnderTest node) : NodeUnderTest
    {
        public override NodeView View => node.View;

        public override Execution Execute(Request request) => node.Execute(request);

        public override IReadOnlyList<Effect> Step(Input input) => [.. node.Step(input).SelectMany(Change)];

        public override void Dispose() => node.Dispose();

        protected virtual IEnumerable<Effect> Change(Effect effect) => [effect];
    }

    private sealed class CommitsAtOnce(NodeUnderTest node) : Wrapper(node)
    {
        private readonly NodeUnderTest node = node;

        protected override IEnumerable<Effect> Change(Effect effect) =>
            effect is Effect.StoreBlock store ? [effect, .. node.Step(new Input.Stored(store.Last)).SelectMany(Change)] : [effect];
    }

    private sealed class HidesFailure(NodeUnderTest node) : Wrapper(node)
    {
        private SeqNo asked;

        public override IReadOnlyList<Effect> Step(Input input) =>
            base.Step(input is Input.StoreFailed ? new Input.Stored(asked) : input);

        protected override IEnumerable<Effect> Change(Effect effect)
        {
            if (effect is Effect.StoreBlock store) asked = store.Last;
            return [effect];
        }
    }

    private sealed class AnswersEarly(NodeUnderTest node) : Wrapper(node)
    {
        private bool waits;

        public override IReadOnlyList<Effect> Step(Input input)
        {
            waits = input is Input.Submit { WaitForCommit: true };
            return base.Step(input);
        }

        protected override IEnumerable<Effect> Change(Effect effect) =>
            waits && effect is Effect.Reply { Answer: Answer.Ordered ordered } reply
                ? [effect, reply with { Answer = new Answer.Finished(ordered.TxId, TransactionStatus.Committed) }]
                : [effect];
    }

    private sealed class CallsPendingCommitted(NodeUnderTest node) : Wrapper(node)
    {
        public override Execution Execute(Request request)
        {
            Execution execution = base.Execute(request);
            if (request.Path != "/app/tx" || execution is not Execution.Answered answered) return execution;
            string body = Encoding.UTF8.GetString(answered.Response.Body.Span).Replace("Pending", "Committed", StringComparison.Ordinal);
            return answered with { Response = Response.Bytes(Encoding.UTF8.GetBytes(body), Response.JsonContentType) };
        }
    }

    private sealed class GoesBack(NodeUnderTest node) : Wrapper(node)
    {
        public override NodeView View =>
            base.View.Committed.SeqNo.Value % 7 == 0 ? base.View with { Committed = TxId.Zero } : base.View;
    }

    private sealed class SealsTwice(NodeUnderTest node) : Wrapper(node)
    {
        protected override IEnumerable<Effect> Change(Effect effect) =>
            effect is Effect.StoreBlock { First.Value: > 20 } ? [effect, effect] : [effect];
    }

    private sealed class Leaks(NodeUnderTest node) : Wrapper(node)
    {
        private byte[] body = [];

        public override Execution Execute(Request request)
        {
            if (!request.Body.IsEmpty) body = request.Body.ToArray();
            return base.Execute(request);
        }

        protected override IEnumerable<Effect> Change(Effect effect) =>
            effect is Effect.StoreBlock store ? [store with { Bytes = (byte[])[.. store.Bytes.Span, .. body] }] : [effect];
    }

    private sealed class ChangesEntry(NodeUnderTest node) : Wrapper(node)
    {
        protected override IEnumerable<Effect> Change(Effect effect)
        {
            if (effect is not Effect.StoreBlock { First.Value: > 20 } store || !Block.TryDecode(store.Bytes, out Block? block)) return [effect];
            byte[] changed = store.Bytes.ToArray();
            changed[Block.HeaderSize + block!.Entries[0].Bytes.Length - 1] ^= 1;
            return [store with { Bytes = changed }];
        }
    }

    private sealed class ChangesSignature(NodeUnderTest node) : Wrapper(node)
    {
        protected override IEnumerable<Effect> Change(Effect effect)
        {
            if (effect is not Effect.StoreBlock { First.Value: > 20 } store || !Block.TryDecode(store.Bytes, out Block? block)) return [effect];
            byte[] changed = store.Bytes.ToArray();
            ReadOnlySpan<byte> signature = block!.Signature.Cose.Signature.Span;
            changed[changed.AsSpan().IndexOf(signature) + 8] ^= 1;
            return [store with { Bytes = changed }];
        }
    }

    private sealed class ChangesAnswer(NodeUnderTest node, string path) : Wrapper(node)
    {
        public override Execution Execute(Request request)
        {
            Execution execution = base.Execute(request);
            if (request.Path != path || execution is not Execution.Answered { Response.Status: 200 } answered) return execution;
            byte[] changed = answered.Response.Body.ToArray();
            if (changed.Length == 0) return execution;
            changed[changed.Length / 2] ^= 1;
            return answered with { Response = Response.Bytes(changed, "application/octet-stream") };
        }
    }

    private sealed class ChangesSnapshot(NodeUnderTest node) : Wrapper(node)
    {
        protected override IEnumerable<Effect> Change(Effect effect)
        {
            if (effect is not Effect.FinishSnapshot finish) return [effect];
            byte[] changed = finish.ReceiptFrame.ToArray();
            changed[changed.Length / 2] ^= 1;
            return [finish with { ReceiptFrame = changed }];
        }
    }

    private sealed class NeverFinishes(NodeUnderTest node) : Wrapper(node)
    {
        protected override IEnumerable<Effect> Change(Effect effect) =>
            effect is Effect.Reply { Answer: Answer.Finished { TxId.SeqNo.Value: > 20 } } ? [] : [effect];
    }
}

/// <summary><c>mutants</c>: each must be caught by the rule that it breaks.</summary>
internal static class MutantsCommand
{
    private const ulong SeedsMax = 60;

    public static int Execute()
    {
        int missed = 0;
        foreach (Mutant mutant in Mutants.All)
        {
            string? caught = Hunt(mutant);
            if (caught is null) missed++;
            Console.Out.WriteLine($"{mutant.Name}: {caught ?? "NOT CAUGHT"}");
        }

        Console.Out.WriteLine(string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"{Mutants.All.Count - missed} passed, {missed} failed"));
        return missed == 0 ? 0 : 1;
    }

    private static string? Hunt(Mutant mutant)
    {
        string[] rules = mutant.Rule.Split('|');
        for (ulong seed = 1; seed <= SeedsMax; seed++)
        {
            SeedResult result = mutant.Rule == Rules.RunsRepeat
                ? SeedRun.ExecuteTwice(seed, true, mutant.Make)
                : SeedRun.Execute(seed, true, mutant.Make());
            if (result.Violation is not { } violation) continue;
            if (rules.Contains(violation.Rule)) return $"caught after {seed} seeds: {violation.Rule}";
            Console.Out.WriteLine($"  seed {seed} broke another rule: {violation.Message}");
        }

        return null;
    }
}
