using System;
using System.Collections.Generic;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Fuzz.Targets;

/// <summary>What a client is given and verifies: receipts, claims, keys.</summary>
internal static class ReceiptTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("receipt-json", ["ReceiptVerifier.Verify"], TryReceipt),
        new("receipt-cose", ["ReceiptVerifier.Verify"], TryReceipt),
        new("claims", ["ApplicationClaims.TryComputeDigest"], TryClaims),
    ];

    private static void TryReceipt(ReadOnlyMemory<byte> input)
    {
        ReceiptReport unpinned = Verify(input, new ReceiptVerifyOptions());
        Must.Hold(unpinned.Verdict != ReceiptVerdict.Valid, "without a key nothing is valid");
        ReceiptReport report = Verify(input, new ReceiptVerifyOptions { Keys = Reference.Keys });
        ReceiptReport again = Verify(input, new ReceiptVerifyOptions { Keys = Reference.Keys });
        Must.Hold(report.ToJson() == again.ToJson(), "the same file has the same verdict");
        Must.Hold(report.Verdict != ReceiptVerdict.Valid || unpinned.Verdict == ReceiptVerdict.Incomplete,
            "what is valid with a key lacks nothing but the key");
        foreach (ReceiptFinding finding in report.Receipts)
        {
            if (finding.Verdict == ReceiptVerdict.Valid) CheckGenuine(finding);
        }

        TxId other = new(new View(7), new SeqNo(7));
        ReceiptReport asked = Verify(input, new ReceiptVerifyOptions { Keys = Reference.Keys, TxId = other });
        Must.Hold(asked.Verdict != ReceiptVerdict.Valid, "no receipt is valid for a transaction that there is not");
        ReceiptReport acknowledged = Verify(
            input, new ReceiptVerifyOptions { Diversity = new ReceiptDiversity(1, 1, [Reference.ServiceCertificate]) });
        Must.Hold(acknowledged.Verdict != ReceiptVerdict.Valid, "nobody who is believed owns a node");
        ReceiptReport all = Verify(input, new ReceiptVerifyOptions { Keys = Reference.Keys, All = true });
        Must.Hold(all.Verdict != ReceiptVerdict.Valid || report.Verdict == ReceiptVerdict.Valid,
            "who asks for all is not told more");
    }

    private static void CheckGenuine(ReceiptFinding finding)
    {
        Must.Hold(finding.Root is { } root && Reference.Roots.Contains(root), "a valid root was signed");
        if (!finding.ProvesCommit) return;
        Must.Hold(finding.TxId is { } txId && Reference.Entries.TryGetValue(txId, out LedgerEntry? entry)
            && entry.Leaf == finding.Leaf && entry.Claims == finding.Claims,
            "a valid receipt is of an entry of the ledger");
    }

    private static void TryClaims(ReadOnlyMemory<byte> input)
    {
        bool read = ApplicationClaims.TryComputeDigest(input, out ClaimsDigest digest, out string reason);
        Must.Hold(read == (reason.Length == 0), "claims have a reason when they are refused and none otherwise");
        Must.Hold(read || digest == ClaimsDigest.None, "what is no claim has no digest");
        if (CoseSign1.TryDecode(input, out CoseSign1? statement))
        {
            byte[] bare = statement!.WithUnprotected([]);
            Must.Hold(read && digest.Value == Digest.Of(bare), "a statement is hashed without its unprotected header");
            Must.Hold(ApplicationClaims.TryComputeDigest(bare, out ClaimsDigest same, out _) && same == digest,
                "the unprotected header changes no digest");
        }

        if (input.IsEmpty) return; // no claims given: not asked
        ReceiptReport report = Verify(
            Reference.JsonReceipt, new ReceiptVerifyOptions { Keys = Reference.Keys, Claims = input });
        bool bound = read && report.TxId is { } txId && Reference.Entries[txId].Claims == digest;
        Must.Hold(report.Verdict != ReceiptVerdict.Valid || bound, "a receipt is valid for the claims that it binds");
    }

    private static ReceiptReport Verify(ReadOnlyMemory<byte> receipt, ReceiptVerifyOptions options)
    {
        ReceiptReport report = ReceiptVerifier.Verify(receipt, options);
        Must.Hold(report.Reason.Length > 0, "a verdict has a reason");
        using JsonDocument json = JsonDocument.Parse(report.ToJson());
        Must.Hold(json.RootElement.GetProperty("verdict").GetString() == ReceiptReport.Name(report.Verdict),
            "a report is printed as it is");
        return report;
    }
}
