using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Simulation;

/// <summary>Blocks of another service: sound in themselves, sealed and signed with other keys. A host has such at
/// hand.</summary>
internal static class ForeignLedger
{
    private const ulong Seed = 0xF0E1;

    public static IReadOnlyList<ReadOnlyMemory<byte>> Blocks { get; } = Make();

    private static List<ReadOnlyMemory<byte>> Make()
    {
        List<ReadOnlyMemory<byte>> blocks = [];
        using World world = new(new SeededRandom(Seed), FaultPlan.None, Subject.Real) { Sealed = blocks.Add };
        world.Run();
        return [.. blocks.Take(100)];
    }
}
