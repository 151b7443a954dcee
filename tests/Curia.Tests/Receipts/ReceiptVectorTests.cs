using System;
using System.Linq;
using System.Text.Json;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Receipts;

/// <summary>Receipts made by others get the verdict that their folder expects (vectors/receipts/README.md).</summary>
public sealed class ReceiptVectorTests
{
    private const string NoVectors = "(none found)";

    public static TheoryData<string> Cases
    {
        get
        {
            TheoryData<string> cases = [.. ReceiptCase.Names];
            if (cases.Count == 0) cases.Add(NoVectors);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_receipt_of_others_gets_the_expected_verdict(string name)
    {
        ReceiptCase vector = ReceiptCase.Read(name);
        if (vector.Kind == "acl-claims")
        {
            Assert.True(ApplicationClaims.TryComputeDigest(vector.Claims, out ClaimsDigest digest, out _));
            Assert.Equal(vector.ClaimsDigest, digest.ToString());
            return;
        }

        ReceiptReport report = ReceiptVerifier.Verify(vector.Receipt, vector.Options());
        Assert.Equal(vector.Expected.Count, report.Receipts.Length);
        foreach ((string expected, ReceiptFinding finding) in vector.Expected.Zip(report.Receipts))
            AssertVerdict(expected, finding.Verdict, finding.Reason);
        if (vector.Expected.Count == 1) AssertVerdict(vector.Expected[0], report.Verdict, report.Reason);
        if (vector.TransactionId is { } txId && report.Verdict != ReceiptVerdict.Invalid)
            Assert.Equal(txId, report.TxId?.ToString());
    }

    [Fact]
    public void One_valid_receipt_carries_a_statement_unless_all_are_asked_for()
    {
        ReceiptCase vector = ReceiptCase.Read("cose-2ts-ccf-and-mmr");
        ReceiptReport some = ReceiptVerifier.Verify(vector.Receipt, vector.Options());
        Assert.Equal(ReceiptVerdict.Valid, some.Verdict);
        Assert.Equal("138.3387", some.TxId?.ToString());
        ReceiptReport all = ReceiptVerifier.Verify(vector.Receipt, vector.Options() with { All = true });
        Assert.Equal((ReceiptVerdict.Invalid, "unsupported:vds 3"), (all.Verdict, all.Reason));
    }

    [Fact]
    public void The_transaction_of_a_receipt_is_that_of_its_evidence_and_not_of_the_signature()
    {
        ReceiptCase vector = ReceiptCase.Read("cose-uvm-0.2.10");
        TxId registration = new(new View(458), new SeqNo(12440));
        TxId signature = new(new View(458), new SeqNo(12441));
        Assert.Equal(registration, ReceiptVerifier.Verify(vector.Receipt, vector.Options()).TxId);
        ReceiptReport right = ReceiptVerifier.Verify(vector.Receipt, vector.Options() with { TxId = registration });
        ReceiptReport wrong = ReceiptVerifier.Verify(vector.Receipt, vector.Options() with { TxId = signature });
        Assert.Equal(ReceiptVerdict.Valid, right.Verdict);
        Assert.Equal(ReceiptVerdict.Invalid, wrong.Verdict);
        Assert.StartsWith("txid", wrong.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_keys_a_good_receipt_is_incomplete_and_a_bad_one_invalid()
    {
        foreach (string name in (string[])["acl-json-2.35", "cose-uvm-0.2.10"])
        {
            ReceiptReport report = ReceiptVerifier.Verify(ReceiptCase.Read(name).Receipt, new ReceiptVerifyOptions());
            Assert.Equal(ReceiptVerdict.Incomplete, report.Verdict);
        }

        foreach (string name in (string[])["neg-2.35-sigbit", "neg-cose-uvm-payload-changed"])
        {
            ReceiptReport report = ReceiptVerifier.Verify(ReceiptCase.Read(name).Receipt, new ReceiptVerifyOptions());
            Assert.Equal(ReceiptVerdict.Invalid, report.Verdict);
        }
    }

    [Fact]
    public void Every_single_byte_of_a_statement_receipt_counts()
    {
        ReceiptCase vector = ReceiptCase.Read("cose-net-sdk-receipt-only");
        byte[] receipt = vector.Receipt;
        ReceiptVerifyOptions options = vector.Options();
        for (int i = 0; i < receipt.Length; i++)
        {
            receipt[i] ^= 1;
            Assert.NotEqual(ReceiptVerdict.Valid, ReceiptVerifier.Verify(receipt, options).Verdict);
            receipt[i] ^= 1;
        }
    }

    [Fact]
    public void The_report_is_one_document_of_four_fields()
    {
        ReceiptCase vector = ReceiptCase.Read("acl-json-2.40-no-service-cert");
        string json = ReceiptVerifier.Verify(vector.Receipt, vector.Options()).ToJson();
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.Equal(["verdict", "reason", "txid", "receipts"], document.RootElement.EnumerateObject().Select(p =>
            p.Name));
        Assert.Equal("incomplete", document.RootElement.GetProperty("verdict").GetString());
        Assert.Equal("2.40", document.RootElement.GetProperty("txid").GetString());
        ReceiptCase legacy = ReceiptCase.Read("acl-json-legacy-root-only");
        using JsonDocument nameless =
            JsonDocument.Parse(ReceiptVerifier.Verify(legacy.Receipt, legacy.Options()).ToJson());
        Assert.Equal(JsonValueKind.Null, nameless.RootElement.GetProperty("txid").ValueKind);
    }

    private static void AssertVerdict(string expected, ReceiptVerdict verdict, string reason)
    {
        if (expected is "valid" or "receipt-only")
        {
            Assert.Equal((ReceiptVerdict.Valid, reason), (verdict, reason));
        }
        else if (expected is "node-only" or "root-only")
        {
            Assert.Equal((ReceiptVerdict.Incomplete, reason), (verdict, reason));
        }
        else
        {
            Assert.Equal((ReceiptVerdict.Invalid, reason), (verdict, reason));
            string about =
                expected.StartsWith("unsupported", StringComparison.Ordinal) ? expected : expected["invalid:".Length..];
            Assert.Contains(about, reason, StringComparison.Ordinal);
        }
    }
}
