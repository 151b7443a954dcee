using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Text;
using Curia.Attestation;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>What a genesis block says of one slot, before anything of it is believed.</summary>
/// <param name="Slot">The slot, one of the charter.</param>
/// <param name="Node">The node in it; null where none can be read.</param>
/// <param name="Shown">What it has shown the others; null where some of it cannot be read.</param>
/// <param name="Signed">What it has signed; null where it cannot be read.</param>
/// <param name="Missing">What cannot be read; empty when all can.</param>
internal sealed record RecordedFounder(
    string Slot, NodeId? Node, FounderPresentation? Shown, SignedFoundingStatement? Signed, string Missing)
{
    /// <summary>What it says that it founds; null where it cannot be read.</summary>
    public FoundingStatement? Said { get; } =
        Signed is not null && FoundingStatement.TryDecode(Signed.Statement, out FoundingStatement? said) ? said : null;
}

/// <summary>Reads the maps of a genesis block whose values anybody may have written; nothing throws.</summary>
internal sealed class GenesisReading
{
    private readonly Dictionary<string, MapWrites> maps;

    public GenesisReading(WriteSet writes) =>
        maps = writes.Maps.ToDictionary(map => map.Name, StringComparer.Ordinal);

    /// <summary>Reads a value.</summary>
    /// <returns>False when it is not there, or is none.</returns>
    public bool TryGet<TValue>(Map<string, TValue> map, string key, [MaybeNullWhen(false)] out TValue value)
    {
        value = default;
        if (!maps.TryGetValue(map.Name, out MapWrites? written)) return false;
        byte[] sought = map.Keys.Encode(key);
        foreach (KeyWrite write in written.Writes)
        {
            if (write.Key.Span.SequenceEqual(sought))
                return write.Value is { } bytes && map.Values.TryDecode(bytes.Span, out value);
        }

        return false;
    }

    /// <summary>The keys of a map, as text for people where they are none.</summary>
    public IEnumerable<string> KeysOf<TValue>(Map<string, TValue> map) =>
        maps.TryGetValue(map.Name, out MapWrites? written)
            ? written.Writes.Select(write => Encoding.UTF8.GetString(write.Key.Span))
            : [];

    /// <summary>Reads what is recorded of the founder in a slot.</summary>
    public RecordedFounder Find(Charter charter, string slot)
    {
        if (!TryGet(GenesisMaps.Slots, slot, out string? id) || !Digest.TryParseHex(id, out Digest digest))
            return new RecordedFounder(slot, null, null, null, "no node is recorded in it");
        SignedFoundingStatement? signed = null;
        if (TryGet(GenesisMaps.FoundingStatements, id, out byte[]? statement))
            SignedFoundingStatement.TryDecode(statement, out signed);
        string missing =
            !TryGet(GenesisMaps.NodeEvidence, id, out AttesterEvidence? evidence) || evidence?.IsBounded != true
                ? "its evidence cannot be read"
                : !TryGet(GenesisMaps.FoundingEndorsements, id, out byte[]? _) ? "its owner's endorsement is not there"
                : !TryGet(GenesisMaps.NodeInfo, id, out NodeRecord? record) || record.LedgerFormat is not >= 0
                    ? "there is no record of the node, with a ledger format"
                : "";
        FounderPresentation? shown = missing.Length > 0
            ? null
            : new FounderPresentation(
                charter.Digest, slot, evidence!, Get(GenesisMaps.FoundingEndorsements, id),
                Get(GenesisMaps.NodeInfo, id).LedgerFormat!.Value);
        return new RecordedFounder(slot, new NodeId(digest), shown, signed, missing);
    }

    private TValue Get<TValue>(Map<string, TValue> map, string key)
    {
        bool isThere = TryGet(map, key, out TValue? value);
        Invariant.Holds(isThere && value is not null, "what was read can be read again");
        return value;
    }
}
