using System;
using System.Linq;
using System.Security.Cryptography;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>Whoever has the newest ledger secret has those before it, and nobody else has. docs/ledger-format.md,
/// "Keys".</summary>
public sealed class WrappedSecretTests : IDisposable
{
    private static readonly SeqNo From = new(0x0102_0304_0506);

    private readonly LedgerSecret older = LedgerSecret.Generate(new SeededEntropy("older"));
    private readonly LedgerSecret newer = LedgerSecret.Generate(new SeededEntropy("newer"));

    public void Dispose()
    {
        older.Dispose();
        newer.Dispose();
    }

    [Fact]
    public void The_newer_secret_gives_the_older_one_back()
    {
        Assert.True(newer.TryUnwrap(From, newer.Wrap(From, older), out LedgerSecret? unwrapped));
        using (unwrapped)
        {
            using SecretBytes expected = older.Export();
            using SecretBytes actual = unwrapped.Export();
            Assert.Equal(expected.Reveal().ToArray(), actual.Reveal().ToArray());
            Assert.Equal(older.Commitment, unwrapped.Commitment);
        }
    }

    // The page, written out with the framework's primitives alone.
    [Fact]
    public void A_wrapped_secret_is_that_of_the_page()
    {
        byte[] wrapped = newer.Wrap(From, older);
        Assert.Equal(LedgerSecret.WrappedSize, wrapped.Length);
        using SecretBytes own = newer.Export();
        using SecretBytes expected = older.Export();
        byte[] key = HKDF.DeriveKey(
            HashAlgorithmName.SHA256, own.Reveal().ToArray(), 32, [], [.. "curia chain key"u8, 0]);
        byte[] clear = new byte[LedgerSecret.Size];
        using AesGcm aes = new(key, 16);
        aes.Decrypt(new byte[12], wrapped.AsSpan(..^16), wrapped.AsSpan(^16..), clear, [0, 0, 1, 2, 3, 4, 5, 6]);
        Assert.Equal(expected.Reveal().ToArray(), clear);
    }

    [Fact]
    public void Every_changed_bit_is_refused()
    {
        byte[] wrapped = newer.Wrap(From, older);
        for (int bit = 0; bit < 8 * wrapped.Length; bit++)
        {
            byte[] changed = [.. wrapped];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(newer.TryUnwrap(From, changed, out LedgerSecret? unwrapped), $"bit {bit}");
            Assert.Null(unwrapped);
        }
    }

    [Fact]
    public void Another_length_is_refused()
    {
        byte[] wrapped = newer.Wrap(From, older);
        for (int length = 0; length < wrapped.Length; length++)
            Assert.False(newer.TryUnwrap(From, wrapped.AsSpan(0, length), out _), $"{length} bytes");
        Assert.False(newer.TryUnwrap(From, [.. wrapped, 0], out _));
    }

    [Fact]
    public void Another_secret_opens_nothing_and_another_period_is_not_taken_for_it()
    {
        byte[] wrapped = newer.Wrap(From, older);
        using LedgerSecret stranger = LedgerSecret.Generate(new SeededEntropy("stranger"));
        Assert.False(stranger.TryUnwrap(From, wrapped, out _));
        Assert.False(older.TryUnwrap(From, wrapped, out _));
        Assert.False(newer.TryUnwrap(From.Next, wrapped, out _));
        Assert.False(newer.TryUnwrap(SeqNo.Zero, wrapped, out _));
    }

    [Fact]
    public void A_chain_of_wrapped_secrets_leads_from_the_newest_to_the_first()
    {
        LedgerSecret[] all = [.. Enumerable.Range(0, 5)
            .Select(i => LedgerSecret.Generate(new SeededEntropy($"secret {i}")))];
        byte[][] wrapped = [.. Enumerable.Range(0, 4).Select(i => all[i + 1].Wrap(new SeqNo((ulong)i + 1), all[i]))];
        LedgerSecret known = all[4];
        for (int i = 3; i >= 0; i--)
        {
            Assert.True(known.TryUnwrap(new SeqNo((ulong)i + 1), wrapped[i], out LedgerSecret? before));
            Assert.Equal(all[i].Commitment, before.Commitment);
            known.Dispose();
            known = before;
        }

        known.Dispose();
        Array.ForEach(all, secret => secret.Dispose());
    }
}
