using System;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Curia.Cryptography;

namespace Curia.Simulation;

/// <summary>Entropy that repeats: SHA-256 over the seed and a counter.</summary>
internal sealed class SeededEntropy : Entropy
{
    private readonly byte[] seedAndCounter = new byte[16];
    private readonly byte[] block = new byte[SHA256.HashSizeInBytes];
    private ulong counter;
    private int used = SHA256.HashSizeInBytes;

    public SeededEntropy(ulong seed) => BinaryPrimitives.WriteUInt64BigEndian(seedAndCounter, seed);

    public override void Fill(Span<byte> target)
    {
        foreach (ref byte b in target)
        {
            if (used == block.Length) Refill();
            b = block[used++];
        }
    }

    private void Refill()
    {
        BinaryPrimitives.WriteUInt64BigEndian(seedAndCounter.AsSpan(8), counter++);
        SHA256.HashData(seedAndCounter, block);
        used = 0;
    }
}
