using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Reads the ledger as nobody else can: with the ledger secrets. Every entry must hold just what the naive
/// model says that its operation wrote.</summary>
internal sealed class ContentChecker(BlockChecker blocks)
{
    /// <summary>Compares the entry of an operation with its expected writes.</summary>
    public void Check(LedgerEntry entry, OrderedOperation operation)
    {
        if (entry.Type != EntryType.WriteSet) Fail(entry, $"is of type {entry.Type}");
        if (entry.Claims != operation.Operation.Claims) Fail(entry, "carries other claims");
        SortedDictionary<(string, ulong), string?> written = [];
        foreach (MapWrites map in Open(entry).Maps)
        {
            foreach (KeyWrite write in map.Writes)
            {
                written.Add((map.Name, KeyOf(entry, write)), ValueOf(map.Name, write));
            }
        }

        SortedDictionary<(string, ulong), string?> expected = [];
        foreach (ModelWrite write in operation.Writes) expected[(write.Map, write.Key)] = write.Value;
        if (!written.SequenceEqual(expected)) Fail(entry, $"wrote {Show(written)} where {Show(expected)} was expected");
    }

    /// <summary>The write set of an entry.</summary>
    public WriteSet Open(LedgerEntry entry)
    {
        byte[] opened = [];
        if (entry.SealedPrivate.Length > 0 && !blocks.EpochAt(entry.TxId.SeqNo).Sealer.TryOpen(entry, out opened))
        {
            Fail(entry, "cannot be opened with the secret of its epoch");
        }

        if (!WriteSet.TryDecode(entry.Public.Span, opened, out WriteSet? writes)) Fail(entry, "holds no write set");
        return writes!;
    }

    private static ulong KeyOf(LedgerEntry entry, KeyWrite write)
    {
        if (!Codecs.UInt64.TryDecode(write.Key.Span, out ulong key)) Fail(entry, "wrote a key that is no number");
        return key;
    }

    private static string? ValueOf(string map, KeyWrite write)
    {
        if (write.Value is not { } value) return null;
        if (map is Maps.Private or Maps.Public) return Encoding.UTF8.GetString(value.Span);
        return Codecs.UInt64.TryDecode(value.Span, out ulong number)
            ? number.ToString(System.Globalization.CultureInfo.InvariantCulture)
            : "unreadable";
    }

    private static void Fail(LedgerEntry entry, string problem) =>
        throw new Violation(Rules.StateIsSerial, $"entry {entry.TxId} {problem}");

    private static string Show(SortedDictionary<(string Map, ulong Key), string?> writes) =>
        string.Join(", ", writes.Select(write => $"{write.Key.Map}[{write.Key.Key}]={write.Value ?? "removed"}"));
}

/// <summary>An operation that has its place.</summary>
internal sealed record OrderedOperation(TxId TxId, Operation Operation, IReadOnlyList<ModelWrite> Writes);
