using System;
using System.Buffers.Binary;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

public sealed class EntrySealingTests
{
    private static readonly byte[] SecretBytesOfTest = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly NodeId Node = new(Digest.Of("node"u8));
    private static readonly TxId Third = new(new View(2), new SeqNo(3));

    // DESIGN 5, "Keys", written out with the framework's primitives alone.
    [Fact]
    public void Every_key_and_the_sealing_are_those_of_the_page()
    {
        using LedgerSecret secret = new(new SecretBytes(SecretBytesOfTest));
        using SecretBytes dataKey = secret.DataKey();
        using SecretBytes chainKey = secret.ChainKey();
        using SecretBytes snapshotKey = secret.SnapshotKey();
        using SecretBytes indexKey = secret.IndexKey();
        Assert.Equal(Derived(SecretBytesOfTest, "curia data key"), dataKey.Reveal().ToArray());
        Assert.Equal(Derived(SecretBytesOfTest, "curia chain key"), chainKey.Reveal().ToArray());
        Assert.Equal(Derived(SecretBytesOfTest, "curia snapshot key"), snapshotKey.Reveal().ToArray());
        Assert.Equal(Derived(SecretBytesOfTest, "curia index key"), indexKey.Reveal().ToArray());
        Assert.Equal(Derived(SecretBytesOfTest, "curia ledger secret commitment"), secret.Commitment.ToArray());

        byte[] position = [0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3];
        byte[] code = HMACSHA256.HashData(Derived(SecretBytesOfTest, "curia commit evidence key"), position);
        string evidence = $"ce:2.3:{Convert.ToHexStringLower(code)}";
        Assert.Equal(evidence, secret.EvidenceFor(Third).Text);

        using EntrySealer sealer = new(secret, Node);
        ClaimsDigest claims = new(Digest.Of("claims"u8));
        byte[] entry = sealer.Seal(EntryType.WriteSet, Third, claims, "public"u8, "private"u8);
        byte[] clear =
        [
            1, 0, .. position, .. claims.Value.ToArray(), .. SHA256.HashData(Encoding.ASCII.GetBytes(evidence)),
            0, 0, 0, 6, 0, 0, 0, 23, .. "public"u8,
        ];
        Assert.Equal(clear, entry[..^23]);
        using AesGcm aes = new(Derived(dataKey.Reveal().ToArray(), "curia entry key", Node.Value.ToArray()), 16);
        byte[] plaintext = new byte[7];
        byte[] nonce = [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3];
        aes.Decrypt(nonce, entry[^23..^16], entry[^16..], plaintext, clear);
        Assert.Equal("private"u8, plaintext);
        Assert.True(LedgerEntry.TryDecode(entry, out LedgerEntry? decoded));
        Assert.Equal(SHA256.HashData(entry), decoded.WriteSetDigest.ToArray());
        Assert.Equal(
            SHA256.HashData([.. SHA256.HashData(entry), .. clear[50..82], .. claims.Value.ToArray()]),
                decoded.Leaf.ToArray());
    }

    [Fact]
    public void What_is_sealed_is_opened_and_read_back()
    {
        using LedgerSecret secret = LedgerSecret.Generate(new SeededEntropy("round trip"));
        ulong next = 1;
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Byte.Array[0, 200], Gen.Byte.Array[32]).Sample((clear, hidden,
            claimed) =>
        {
            using EntrySealer sealer = new(secret, Node);
            TxId txId = new(new View(7), new SeqNo(++next));
            ClaimsDigest claims = new(new Digest(claimed));
            byte[] bytes = sealer.Seal(EntryType.WriteSet, txId, claims, clear, hidden);
            return bytes.Length == LedgerEntry.SizeOf(clear.Length, hidden.Length)
                && LedgerEntry.TryDecode(bytes, out LedgerEntry? entry) && entry.TxId == txId && entry.Claims == claims
                && entry.Public.Span.SequenceEqual(clear) && entry.EvidenceDigest == secret.EvidenceFor(txId).Digest
                && sealer.TryOpen(entry, out byte[] opened) && opened.AsSpan().SequenceEqual(hidden);
        }, iter: 300, threads: 1);
    }

    [Fact]
    public void A_disclosed_data_key_opens_and_does_not_seal()
    {
        using LedgerSecret secret = LedgerSecret.Generate(new SeededEntropy("disclosed"));
        using EntrySealer sealer = new(secret, Node);
        byte[] bytes = sealer.Seal(EntryType.WriteSet, Third, ClaimsDigest.None, "p"u8, "secret"u8);
        using SecretBytes dataKey = secret.DataKey();
        using EntrySealer auditor = new(dataKey, Node);
        Assert.True(LedgerEntry.TryDecode(bytes, out LedgerEntry? entry));
        Assert.True(auditor.TryOpen(entry, out byte[] opened));
        Assert.Equal("secret"u8, opened);
        Assert.Throws<InvariantException>(() =>
            auditor.Seal(EntryType.WriteSet, Third, ClaimsDigest.None, default, default));
    }

    [Fact]
    public void Another_node_another_secret_or_a_changed_byte_opens_nothing()
    {
        using LedgerSecret secret = LedgerSecret.Generate(new SeededEntropy("one"));
        using LedgerSecret other = LedgerSecret.Generate(new SeededEntropy("two"));
        using EntrySealer sealer = new(secret, Node);
        using EntrySealer otherNode = new(secret, new NodeId(Digest.Of("other node"u8)));
        using EntrySealer otherSecret = new(other, Node);
        byte[] bytes = sealer.Seal(EntryType.WriteSet, Third, ClaimsDigest.None, "public"u8, "private"u8);
        Assert.True(LedgerEntry.TryDecode(bytes, out LedgerEntry? entry));
        Assert.False(otherNode.TryOpen(entry, out _));
        Assert.False(otherSecret.TryOpen(entry, out _));
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 0x10;
            Assert.False(LedgerEntry.TryDecode(changed, out LedgerEntry? read)
                && sealer.TryOpen(read, out _), $"byte {i}");
        }
    }

    // DESIGN 5, "Keys": within a process a seqno is never sealed twice in a view.
    [Fact]
    public void A_seqno_is_never_sealed_twice_in_a_view()
    {
        using LedgerSecret secret = LedgerSecret.Generate(new SeededEntropy("twice"));
        using EntrySealer sealer = new(secret, Node);
        sealer.Seal(EntryType.WriteSet, Third, ClaimsDigest.None, "a"u8, default);
        Assert.Throws<InvariantException>(() =>
            sealer.Seal(EntryType.WriteSet, Third, ClaimsDigest.None, "b"u8, default));
        TxId before = new(new View(2), new SeqNo(2));
        Assert.Throws<InvariantException>(() =>
            sealer.Seal(EntryType.WriteSet, before, ClaimsDigest.None, "b"u8, default));
        sealer.Seal(EntryType.WriteSet, new TxId(new View(3), new SeqNo(2)), ClaimsDigest.None, "b"u8, default);
    }

    [Fact]
    public void Any_bytes_give_an_entry_or_a_reason()
    {
        using LedgerSecret secret = LedgerSecret.Generate(new SeededEntropy("any"));
        using EntrySealer sealer = new(secret, Node);
        byte[] good = sealer.Seal(EntryType.WriteSet, Third, ClaimsDigest.None, "public"u8, "private"u8);
        Bytes.Around(good).Sample(
            bytes => LedgerEntry.TryDecode(bytes, out LedgerEntry? entry, out string reason)
                ? entry.Bytes.Span.SequenceEqual(bytes) && reason.Length == 0
                : entry is null && reason.Length > 0,
            iter: 3000);
        Assert.False(LedgerEntry.TryDecode((byte[])[.. good, 0], out _));
    }

    [Theory]
    [InlineData(0, 2, "version")]
    [InlineData(1, 4, "type")]
    [InlineData(1, 1, "signature transaction")]
    [InlineData(1, 2, "genesis")]
    public void What_the_format_does_not_know_is_refused_by_name(int at, byte value, string word)
    {
        using LedgerSecret secret = LedgerSecret.Generate(new SeededEntropy("named"));
        using EntrySealer sealer = new(secret, Node);
        byte[] bytes = sealer.Seal(EntryType.WriteSet, Third, ClaimsDigest.None, "public"u8, "private"u8);
        bytes[at] = value;
        Assert.False(LedgerEntry.TryDecode(bytes, out _, out string reason));
        Assert.Contains(word, reason);
    }

    [Fact]
    public void An_entry_that_says_it_is_huge_costs_no_memory()
    {
        byte[] header = new byte[LedgerEntry.HeaderSize];
        header[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(82), uint.MaxValue);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(86), uint.MaxValue);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(LedgerEntry.TryDecode(header, out _, out string reason));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
        Assert.Contains("larger than", reason);
    }

    [Fact]
    public void A_ledger_secret_is_found_by_the_period_that_holds_the_seqno()
    {
        using LedgerSecret one = LedgerSecret.Generate(new SeededEntropy("1"));
        using LedgerSecret two = LedgerSecret.Generate(new SeededEntropy("2"));
        LedgerSecrets secrets = new();
        Assert.False(secrets.TryAt(new SeqNo(1), out _));
        secrets.Add(new SeqNo(1), one);
        secrets.Add(new SeqNo(100), two);
        Assert.Same(one, secrets.At(new SeqNo(99)));
        Assert.Same(two, secrets.At(new SeqNo(100)));
        Assert.Same(two, secrets.At(new SeqNo(ulong.MaxValue)));
        Assert.Throws<InvariantException>(() => secrets.Add(new SeqNo(100), one));
        Assert.Throws<InvariantException>(() => secrets.At(SeqNo.Zero));
    }

    [Fact]
    public void Commit_evidence_has_one_spelling()
    {
        using LedgerSecret secret = LedgerSecret.Generate(new SeededEntropy("evidence"));
        CommitEvidence evidence = secret.EvidenceFor(Third);
        Assert.True(CommitEvidence.TryParse(evidence.Text, out CommitEvidence? read));
        Assert.Equal(evidence, read);
        Assert.Equal(SHA256.HashData(Encoding.ASCII.GetBytes(evidence.Text)), evidence.Digest.ToArray());
        string code = evidence.Code.ToString();
        foreach (string wrong in (string[])["", "ce:", "ce:2.3", $"ce:2.3:{code}0", $"ce:2.3:{code[1..]}",
            $"ce:02.3:{code}",
            $"CE:2.3:{code}", $"ce:2.3:{code.ToUpperInvariant()}x", $"ce:2.3:{new string('A', 64)}",
                $" {evidence.Text}"])
        {
            Assert.False(CommitEvidence.TryParse(wrong, out _), wrong);
        }

        Gen.String.Sample(text => CommitEvidence.TryParse(text, out CommitEvidence? any) == any is not null, iter: 300);
    }

    private static byte[] Derived(byte[] secret, string label, params byte[] context) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, [], [.. Encoding.ASCII.GetBytes(label), 0, .. context]);
}
