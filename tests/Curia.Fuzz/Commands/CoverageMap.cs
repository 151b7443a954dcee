using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Curia.Fuzz.Commands;

/// <summary>The map that instrumented code counts its edges in, and what was seen of it so far.</summary>
internal sealed unsafe class CoverageMap
{
    // 64 KiB: the size that SharpFuzz's instrumentation knows.
    private const int Size = 1 << 16;

    private readonly byte* map = (byte*)NativeMemory.AllocZeroed(Size);
    private readonly byte[] seen = new byte[Size];

    public CoverageMap() => Trace.SharedMem = map;

    /// <summary>How many edges were seen.</summary>
    public int Edges { get; private set; }

    /// <summary>Before an input. Edges are pairs of places; the first pair must not depend on the input
    /// before.</summary>
    public void Clear()
    {
        new Span<byte>(map, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether the last input went over a new edge, or over a known one a number of times that is of another
    /// class.</summary>
    public bool HasNew()
    {
        bool isNew = false;
        ReadOnlySpan<byte> rest = new(map, Size);
        int at = 0;
        for (int step; (step = rest[at..].IndexOfAnyExcept((byte)0)) >= 0; at++)
        {
            at += step;
            byte known = seen[at];
            byte now = (byte)(known | Class(map[at]));
            if (now == known) continue;
            if (known == 0) Edges++;
            seen[at] = now;
            isNew = true;
        }

        return isNew;
    }

    /// <summary>The edges of the last input.</summary>
    public HashSet<int> Current()
    {
        HashSet<int> edges = [];
        for (int edge = 0; edge < Size; edge++)
        {
            if (map[edge] != 0) edges.Add(edge);
        }

        return edges;
    }

    // As in AFL: once, twice, three times, and then powers of two.
    private static byte Class(byte count) => count switch
    {
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
