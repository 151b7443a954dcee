using System;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Curia.Cryptography;

namespace Curia.Tests.Ledger;

/// <summary>SHA-256(seed ‖ counter), block after block: the same keys in every run.</summary>
internal sealed class SeededEntropy(string seed) : Entropy
{
    private ulong counter;

    public override void Fill(Span<byte> target)
    {
        byte[] input = [.. Encoding.UTF8.GetBytes(seed), .. new byte[8]];
        while (!target.IsEmpty)
        {
            BinaryPrimitives.WriteUInt64BigEndian(input.AsSpan(^8..), counter++);
            byte[] block = SHA256.HashData(input);
            int size = Math.Min(block.Length, target.Length);
            block.AsSpan(0, size).CopyTo(target);
            target = target[size..];
        }
    }
}
