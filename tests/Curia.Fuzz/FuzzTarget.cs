using System;
using System.Collections.Generic;

namespace Curia.Fuzz;

/// <summary>A decoder of bytes from outside, or a few that are closely related, and what must be true of it for every
/// input.</summary>
/// <param name="Name">The name of its folders in <c>corpus</c> and <c>regressions</c>.</param>
/// <param name="Decoders">The public members that it goes through, as <c>Type.Member</c>: what
/// <see cref="DecoderList"/> counts as covered.</param>
/// <param name="Try">Takes one input. Whatever it throws is a finding.</param>
internal sealed record FuzzTarget(string Name, IReadOnlyList<string> Decoders, Action<ReadOnlyMemory<byte>> Try)
{
    // A decoder that trusts a length field reserves as much as the sender likes: the largest block has 128 MiB. The
    // checks themselves copy and hash a small multiple of the input.
    private const long AllocatedBytesMax = 8L * 1024 * 1024;
    private const long AllocatedBytesMaxPerByte = 1024;

    /// <summary>Takes one input and holds the target to its memory as well.</summary>
    public void Run(ReadOnlyMemory<byte> input)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Try(input);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Must.Hold(allocated <= AllocatedBytesMax + AllocatedBytesMaxPerByte * input.Length,
            $"{input.Length} bytes of input made {Name} allocate {allocated} bytes");
    }
}
