using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using Curia.Consensus;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>A write that has its place on the primary that took it.</summary>
internal sealed record OrderedWrite(TxId TxId, Operation Operation, Response Response, long Asked)
{
    /// <summary>When its client, or anybody, was first told that it is committed.</summary>
    public long? Told { get; set; }
}

/// <summary>When a client asked.</summary>
/// <param name="At">The moment.</param>
/// <param name="Told">The newest transaction that anybody had been told as committed by then.</param>
internal readonly record struct Asked(long At, TxId Told);

/// <summary>A read, with the state that it saw.</summary>
internal sealed record ServedRead(
    TxId TxId, Operation Operation, Execution.Answered Answer, long At, bool IsNewest);

/// <summary>Compares what clients of all nodes are told with the committed ledger, in its order, and with the naive
/// model of it.</summary>
/// <remarks>What holds of a read: it is a snapshot of the newest state of one node, which may hold pending writes. So
/// it is right for the TxID that it names, if that commits; and reads of one node whose TxIDs commit never go
/// back. A read on the primary of the newest view that has committed anything is linearisable besides, if its TxID
/// commits; and one of an endpoint that says so is, wherever it is answered.</remarks>
internal sealed class ServedChecker(NetworkWorld world, SeededRandom random) : IDisposable
{
    private readonly Dictionary<TxId, OrderedWrite> writes = [];
    private readonly Dictionary<TxId, TransactionStatus> final = [];
    private readonly HashSet<(int Process, TxId TxId)> finalThere = [];
    private readonly List<TxId> asked = [];
    private readonly SortedDictionary<int, Queue<ServedRead>> reads = [];
    private readonly SortedDictionary<int, TxId> readLast = [];
    private readonly Dictionary<(string What, TxId TxId), Digest> states = [];
    private readonly Dictionary<NodeId, EntrySealer> sealers = [];
    private readonly KeyHistories histories = new();
    private LedgerSecret? secret;
    private long moments;
    private TxId newestTold;

    public NaiveModel Model { get; } = new();

    /// <summary>Transactions of clients that committed.</summary>
    public long CommittedWrites { get; private set; }

    /// <summary>The newest virtual time at which a write was asked for that has committed.</summary>
    public long NewestCommittedAsk { get; private set; }

    /// <summary>All TxIDs that clients were given or that were asked for.</summary>
    public IReadOnlyList<TxId> Known => asked;

    public KeyHistories Histories => histories;

    private CommitChecker Ledger => world.Checks.Commit;

    /// <summary>The next moment of clients' time: one after the other, however many share a microsecond.</summary>
    public long Moment() => ++moments;

    /// <summary>A client asks.</summary>
    public Asked Ask() => new(Moment(), newestTold);

    public void Knows(LedgerSecret opened)
    {
        if (secret is null) secret = opened;
        else opened.Dispose();
    }

    /// <summary>A primary has given a write its place.</summary>
    public void Ordered(Operation operation, TxId txId, Response response, long asked, long at)
    {
        if (!writes.TryAdd(txId, new OrderedWrite(txId, operation, response, asked) { }))
            throw new Violation(Rules.StateIsSerial, $"{txId} was given to two operations");
        this.asked.Add(txId);
        askedAt[txId] = at;
    }

    private readonly Dictionary<TxId, long> askedAt = [];

    /// <summary>A request was answered without a place in the order.</summary>
    public void Answered(NodeProcess process, Operation operation, Execution.Answered answer)
    {
        NodeView view = process.Node.View;
        if (answer.TxId is not { } read)
            throw new Violation(Rules.StateIsSerial, $"{operation} was answered without a TxID");
        if (read.SeqNo < view.Committed.SeqNo || read.SeqNo > view.Last.SeqNo)
        {
            throw new Violation(
                NetworkRules.ReadsGoForward, $"{process} read {read}, it has {view.Committed} to {view.Last}");
        }

        if (read > view.Committed) world.Situations.Reached("read of pending state");
        if (view.Role != ReplicaRole.Primary) world.Situations.Reached("read on a backup");
        Agree("answer " + operation, read, answer.Response.Body.Span);
        bool isNewest = view.Role == ReplicaRole.Primary && view.View >= Ledger.View;
        if (!reads.TryGetValue(process.Number, out Queue<ServedRead>? queue))
            reads.Add(process.Number, queue = new Queue<ServedRead>());
        queue.Enqueue(new ServedRead(read, operation, answer, Moment(), isNewest));
        Resolve(process.Number, queue);
    }

    /// <summary>A linearisable read was answered: of a state that has committed.</summary>
    public void Confirmed(NodeProcess process, Operation operation, Execution.Unconfirmed read, Asked asked)
    {
        if (!Ledger.Has(read.TxId))
            throw new Violation(NetworkRules.Linearizable, $"{process} told {read.TxId}, which has not committed");
        Compare(operation, read.TxId, operation.On(Model.At(read.TxId.SeqNo.Value)), read.Response);
        if (read.TxId < asked.Told)
        {
            throw new Violation(
                NetworkRules.Linearizable, $"{process} told {read.TxId} when {asked.Told} was known as committed");
        }

        histories.Add((Operation.Get)operation, read, asked.At, Moment());
        world.Situations.Reached("linearisable read confirmed");
    }

    /// <summary>Whatever is said of a TxID must be the same on every node.</summary>
    public void Agree(string what, TxId at, ReadOnlySpan<byte> content)
    {
        Digest digest = Digest.Of(content);
        if (states.TryAdd((what, at), digest)) return;
        if (states[(what, at)] != digest)
            throw new Violation(NetworkRules.StatesAgree, $"two nodes differ in {what} at {at}");
        world.Situations.Reached("states compared");
    }

    /// <summary>A block has committed, the first time on any node.</summary>
    public void Committed(Block block)
    {
        foreach (LedgerEntry entry in block.Entries)
        {
            if (final.GetValueOrDefault(entry.TxId, TransactionStatus.Committed) != TransactionStatus.Committed)
                throw new Violation(Rules.StatusesAreFinal, $"{entry.TxId} commits and was told as invalid");
            if (entry.Type != EntryType.WriteSet) continue;
            if (writes.TryGetValue(entry.TxId, out OrderedWrite? write)) Apply(block, entry, write);
            else IsOfNode(block, entry);
        }

        foreach ((int process, Queue<ServedRead> queue) in reads) Resolve(process, queue);
    }

    /// <summary>Takes note of what a client was told.</summary>
    public void Told(NodeProcess process, TxId txId, TransactionStatus status)
    {
        world.Situations.Reached($"status {status}");
        bool isFinal = status is TransactionStatus.Committed or TransactionStatus.Invalid;
        if (!isFinal && finalThere.Contains((process.Number, txId)))
            throw new Violation(Rules.StatusesAreFinal, $"{process} says {status} of {txId}, which was final there");
        if (!isFinal) return;
        finalThere.Add((process.Number, txId));
        if (final.TryGetValue(txId, out TransactionStatus before) && before != status)
            throw new Violation(Rules.StatusesAreFinal, $"{txId} was {before} and is {status} on {process}");
        final[txId] = status;
        if (status == TransactionStatus.Committed && txId > newestTold) newestTold = txId;
        if (Ledger.Has(txId) != (status == TransactionStatus.Committed))
            throw new Violation(Rules.StatusesAreFinal, $"{process} says that {txId} is {status}");
        if (status == TransactionStatus.Committed && writes.TryGetValue(txId, out OrderedWrite? write))
            write.Told ??= Moment();
    }

    public void AfterStep(NodeProcess process)
    {
        if (!process.IsOpen || !random.Percent(4)) return;
        TxId txId = Choose(process.Node.View);
        if (txId.SeqNo == SeqNo.Zero) return;
        if (process.Node.View.Role == ReplicaRole.Retired) AskRetired(process, txId);
        else Ask(process, txId);
    }

    // What it knows was true when it left; it must not tell it as if it still were.
    private void AskRetired(NodeProcess process, TxId txId)
    {
        if (process.Node.Execute(StatusOf(txId)) is not Execution.Answered { Response.Status: 503 })
            throw new Violation(Rules.StatusesAreFinal, $"{process} has left, and tells of {txId}");
        world.Situations.Reached("node that has left refuses");
    }

    private static Request StatusOf(TxId txId) => Requests.Make("GET", $"/app/tx?transaction_id={txId}");

    /// <summary>Asks for a status as a client does.</summary>
    public TransactionStatus Ask(NodeProcess process, TxId txId)
    {
        if (process.Node.Execute(StatusOf(txId)) is not Execution.Answered { Response.Status: 200 } answered)
            throw new Violation(Rules.StatusesAreFinal, $"{process} gives no status of {txId}");
        using JsonDocument body = JsonDocument.Parse(answered.Response.Body);
        TransactionStatus status = Enum.Parse<TransactionStatus>(body.RootElement.GetProperty("status").GetString()!);
        Told(process, txId, status);
        return status;
    }

    /// <summary>At the end: what clients saw of each key.</summary>
    public void CheckHistories()
    {
        if (histories.FindProblem() is { } problem) throw new Violation(NetworkRules.Linearizable, problem);
    }

    public void Dispose()
    {
        foreach (EntrySealer sealer in sealers.Values) sealer.Dispose();
        secret?.Dispose();
    }

    private TxId Choose(NodeView view)
    {
        if (asked.Count > 0 && random.Percent(70)) return asked[^random.Between(1, Math.Min(asked.Count, 200))];
        ulong seqNo = (ulong)random.Between(1, (int)view.Last.SeqNo.Value + 3);
        return new TxId(new View((ulong)random.Between(2, (int)view.View.Value + 1)), new SeqNo(seqNo));
    }

    private void Apply(Block block, LedgerEntry entry, OrderedWrite write)
    {
        ulong seqNo = entry.TxId.SeqNo.Value;
        Expected expected = write.Operation.On(Model.At(seqNo - 1));
        Compare(write.Operation, entry.TxId, expected, write.Response);
        if (entry.Claims != write.Operation.Claims)
            throw new Violation(Rules.StateIsSerial, $"{entry.TxId} carries other claims");
        EntryContent.Check(entry, Open(block, entry), expected.Writes);
        Model.Apply(seqNo, expected.Writes);
        CommittedWrites++;
        NewestCommittedAsk = Math.Max(NewestCommittedAsk, askedAt[entry.TxId]);
        histories.Add(write);
    }

    private void IsOfNode(Block block, LedgerEntry entry)
    {
        foreach (MapWrites map in Open(block, entry).Maps)
        {
            bool isOwn = map.Name.StartsWith("public:ccf.", StringComparison.Ordinal)
                || map.Name.StartsWith("public:curia.", StringComparison.Ordinal);
            if (!isOwn) throw new Violation(Rules.StateIsSerial, $"nobody ordered {entry.TxId}");
        }
    }

    private WriteSet Open(Block block, LedgerEntry entry)
    {
        if (!sealers.TryGetValue(block.NodeId, out EntrySealer? sealer))
            sealers.Add(block.NodeId, sealer = new EntrySealer(secret!, block.NodeId));
        byte[] opened = [];
        if (entry.SealedPrivate.Length > 0 && !sealer.TryOpen(entry, out opened))
            throw new Violation(Rules.StateIsSerial, $"{entry.TxId} cannot be opened with the secret of its epoch");
        return WriteSet.TryDecode(entry.Public.Span, opened, out WriteSet? set)
            ? set
            : throw new Violation(Rules.StateIsSerial, $"{entry.TxId} holds no write set");
    }

    // In the order in which they were answered: one whose place is not committed yet keeps those behind it waiting.
    private void Resolve(int process, Queue<ServedRead> queue)
    {
        while (queue.TryPeek(out ServedRead? read) && read.TxId.SeqNo <= Ledger.Last)
        {
            queue.Dequeue();
            if (!Ledger.Has(read.TxId))
            {
                world.Situations.Reached("read of state that never committed");
                continue;
            }

            Expected expected = read.Operation.On(Model.At(read.TxId.SeqNo.Value));
            if (expected.Status < 400 && expected.Writes.Count > 0)
                throw new Violation(Rules.StateIsSerial, $"{read.Operation} should have written");
            Compare(read.Operation, read.TxId, expected, read.Answer.Response);
            if (readLast.TryGetValue(process, out TxId before) && read.TxId < before)
                throw new Violation(NetworkRules.ReadsGoForward, $"n{process} read {read.TxId} after {before}");
            readLast[process] = read.TxId;
            if (read.IsNewest) histories.Add(read);
        }
    }

    private static void Compare(Operation operation, TxId txId, Expected expected, Response response)
    {
        string body = Encoding.UTF8.GetString(response.Body.Span);
        if (response.Status == expected.Status && (expected.Status >= 400 || body == expected.Body)) return;
        throw new Violation(
            Rules.StateIsSerial,
            $"{operation} at {txId} answered {response.Status} {body}, expected {expected.Status} {expected.Body}");
    }
}

/// <summary>Compares what an entry wrote with what it should have written.</summary>
internal static class EntryContent
{
    public static void Check(LedgerEntry entry, WriteSet writes, IReadOnlyList<ModelWrite> expected)
    {
        SortedDictionary<(string, ulong), string?> written = [];
        foreach (MapWrites map in writes.Maps)
        {
            foreach (KeyWrite write in map.Writes)
            {
                if (!Codecs.UInt64.TryDecode(write.Key.Span, out ulong key))
                    throw new Violation(Rules.StateIsSerial, $"{entry.TxId} wrote a key that is no number");
                written.Add((map.Name, key), ValueOf(map.Name, write));
            }
        }

        SortedDictionary<(string, ulong), string?> wanted = [];
        foreach (ModelWrite write in expected) wanted[(write.Map, write.Key)] = write.Value;
        if (!written.SequenceEqual(wanted))
            throw new Violation(Rules.StateIsSerial, $"{entry.TxId} did not write what its operation writes");
    }

    private static string? ValueOf(string map, KeyWrite write)
    {
        if (write.Value is not { } value) return null;
        if (map is Maps.Private or Maps.Public) return Encoding.UTF8.GetString(value.Span);
        return Codecs.UInt64.TryDecode(value.Span, out ulong number)
            ? number.ToString(System.Globalization.CultureInfo.InvariantCulture)
            : "unreadable";
    }
}
