using System;
using System.Collections.Generic;
using System.Linq;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Fuzz.Targets;

/// <summary>What the key-value store reads: write sets, and exported state.</summary>
internal static class StateTargets
{
    private const int FrameBytesMax = 200;

    private static readonly TxId txId = new(new View(2), new SeqNo(1000));

    public static IEnumerable<FuzzTarget> All =>
    [
        new("write-set", ["WriteSet.TryDecode"], TryWriteSet),
        new("state", ["StateImport.TryAdd", "State.TryGet"], TryState),
    ];

    private static void TryWriteSet(ReadOnlyMemory<byte> input)
    {
        List<ReadOnlyMemory<byte>> parts = Parts.Split(input);
        ReadOnlyMemory<byte> publicBytes = parts.Count > 0 ? parts[0] : default;
        ReadOnlyMemory<byte> privateBytes = parts.Count > 1 ? parts[1] : default;
        if (!WriteSet.TryDecode(publicBytes.Span, privateBytes.Span, out WriteSet? writes)) return;
        Must.BeSame(writes.Encode(Domain.Public), publicBytes.Span, "public part of a write set");
        Must.BeSame(writes.Encode(Domain.Private), privateBytes.Span, "private part of a write set");
        State state = State.Empty.After(txId, writes);
        foreach (MapWrites map in writes.Maps)
        {
            Must.Hold(MapNames.IsValid(map.Name), "a map of a write set has a name");
            Must.Hold(state.Count(map.Name) == map.Writes.Count(write => write.Value is not null), "each put is there");
            foreach (KeyWrite write in map.Writes)
            {
                bool found = state.TryGet(map.Name, write.Key.Span, out ReadOnlyMemory<byte> value, out SeqNo version);
                Must.Hold(found == write.Value is not null, "a put is found and a removal is not");
                Must.Hold(!found || (value.Span.SequenceEqual(write.Value!.Value.Span) && version == txId.SeqNo),
                    "what is found is what was put");
            }
        }

        CheckExport(state);
    }

    private static void TryState(ReadOnlyMemory<byte> input)
    {
        List<ReadOnlyMemory<byte>> frames = Parts.Split(input);
        if (!TryImport(frames, out State? state)) return;
        foreach (string map in state!.MapNames)
        {
            long count = 0;
            foreach (StateEntry entry in state.Entries(map))
            {
                count++;
                Must.Hold(state.TryGet(map, entry.Key.Span, out ReadOnlyMemory<byte> value, out SeqNo version)
                    && value.Span.SequenceEqual(entry.Value.Span) && version == entry.Version,
                    "each entry is found");
                Must.Hold(version <= txId.SeqNo, "no entry is newer than the state");
            }

            Must.Hold(count > 0 && count == state.Count(map), "a map has as many entries as it says");
        }

        CheckExport(state);
    }

    private static bool TryImport(IEnumerable<ReadOnlyMemory<byte>> frames, out State? state)
    {
        StateImport import = new();
        foreach (ReadOnlyMemory<byte> frame in frames)
        {
            if (import.TryAdd(frame.Span)) continue;
            Must.Hold(!import.TryFinish(txId, out state), "a refused frame ends the import");
            return false;
        }

        return import.TryFinish(txId, out state);
    }

    // The same state gives the same bytes, and these the same state.
    private static void CheckExport(State state)
    {
        ReadOnlyMemory<byte>[] frames = Export(state);
        Must.Hold(TryImport(frames, out State? again), "exported state is imported");
        Must.Hold(again!.ComputeDigest() == state.ComputeDigest(), "imported state is that which was exported");
        Must.Hold(Export(again).Zip(frames).All(pair => pair.First.Span.SequenceEqual(pair.Second.Span)),
            "the same state gives the same frames");
    }

    private static ReadOnlyMemory<byte>[] Export(State state) =>
        [.. state.Export(Domain.Public, FrameBytesMax), .. state.Export(Domain.Private, FrameBytesMax)];
}
