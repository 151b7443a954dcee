using System;
using System.IO;
using SharpFuzz;
using SharpFuzz.Common;

namespace Curia.Fuzz.Commands;

/// <summary><c>run TARGET</c>: what afl-fuzz starts (tests/fuzz.sh). Without afl-fuzz it takes one input from standard
/// input.</summary>
internal static class RunCommand
{
    public static int Execute(FuzzTarget target)
    {
        Fuzzer.OutOfProcess.Run(stream =>
        {
            // Edges are pairs of places; without this the first pair of a run would depend on the run before.
            Trace.PrevLocation = 0;
            using MemoryStream input = new();
            stream.CopyTo(input);
            target.Run(input.ToArray());
        });
        return 0;
    }
}
