using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using CsCheck;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Tests.KeyValue;

/// <summary>DESIGN 5, "State and ledger", against a naive model. The model decides a conflict by running the
/// transaction again on the current state: it is one exactly when some read would depend on something else.</summary>
public sealed class RandomHistoryTests
{
    [Fact]
    public void Histories_of_few_keys_equal_the_model() =>
        Steps(keys: 14, runMax: 2).Array[1, 80].Sample(steps => new History(14).Run(steps), iter: 1_500);

    [Fact]
    public void Histories_of_many_keys_equal_the_model() =>
        Steps(keys: 1500, runMax: 700).Array[1, 40].Sample(steps => new History(1500).Run(steps), iter: 80);

    private static Gen<Step> Steps(int keys, int runMax)
    {
        Gen<ModelOperation> operation =
            from kind in Gen.Frequency(
                (4, Gen.Const(OperationKind.Get)), (2, Gen.Const(OperationKind.Contains)),
                (1, Gen.Const(OperationKind.Version)), (1, Gen.Const(OperationKind.Count)),
                (5, Gen.Const(OperationKind.Range)), (6, Gen.Const(OperationKind.Put)),
                (3, Gen.Const(OperationKind.Remove)), (1, Gen.Const(OperationKind.Clear)))
            from places in Gen.Select(
                Gen.Int[0, History.Maps - 1], Gen.Int[0, keys - 1], Gen.Int[1, runMax], Gen.Int[0, 99])
            from flags in Gen.Int[0, 31]
            from ends in Gen.Select(Gen.Int[0, keys - 1], Gen.Int[0, 6], Gen.Int[0, 6])
            select new ModelOperation(kind, places.Item1, places.Item2, places.Item3, places.Item4)
            {
                HasFrom = (flags & 1) != 0,
                To = (flags & 2) != 0 ? ends.Item1 : null,
                IncludesFrom = (flags & 4) != 0,
                IncludesTo = (flags & 8) != 0,
                Descending = (flags & 16) != 0,
                Limit = ends.Item2 > 3 ? ends.Item2 - 3 : null,
                Consumed = ends.Item3 > 4 ? ends.Item3 - 4 : int.MaxValue,
            };
        return
            from action in Gen.Frequency(
                (12, Gen.Const(StepKind.Operate)), (5, Gen.Const(StepKind.Commit)), (1, Gen.Const(StepKind.Sign)),
                (1, Gen.Const(StepKind.Rollback)), (1, Gen.Const(StepKind.Compact)))
            from slot in Gen.Int[0, History.Slots - 1]
            from chosen in operation
            select new Step(action, slot, chosen);
    }

    private enum StepKind
    {
        Operate, Commit, Sign, Rollback, Compact,
    }

    private sealed record Step(StepKind Kind, int Slot, ModelOperation Operation);

    private sealed class Running(Transaction transaction)
    {
        public Transaction Transaction { get; } = transaction;

        public List<ModelOperation> Operations { get; } = [];

        public List<string> Dependencies { get; } = [];

        public ModelRun? Run { get; set; }

        public ModelRun Again(ModelState state)
        {
            ModelRun run = new(state);
            foreach (ModelOperation operation in Operations) run.Apply(operation);
            return run;
        }
    }

    /// <summary>A store, a backup that gets its write sets, and the model of both.</summary>
    private sealed class History
    {
        public const int Maps = 3;
        public const int Slots = 3;

        private readonly Map<byte[], string>[] maps =
        [
            new("a", Codecs.Bytes, Codecs.Utf8),
            new("public:b", Codecs.Bytes, Codecs.Utf8),
            new("public", Codecs.Bytes, Codecs.Utf8),
        ];

        private readonly byte[][] keys;
        private readonly KeyValueStore store = new();
        private readonly KeyValueStore backup = new();
        private readonly List<ModelState> states;
        private readonly Running?[] slots = new Running?[Slots];
        private int stamp;
        private ulong view = 2;

        public History(int keyCount)
        {
            keys = ModelKeys.Of(keyCount);
            states = [ModelState.Empty(Maps, keyCount)];
        }

        public void Run(Step[] steps)
        {
            foreach (Step step in steps)
            {
                if (step.Kind == StepKind.Operate) Operate(step.Slot, step.Operation);
                else if (step.Kind == StepKind.Commit) Commit(step.Slot);
                else if (step.Kind == StepKind.Sign) Sign();
                else if (step.Kind == StepKind.Rollback) Rollback(step.Operation.Value);
                else Compact(step.Operation.Value);
                Assert.Equal(states[^1].SeqNo, store.Current.TxId.SeqNo.Value);
                Assert.Equal(states[0].SeqNo, store.Committed.TxId.SeqNo.Value);
            }

            Compare();
            foreach (ModelState state in states)
            {
                Assert.True(store.TryStateAt(new SeqNo(state.SeqNo), out State? held));
                CompareState(state, held);
            }
        }

        private void Operate(int slot, ModelOperation operation)
        {
            Running running = slots[slot] ??= new Running(store.Begin(MapAccess.Application));
            string seen = operation.ApplyTo(running.Transaction, maps, keys);
            if (running.Transaction.ReadVersion is not null) running.Run ??= running.Again(states[^1]);

            // As long as nothing of the snapshot was read it is still open: the run is on whatever is newest now.
            ModelRun run = running.Run ?? running.Again(states[^1]);
            Observation expected = run.Apply(operation);
            running.Operations.Add(operation);
            running.Dependencies.Add(expected.Dependency);
            Assert.Equal(expected.Visible, seen);
        }

        private void Commit(int slot)
        {
            if (slots[slot] is not { } running) return;
            slots[slot] = null;
            ModelRun again = new(states[^1]);
            List<string> dependencies = [.. running.Operations.Select(operation => again.Apply(operation).Dependency)];
            string[] changed = [.. Enumerable.Range(0, dependencies.Count)
                .Where(at => dependencies[at] != running.Dependencies[at])
                .Select(at => maps[running.Operations[at].Map].Name)];
            CommitOutcome outcome = store.Commit(running.Transaction, new View(view));
            if ((running.Run ?? again).Writes.Count == 0)
            {
                Assert.IsType<CommitOutcome.NothingToCommit>(outcome);
            }
            else if (changed.Length > 0)
            {
                Assert.Contains(Assert.IsType<CommitOutcome.Conflict>(outcome).Map, changed);
            }
            else
            {
                CommitOutcome.Committed committed = Assert.IsType<CommitOutcome.Committed>(outcome);
                Assert.Equal(again.Writes.Count, committed.Changes.Maps.Sum(map => map.Writes.Count));
                Append(committed.Id, committed.Changes, again.Writes);
            }
        }

        private void Append(TxId id, WriteSet changes, Dictionary<(int, int), int?> writes)
        {
            states.Add(states[^1].After(writes, ++stamp));
            byte[] publicBytes = changes.Encode(Domain.Public);
            byte[] privateBytes = changes.Encode(Domain.Private);
            Assert.True(WriteSet.TryDecode(publicBytes, privateBytes, out WriteSet? decoded));
            backup.Apply(id, decoded);
            if (keys.Length < 100) Compare();
        }

        private void Sign()
        {
            TxId id = new(new View(view), store.Current.TxId.SeqNo.Next);
            store.Apply(id, WriteSet.Empty);
            backup.Apply(id, WriteSet.Empty);
            states.Add(states[^1].After([], ++stamp));
        }

        private void Rollback(int choice)
        {
            int at = choice % states.Count;
            SeqNo to = new(states[at].SeqNo);
            store.Rollback(to);
            backup.Rollback(to);
            states.RemoveRange(at + 1, states.Count - at - 1);
            view++;
            Compare();
        }

        private void Compact(int choice)
        {
            int at = choice % states.Count;
            SeqNo to = new(states[at].SeqNo);
            store.Compact(to);
            backup.Compact(to);
            states.RemoveRange(0, at);
        }

        private void Compare()
        {
            CompareState(states[^1], store.Current);
            Assert.Equal(store.Current.ComputeDigest(), backup.Current.ComputeDigest());
        }

        private void CompareState(ModelState expected, State actual)
        {
            for (int map = 0; map < Maps; map++)
            {
                List<string> wanted = [];
                for (int key = 0; key < keys.Length; key++)
                {
                    Cell cell = expected.Maps[map][key];
                    if (cell.Exists) wanted.Add(Line(keys[key], cell.Value, cell.Version));
                }

                List<string> found = [.. actual.Entries(maps[map].Name).Select(entry => Line(
                    entry.Key.Span, int.Parse(entry.Value.Span, CultureInfo.InvariantCulture), entry.Version.Value))];
                Assert.Equal(wanted, found);
                Assert.Equal(wanted.Count, actual.Count(maps[map].Name));
                Assert.Equal(wanted.Count > 0, actual.MapNames.Contains(maps[map].Name));
            }
        }

        private static string Line(System.ReadOnlySpan<byte> key, int value, ulong version) =>
            string.Create(CultureInfo.InvariantCulture, $"{System.Convert.ToHexString(key)}={value}@{version}");
    }
}
