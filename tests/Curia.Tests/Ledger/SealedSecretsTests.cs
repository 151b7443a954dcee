using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>What a process leaves for the next one opens with the key of the platform, whole, or not at all.
/// docs/ledger-format.md, "Sealed secrets".</summary>
public sealed class SealedSecretsTests : IDisposable
{
    private const int HeaderSize = 41;
    private const int TagSize = 16;

    private static readonly NodeId Node = new(Digest.Of("node"u8));
    private static readonly byte[] ServiceKey = [.. Enumerable.Range(1, 138).Select(i => (byte)i)];
    private static readonly (ulong From, byte[] Secret)[] Known =
        [(1, SecretOf("first")), (12, SecretOf("second")), (40, SecretOf("third"))];

    private readonly SeededEntropy entropy = new("sealed secrets");
    private readonly SecretBytes sealingKey = new(SecretOf("platform"));

    public void Dispose() => sealingKey.Dispose();

    [Fact]
    public void What_was_sealed_opens_with_the_same_key()
    {
        Assert.True(SealedSecrets.TryOpen(Sealed(), sealingKey, out SealedSecrets? opened));
        using (opened)
        {
            Assert.Equal(Node, opened.NodeId);
            Assert.Equal(ServiceKey, opened.ServiceKey.Reveal().ToArray());
            Assert.Equal(Known.Select(known => (known.From, KeyIdOf(known.From), Convert.ToHexString(known.Secret))),
                opened.Periods.Select(period => (
                    period.From.Value, period.ServiceKeyId, Convert.ToHexString(period.Secret.Reveal()))));
        }
    }

    // The page, written out with the framework's primitives alone.
    [Fact]
    public void The_file_is_that_of_the_page()
    {
        byte[] file = Sealed();
        Assert.Equal("CURIASEC\u0001"u8, file.AsSpan(0, 9));
        byte[] clear = new byte[file.Length - HeaderSize - TagSize];
        using AesGcm aes = new(KeyFor(file), TagSize);
        aes.Decrypt(new byte[12], file.AsSpan(HeaderSize..^TagSize), file.AsSpan(^TagSize..), clear,
            file.AsSpan(0, HeaderSize));
        Assert.Equal(Clear(), clear);
    }

    [Fact]
    public void Every_changed_bit_is_refused()
    {
        byte[] file = Sealed();
        for (int bit = 0; bit < 8 * file.Length; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(SealedSecrets.TryOpen(file, sealingKey, out SealedSecrets? opened),
                $"bit {bit % 8} of byte {bit / 8}");
            Assert.Null(opened);
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(SealedSecrets.TryOpen(file, sealingKey, out _));
    }

    [Fact]
    public void Nothing_may_be_cut_off_or_stand_behind()
    {
        byte[] file = Sealed();
        for (int length = 0; length < file.Length; length++)
            Assert.False(SealedSecrets.TryOpen(file.AsSpan(0, length), sealingKey, out _), $"{length} bytes");
        Assert.False(SealedSecrets.TryOpen([.. file, 0], sealingKey, out _));
    }

    [Fact]
    public void Another_sealing_key_opens_nothing()
    {
        using SecretBytes other = new(SecretOf("another platform"));
        Assert.False(SealedSecrets.TryOpen(Sealed(), other, out _));
    }

    // Header and content come from files that both open.
    [Fact]
    public void A_file_does_not_open_with_the_salt_of_another_one()
    {
        byte[] one = Sealed();
        byte[] other = Sealed();
        Assert.NotEqual(one[9..HeaderSize], other[9..HeaderSize]);
        Assert.NotEqual(one[HeaderSize..], other[HeaderSize..]);
        Assert.False(SealedSecrets.TryOpen([.. one[..HeaderSize], .. other[HeaderSize..]], sealingKey, out _));
    }

    [Fact]
    public void Nothing_secret_stands_in_the_file()
    {
        byte[] file = Sealed();
        Assert.Equal(-1, file.AsSpan().IndexOf(ServiceKey.AsSpan(0, 8)));
        Assert.All(Known, known => Assert.Equal(-1, file.AsSpan().IndexOf(known.Secret.AsSpan(0, 8))));
    }

    // Sealed with the right key, so that only the form speaks against it.
    [Theory]
    [InlineData("as it is", true)]
    [InlineData("no period", false)]
    [InlineData("a period less than it says", false)]
    [InlineData("a period more than it says", false)]
    [InlineData("a count that overflows", false)]
    [InlineData("a byte behind", false)]
    [InlineData("a byte less", false)]
    [InlineData("a longer service key", false)]
    [InlineData("nothing", false)]
    [InlineData("seqnos that stand still", false)]
    [InlineData("seqnos that go back", false)]
    [InlineData("a period from 0 on", false)]
    public void A_content_in_another_form_is_refused(string what, bool opens)
    {
        byte[] clear = Clear();
        int count = 32 + 2 + ServiceKey.Length;
        int first = count + 4;
        switch (what)
        {
            case "no period": clear = [.. clear[..count], 0, 0, 0, 0]; break;
            case "a period less than it says": clear[count + 3]++; break;
            case "a period more than it says": clear[count + 3]--; break;
            // Times the size of a period, 72, this is that of the three in 32 bits.
            case "a count that overflows": clear[count] = 0x20; break;
            case "a byte behind": clear = [.. clear, 0]; break;
            case "a byte less": clear = clear[..^1]; break;
            case "a longer service key": clear[33]++; break;
            case "nothing": clear = []; break;
            case "seqnos that stand still": clear[first + 72 + 7] = 1; break;
            case "seqnos that go back": clear[first + 2 * 72 + 7] = 11; break;
            case "a period from 0 on": clear[first + 7] = 0; break;
        }

        byte[] file = [.. Sealed()[..HeaderSize], .. clear, .. new byte[TagSize]];
        using AesGcm aes = new(KeyFor(file), TagSize);
        aes.Encrypt(new byte[12], clear, file.AsSpan(HeaderSize..^TagSize), file.AsSpan(^TagSize..),
            file.AsSpan(0, HeaderSize));
        Assert.Equal(opens, SealedSecrets.TryOpen(file, sealingKey, out _));
    }

    [Theory]
    [InlineData]
    [InlineData(3ul, 3ul)]
    [InlineData(1ul, 7ul, 6ul)]
    public void Periods_out_of_order_are_not_sealed(params ulong[] from) =>
        Assert.Throws<InvariantException>(() => Secrets([.. from.Select(seqNo => (seqNo, SecretOf("any")))]));

    [Fact]
    public void As_many_periods_as_can_be_sealed_open_and_one_more_is_not_sealed()
    {
        using SecretBytes secret = new(SecretOf("any"));
        SecretPeriod[] periods = [.. Enumerable.Range(1, SealedSecrets.PeriodsMax)
            .Select(from => new SecretPeriod(new SeqNo((ulong)from), KeyIdOf(1), secret))];
        byte[] file = new SealedSecrets(Node, secret, periods).Seal(sealingKey, entropy);
        Assert.True(SealedSecrets.TryOpen(file, sealingKey, out SealedSecrets? opened));
        using (opened) Assert.Equal(SealedSecrets.PeriodsMax, opened.Periods.Count);
        SecretPeriod more = new(SeqNo.Max, KeyIdOf(1), secret);
        Assert.Throws<InvariantException>(() => new SealedSecrets(Node, secret, [.. periods, more]));
    }

    [Fact]
    public void A_file_is_named_after_the_first_seqno_of_its_epoch_and_its_service_key()
    {
        string id = KeyIdOf(40).ToString();
        Assert.Equal($"sealed_40_{id}", SealedSecrets.FileName(new SeqNo(40), KeyIdOf(40)));
        Assert.All([$"sealed_40_{id}", $"sealed_1_{id}", $"sealed_{SeqNo.Max}_{id}"],
            name => Assert.True(SealedSecrets.IsFileName(name), name));
        Assert.All(
            [
                "", "sealed_", "sealed_40", $"sealed_40_{id[1..]}", $"sealed_40_{id}0", $"sealed_40_{id}_",
                $"sealed_40_{id}.tmp", $"sealed_40_{id.ToUpperInvariant()}", $"sealed_040_{id}", $"sealed_+40_{id}",
                $"sealed_ 40_{id}", $"sealed_-40_{id}", $"sealed__{id}", $"sealed_4x_{id}", $"Sealed_40_{id}",
                $" sealed_40_{id}", $"sealed_18446744073709551616_{id}", $"ledger_40_{id}", $"sealed_40_40_{id}",
            ],
            name => Assert.False(SealedSecrets.IsFileName(name), name));
    }

    [Fact]
    public void Secrets_are_cleared_when_they_are_disposed()
    {
        SealedSecrets secrets = Secrets(Known);
        secrets.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { secrets.ServiceKey.Reveal(); });
        foreach (SecretPeriod period in secrets.Periods)
            Assert.Throws<ObjectDisposedException>(() => { period.Secret.Reveal(); });
    }

    private static byte[] SecretOf(string name) => Digest.Of(Encoding.ASCII.GetBytes(name)).ToArray();

    private static Digest KeyIdOf(ulong from) => Digest.Of([(byte)from]);

    private static SealedSecrets Secrets(IReadOnlyList<(ulong From, byte[] Secret)> periods) => new(
        Node, new SecretBytes(ServiceKey),
        [.. periods.Select(known =>
            new SecretPeriod(new SeqNo(known.From), KeyIdOf(known.From), new SecretBytes(known.Secret)))]);

    private static byte[] Clear()
    {
        List<byte> clear = [.. Node.Value.ToArray(), 0, (byte)ServiceKey.Length, .. ServiceKey, 0, 0, 0, 3];
        foreach ((ulong from, byte[] secret) in Known)
        {
            byte[] number = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64BigEndian(number, from);
            clear.AddRange([.. number, .. KeyIdOf(from).ToArray(), .. secret]);
        }

        return [.. clear];
    }

    private byte[] Sealed()
    {
        using SealedSecrets secrets = Secrets(Known);
        return secrets.Seal(sealingKey, entropy);
    }

    private byte[] KeyFor(byte[] file) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, sealingKey.Reveal().ToArray(), 32, [],
        [.. "curia sealed secrets"u8, 0, .. file[9..HeaderSize]]);
}
