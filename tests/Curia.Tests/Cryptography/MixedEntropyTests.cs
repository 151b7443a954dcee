using System;
using System.Linq;
using Curia.Cryptography;

namespace Curia.Tests.Cryptography;

public sealed class MixedEntropyTests
{
    private sealed class Constant(byte value) : Entropy
    {
        public override void Fill(Span<byte> target) => target.Fill(value);
    }

    [Fact]
    public void Each_contribution_and_the_platform_change_everything()
    {
        byte[] first = Of(0, 1, 2);
        Assert.Equal(first, Of(0, 1, 2));
        byte[][] others = [Of(0, 2, 1), Of(0, 1, 3), Of(0, 3, 2), Of(0, 1), Of(0), Of(9, 1, 2)];
        Assert.All(others, other => Assert.NotEqual(first, other));
        Assert.Equal(first.Select(one => (byte)(one ^ 9)), Of(9, 1, 2)); // never less than the platform's own
    }

    // A platform that gives the same bytes again and again does not repeat here.
    [Fact]
    public void No_fill_repeats_another_one()
    {
        using SecretBytes contribution = new(new byte[32]);
        using MixedEntropy entropy = new(new Constant(0), [contribution]);
        byte[] all = new byte[100];
        byte[] again = new byte[100];
        entropy.Fill(all);
        entropy.Fill(again);
        Assert.NotEqual(all, again);
        Assert.Equal(3, all.Chunk(32).Take(3).Select(Convert.ToHexString).Distinct().Count());
        Assert.DoesNotContain(all.Chunk(10), part => part.All(one => one == 0));
    }

    [Fact]
    public void A_contribution_has_its_size()
    {
        using SecretBytes shorter = new(new byte[31]);
        Assert.Throws<ArgumentException>(() => new MixedEntropy(new Constant(0), [shorter]));
    }

    private static byte[] Of(byte platform, params byte[] contributions)
    {
        SecretBytes[] secrets =
            [.. contributions.Select(one => new SecretBytes(Enumerable.Repeat(one, 32).ToArray()))];
        using MixedEntropy entropy = new(new Constant(platform), secrets);
        byte[] filled = new byte[80];
        entropy.Fill(filled);
        return filled;
    }
}
