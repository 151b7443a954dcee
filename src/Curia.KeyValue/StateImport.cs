using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Curia.Vocabulary;

namespace Curia.KeyValue;

/// <summary>Puts a state together from the frames of <see cref="State.Export"/>: those of the public domain first, then
/// those of the private one, each in order.</summary>
/// <remarks>Checks form and order and nothing else: whether it is the right state says <see
/// cref="State.ComputeDigest()"/>. docs/ledger-format-write-sets.md, "State export".</remarks>
public sealed class StateImport
{
    private readonly ImmutableSortedDictionary<string, Tree>.Builder maps =
        ImmutableSortedDictionary.CreateBuilder<string, Tree>(StringComparer.Ordinal);

    private readonly List<Record> records = [];
    private Domain domain;
    private string? name;
    private SeqNo newest;
    private bool isRefused;
    private bool isFinished;

    /// <summary>Takes the next frame.</summary>
    /// <returns>False when it is not a frame or not the next one; then the import is over and gives no state. Nothing
    /// throws.</returns>
    public bool TryAdd(ReadOnlySpan<byte> frame)
    {
        if (!isRefused && !isFinished && TryRead(frame)) return true;
        isRefused = true;
        return false;
    }

    /// <summary>The state, when no frame was refused and no entry is newer than the transaction.</summary>
    public bool TryFinish(TxId txId, [NotNullWhen(true)] out State? state)
    {
        state = null;
        if (isRefused || isFinished || newest > txId.SeqNo) return false;
        isFinished = true;
        CloseMap();
        state = new State(txId, maps.ToImmutable());
        return true;
    }

    /// <summary>The state, where frames and transaction are known to be right (their digest was checked
    /// before).</summary>
    /// <exception cref="InvariantException">A frame was refused, or an entry is newer than the transaction.</exception>
    public State Finish(TxId txId)
    {
        Invariant.Holds(TryFinish(txId, out State? state), "state was imported from frames that do not make one");
        return state;
    }

    private bool TryRead(ReadOnlySpan<byte> frame)
    {
        if (frame.Length > SizeLimits.StateFrameBytesMax) return false;
        ByteReader reader = new(frame);
        if (!reader.TryByte(out byte version) || version != StateFormat.FormatVersion) return false;
        if (!reader.TryByte(out byte domainByte) || domainByte > (byte)Domain.Private) return false;
        if (domainByte < (byte)domain) return false;
        if (domainByte != (byte)domain) CloseMap();
        domain = (Domain)domainByte;
        bool isFirst = true;
        do
        {
            if (!reader.TryMapName(domain, out string? next)) return false;
            int order = string.CompareOrdinal(name, next);
            if (order > 0 || (order == 0 && !isFirst)) return false;
            if (order < 0) CloseMap();
            name = next;
            if (!TryReadEntries(ref reader, frame)) return false;
            isFirst = false;
        }
        while (!reader.IsAtEnd);
        return true;
    }

    private bool TryReadEntries(ref ByteReader reader, ReadOnlySpan<byte> frame)
    {
        if (!reader.TryUInt32(out uint count) || count == 0) return false;
        for (uint i = 0; i < count; i++)
        {
            if (!reader.TryUInt64(out ulong seqNo) || seqNo == 0) return false;
            if (!reader.TryCounted(SizeLimits.KeyBytesMax, out Range keyAt)) return false;
            if (!reader.TryCounted(SizeLimits.ValueBytesMax, out Range valueAt)) return false;
            ReadOnlySpan<byte> key = frame[keyAt];
            if (records.Count > 0 && records[^1].Key.SequenceCompareTo(key) >= 0) return false;
            records.Add(Record.Put(key, frame[valueAt], new SeqNo(seqNo)));
            if (newest.Value < seqNo) newest = new SeqNo(seqNo);
        }

        return true;
    }

    private void CloseMap()
    {
        if (name is not null) maps.Add(name, Tree.FromOrdered(records));
        name = null;
        records.Clear();
    }
}
