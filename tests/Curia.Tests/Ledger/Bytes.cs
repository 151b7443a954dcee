using System;
using CsCheck;

namespace Curia.Tests.Ledger;

/// <summary>What a decoder of untrusted bytes is tried with.</summary>
internal static class Bytes
{
    /// <summary>Random bytes, and a good example cut, changed in a few places, overwritten, lengthened.</summary>
    public static Gen<byte[]> Around(byte[] good) => Gen.OneOf(
        Gen.Byte.Array[0, 300],
        Gen.Int[0, good.Length].Select(length => good[..length]),
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Array[1, 4].Select(changes =>
        {
            byte[] changed = [.. good];
            foreach ((int at, byte value) in changes) changed[at] = value;
            return changed;
        }),
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte.Array[1, 16]).Select((at, replaced) =>
        {
            byte[] changed = [.. good];
            replaced.AsSpan(0, Math.Min(replaced.Length, good.Length - at)).CopyTo(changed.AsSpan(at));
            return changed;
        }),
        Gen.Byte.Array[1, 40].Select(more => (byte[])[.. good, .. more]),
        Gen.Select(Gen.Int[0, good.Length], Gen.Byte.Array[1, 8])
            .Select((at, inserted) => (byte[])[.. good[..at], .. inserted, .. good[at..]]),
        Gen.Const(good));
}
