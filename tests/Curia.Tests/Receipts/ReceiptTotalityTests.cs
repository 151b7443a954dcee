using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using CsCheck;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Tests.Cryptography;
using Curia.Tests.Ledger;

namespace Curia.Tests.Receipts;

/// <summary>Any bytes give a verdict, and no changed byte gives another proof.</summary>
public sealed class ReceiptTotalityTests : IDisposable
{
    private readonly SampleLedger ledger = SampleLedger.Written();
    private readonly ReceiptVerifyOptions options;
    private readonly byte[] json;
    private readonly byte[] cose;

    public ReceiptTotalityTests()
    {
        options = new ReceiptVerifyOptions { Keys = ServiceKeys.Of(ledger.ServiceCertificate) };
        Receipt receipt = ReceiptTests.ReceiptOf(ledger, 3); // with claims
        json = Encoding.UTF8.GetBytes(receipt.ToJson());
        cose = receipt.ToCose();
    }

    public void Dispose() => ledger.Dispose();

    // A COSE receipt has no byte that could be another: what the signature does not cover leads to the root that it
    // does.
    [Theory]
    [InlineData(0x01)]
    [InlineData(0x20)]
    [InlineData(0x80)]
    public void No_flipped_byte_of_a_cose_receipt_is_accepted(byte mask)
    {
        for (int i = 0; i < cose.Length; i++)
        {
            cose[i] ^= mask;
            Assert.NotEqual((i, ReceiptVerdict.Valid), (i, ReceiptVerifier.Verify(cose, options).Verdict));
            cose[i] ^= mask;
        }
    }

    // Not covered in a JSON receipt are the case of hexadecimal digits, and the name of the field that says false of a
    // signature transaction: without it the receipt says the same. (The name of a claims digest of zeros would be a
    // third.)
    [Theory]
    [InlineData(0x01)]
    [InlineData(0x20)]
    [InlineData(0x80)]
    public void A_flipped_byte_of_a_json_receipt_is_refused_or_says_the_same(byte mask)
    {
        string text = Encoding.UTF8.GetString(json);
        const string Unread = "\"is_signature_transaction\":false";
        int unread = text.IndexOf(Unread, StringComparison.Ordinal);
        ReceiptFinding original = ReceiptVerifier.Verify(json, options).Receipts[0];
        for (int i = 0; i < json.Length; i++)
        {
            bool isLetterOfHex = mask == 0x20 && text[i] is >= 'a' and <= 'f';
            bool isUnread = i >= unread && i < unread + Unread.Length;
            json[i] ^= mask;
            ReceiptFinding finding = ReceiptVerifier.Verify(json, options).Receipts[0];
            json[i] ^= mask;
            if (finding.Verdict != ReceiptVerdict.Valid) continue;
            Assert.Equal((i, true), (i, isLetterOfHex || isUnread));
            Assert.Equal(original, finding);
        }
    }

    [Fact]
    public void Every_cut_of_a_receipt_is_refused_and_so_is_a_tail()
    {
        foreach (byte[] receipt in (byte[][])[json, cose])
        {
            for (int length = 0; length < receipt.Length; length++)
                Assert.Equal(ReceiptVerdict.Invalid, Verdict(receipt[..length]));
            Assert.Equal(ReceiptVerdict.Invalid, Verdict([.. receipt, 0]));
            Assert.Equal(ReceiptVerdict.Invalid, Verdict([.. receipt, .. receipt]));
        }
    }

    [Fact]
    public void Any_bytes_get_a_verdict_with_a_reason() =>
        Gen.OneOf(
                Gen.Byte.Array[0, 200],
                CoseSign1Tests.CborLike,
                CoseSign1Tests.Mutations(cose),
                CoseSign1Tests.Mutations(json),
                Gen.String.Select(text => Encoding.UTF8.GetBytes("{" + text)))
            .Sample(bytes =>
            {
                ReceiptReport report = ReceiptVerifier.Verify(bytes, options);
                return report.Reason.Length > 0 && report.ToJson().Length > 0 && !report.Receipts.IsEmpty;
            }, iter: 2000);

    [Fact]
    public void Any_bytes_are_claims_or_not() =>
        Gen.OneOf(
                Gen.Byte.Array[0, 100],
                CoseSign1Tests.Mutations(cose),
                CoseSign1Tests.Mutations(Encoding.UTF8.GetBytes(
                    "[{\"kind\":\"ClaimDigest\",\"digest\":{\"protocol\":\"p\",\"value\":\""
                    + new string('a', 64) + "\"}}]")))
            .Sample(bytes =>
                ApplicationClaims.TryComputeDigest(bytes, out _, out string reason) == (reason.Length == 0));

    [Fact]
    public void Any_bytes_are_keys_or_not() =>
        Gen.OneOf(
                Gen.Byte.Array[0, 100],
                CoseSign1Tests.Mutations(ledger.ServiceCertificate.Der.ToArray()),
                CoseSign1Tests.Mutations(Encoding.UTF8.GetBytes(ledger.ServiceCertificate.ToPem())))
            .Sample(bytes => ServiceKeys.TryRead(bytes, out ServiceKeys? keys) == keys is not null, iter: 2000);

    [Fact]
    public void What_is_too_deep_too_long_or_too_many_is_refused()
    {
        string receipt = Encoding.UTF8.GetString(json);
        string step = "{\"left\":\"" + new string('0', 64) + "\"}";
        int proof = receipt.IndexOf("\"proof\":[", StringComparison.Ordinal) + "\"proof\":[".Length;
        List<byte[]> files =
        [
            Encoding.UTF8.GetBytes("{\"receipt\":" + new string('[', 100_000)),
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"receipt\":", 10_000))),
            [.. json, .. Enumerable.Repeat((byte)' ', 8 * 1024 * 1024)],
            Encoding.UTF8.GetBytes(receipt.Insert(proof, string.Concat(Enumerable.Repeat(step + ",", 64)))),
            [.. Enumerable.Repeat((byte)0x81, 1_000_000)],
            [.. Enumerable.Repeat((byte)0xD2, 1_000_000)],
            [0xD2, 0x84, 0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            new byte[CoseSign1.SizeMax + 1],
        ];
        foreach (byte[] file in files) Assert.Equal(ReceiptVerdict.Invalid, Verdict(file));
    }

    [Fact]
    public void A_field_in_two_spellings_is_refused()
    {
        string receipt = Encoding.UTF8.GetString(json);
        Assert.Equal(ReceiptVerdict.Valid, Verdict(Encoding.UTF8.GetBytes(receipt)));
        string id = "\"nodeId\":\"" + new string('0', 64) + "\",";
        Assert.Equal(ReceiptVerdict.Invalid, Verdict(Encoding.UTF8.GetBytes(receipt.Insert(1, id))));
        string twice = "\"node_id\":\"" + new string('0', 64) + "\",";
        Assert.Equal(ReceiptVerdict.Invalid, Verdict(Encoding.UTF8.GetBytes(receipt.Insert(1, twice))));
    }

    private ReceiptVerdict Verdict(byte[] file) => ReceiptVerifier.Verify(file, options).Verdict;
}
