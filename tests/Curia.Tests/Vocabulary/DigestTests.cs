using System;
using System.Security.Cryptography;
using Curia.Vocabulary;

namespace Curia.Tests.Vocabulary;

/// <summary>Digests are those of the framework, whichever way they are made (decision 12).</summary>
public sealed class DigestTests
{
    [Fact]
    public void Every_length_hashes_as_in_the_framework()
    {
        byte[] bytes = new byte[1100];
        new Random(12).NextBytes(bytes);
        for (int length = 0; length <= bytes.Length; length++)
            Assert.Equal(SHA256.HashData(bytes.AsSpan(0, length)), BytesOf(Digest.Of(bytes.AsSpan(0, length))));
    }

    [Fact]
    public void A_pair_hashes_as_its_bytes_put_together()
    {
        Digest left = Digest.Of("left"u8);
        Digest right = Digest.Of("right"u8);
        Assert.Equal(SHA256.HashData([.. BytesOf(left), .. BytesOf(right)]), BytesOf(Digest.OfPair(left, right)));
        Assert.NotEqual(Digest.OfPair(left, right), Digest.OfPair(right, left));
    }

    [Fact]
    public void Threads_do_not_disturb_each_other()
    {
        byte[] bytes = new byte[256];
        Digest expected = Digest.Of(bytes);
        System.Threading.Tasks.Parallel.For(0, 10_000, _ => Assert.Equal(expected, Digest.Of(bytes)));
    }

    private static byte[] BytesOf(Digest digest)
    {
        byte[] bytes = new byte[Digest.Size];
        digest.CopyTo(bytes);
        return bytes;
    }
}
