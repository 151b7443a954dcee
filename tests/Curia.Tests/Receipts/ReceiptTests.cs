using System;
using System.Formats.Cbor;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Tests.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Receipts;

public sealed class ReceiptTests
{
    [Fact]
    public void Every_transaction_has_a_receipt_in_both_forms()
    {
        using SampleLedger ledger = SampleLedger.Written();
        ReceiptVerifyOptions options = new() { Keys = ServiceKeys.Of(ledger.ServiceCertificate) };
        foreach (Block block in ledger.Blocks.Select(Decoded))
        {
            foreach (LedgerEntry entry in block.Entries.SkipLast(1))
            {
                Receipt receipt = Receipt.Of(block, entry.TxId.SeqNo, ledger.Secret.EvidenceFor(entry.TxId));
                Assert.Equal(entry.Leaf, receipt.LeafDigest);
                Assert.Equal(block.Signature.Root, receipt.Root);
                foreach (byte[] file in (byte[][])[Encoding.UTF8.GetBytes(receipt.ToJson()), receipt.ToCose()])
                {
                    ReceiptReport report = ReceiptVerifier.Verify(file, options with { TxId = entry.TxId });
                    Assert.Equal((ReceiptVerdict.Valid, entry.TxId), (report.Verdict, report.TxId!.Value));
                    ReceiptFinding finding = Assert.Single(report.Receipts);
                    Assert.Equal((entry.Claims, entry.Leaf), (finding.Claims!.Value, finding.Leaf!.Value));
                    Assert.True(finding.ProvesCommit);
                }
            }
        }
    }

    // DESIGN 5: "a receipt for a signature transaction proves signing, not commit, and is reported as such".
    [Fact]
    public void A_signature_transaction_proves_signing_and_says_so()
    {
        using SampleLedger ledger = SampleLedger.Written();
        Block block = Decoded(ledger.Blocks[1]);
        Receipt receipt = Receipt.Of(block, block.Last, null);
        Assert.True(receipt.IsSignatureTransaction);
        ReceiptVerifyOptions options = new() { Keys = ServiceKeys.Of(ledger.ServiceCertificate) };
        foreach (byte[] file in (byte[][])[Encoding.UTF8.GetBytes(receipt.ToJson()), receipt.ToCose()])
        {
            ReceiptReport report = ReceiptVerifier.Verify(file, options);
            Assert.Equal((ReceiptVerdict.Valid, null), (report.Verdict, report.TxId));
            Assert.Contains("signing, not commit", report.Reason, StringComparison.Ordinal);
            Assert.Equal(
                (false, block.Signature.Root), (report.Receipts[0].ProvesCommit, report.Receipts[0].Root!.Value));

            // It cannot answer for a transaction or for claims.
            TxId asked = new(block.View, block.Last);
            Assert.Equal(
                ReceiptVerdict.Incomplete, ReceiptVerifier.Verify(file, options with { TxId = asked }).Verdict);
            byte[] claims = "[]"u8.ToArray();
            Assert.Equal(
                ReceiptVerdict.Incomplete, ReceiptVerifier.Verify(file, options with { Claims = claims }).Verdict);
        }
    }

    [Fact]
    public void Commit_evidence_of_another_transaction_makes_no_receipt()
    {
        using SampleLedger ledger = SampleLedger.Written();
        Block block = Decoded(ledger.Blocks[1]);
        CommitEvidence other = ledger.Secret.EvidenceFor(new TxId(block.View, block.First.Next));
        Assert.Throws<InvariantException>(() => Receipt.Of(block, block.First, other));
        Assert.Throws<InvariantException>(() => Receipt.Of(block, block.First, null));
    }

    // docs/receipts.md, "With code that is not ours": the steps, with the framework alone.
    [Fact]
    public void The_framework_alone_verifies_our_json_receipt()
    {
        using SampleLedger ledger = SampleLedger.Written();
        JsonNode receipt = JsonNode.Parse(ReceiptOf(ledger, 5).ToJson())!;
        JsonNode parts = receipt["leaf_components"]!;
        byte[] evidence = SHA256.HashData(Encoding.UTF8.GetBytes((string)parts["commit_evidence"]!));
        byte[] digest = SHA256.HashData(
            [.. Hex(parts["write_set_digest"]), .. evidence, .. Hex(parts["claims_digest"])]);
        foreach (JsonNode? step in receipt["proof"]!.AsArray())
        {
            digest = SHA256.HashData(step!["left"] is { } left
                ? [.. Hex(left), .. digest]
                : [.. digest, .. Hex(step["right"])]);
        }

        using X509Certificate2 node = X509Certificate2.CreateFromPem((string)receipt["cert"]!);
        using ECDsa key = node.GetECDsaPublicKey()!;
        byte[] signature = Convert.FromBase64String((string)receipt["signature"]!);
        Assert.True(key.VerifyHash(digest, signature, DSASignatureFormat.Rfc3279DerSequence));
        Assert.Equal(
            (string)receipt["node_id"]!, Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo())));
    }

    [Fact]
    public void The_framework_alone_verifies_our_cose_receipt()
    {
        using SampleLedger ledger = SampleLedger.Written();
        Receipt receipt = ReceiptOf(ledger, 5);
        using ECDsa key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(ledger.ServiceKey.SubjectPublicKeyInfo.Span, out _);
        CoseSign1Message message = CoseMessage.DecodeSign1(receipt.ToCose());
        Assert.True(message.VerifyDetached(key, receipt.Root.ToArray()));
        Assert.True(message.UnprotectedHeaders.ContainsKey(new CoseHeaderLabel(396)));
    }

    [Fact]
    public void A_statement_with_receipts_of_two_services_is_judged_by_all_keys()
    {
        using EcdsaSigner author = EcdsaSigner.Generate(new SystemEntropy());
        Assert.True(
            CoseSign1.TryDecode(CoseSign1.Sign(author, [0xA1, 0x01, 0x26], "a statement"u8), out CoseSign1? bare));
        ClaimsDigest claims = new(Digest.Of(bare!.WithUnprotected([])));
        using SampleLedger first = Registered("first", claims, before: 0);
        using SampleLedger second = Registered("second", claims, before: 2);
        byte[] statement = bare.WithUnprotected(ReceiptsHeader(
            ReceiptOf(first, 3).ToCose(), ReceiptOf(second, 5).ToCose()));
        ServiceKeys both = ServiceKeys.Of(first.ServiceCertificate, second.ServiceCertificate);
        ReceiptVerifyOptions options = new() { Keys = both, All = true };
        Assert.Equal(ReceiptVerdict.Valid, ReceiptVerifier.Verify(statement, options).Verdict);

        // One of the receipts must be for the transaction asked for.
        TxId second5 = new(new View(2), new SeqNo(5));
        ReceiptReport asked = ReceiptVerifier.Verify(statement, options with { All = false, TxId = second5 });
        Assert.Equal((ReceiptVerdict.Valid, second5), (asked.Verdict, asked.TxId!.Value));
        TxId neither = new(new View(2), new SeqNo(9));
        Assert.StartsWith("txid", ReceiptVerifier.Verify(statement, options with { TxId = neither }).Reason,
            StringComparison.Ordinal);

        // Half of the keys: the other receipt is by nobody known.
        ReceiptVerifyOptions half = new() { Keys = ServiceKeys.Of(first.ServiceCertificate) };
        Assert.Contains("kid", ReceiptVerifier.Verify(statement, half).Reason, StringComparison.Ordinal);
        Assert.Equal(ReceiptVerdict.Incomplete, ReceiptVerifier.Verify(statement, new ReceiptVerifyOptions()).Verdict);

        // A receipt for another statement is not one for this.
        byte[] mixed =
            bare.WithUnprotected(ReceiptsHeader(ReceiptOf(first, 3).ToCose(), ReceiptOf(second, 4).ToCose()));
        Assert.Contains("claim digest", ReceiptVerifier.Verify(mixed, options).Reason, StringComparison.Ordinal);
        byte[] signature =
            bare.WithUnprotected(ReceiptsHeader(Receipt.Of(Decoded(first.Blocks[1]), new SeqNo(4), null).ToCose()));
        Assert.Contains("claim digest", ReceiptVerifier.Verify(signature, options).Reason, StringComparison.Ordinal);
    }

    // anchors/ccf.md 4.1, step 5: the identity changed by recovery, and the newer one endorses the older.
    [Fact]
    public void Service_endorsements_lead_to_the_newest_identity()
    {
        using SampleLedger ledger = SampleLedger.Written();
        using EcdsaSigner newest = EcdsaSigner.Generate(new SystemEntropy());
        using EcdsaSigner stranger = EcdsaSigner.Generate(new SystemEntropy());
        Certificate newestService = SelfSigned(newest);
        JsonNode receipt = JsonNode.Parse(ReceiptOf(ledger, 5).ToJson())!;
        receipt["service_endorsements"] = new JsonArray(Endorsed(newest, ledger.ServiceKey));
        Assert.Equal(ReceiptVerdict.Valid, VerdictOf(receipt, newestService));
        Assert.Equal(ReceiptVerdict.Valid, VerdictOf(receipt, ledger.ServiceCertificate));
        Assert.Equal(ReceiptVerdict.Invalid, VerdictOf(receipt, SelfSigned(stranger)));
        receipt["service_endorsements"] = new JsonArray(Endorsed(newest, stranger));
        Assert.Equal(ReceiptVerdict.Invalid, VerdictOf(receipt, newestService));
        receipt["service_endorsements"] = new JsonArray("not a certificate");
        Assert.Equal(ReceiptVerdict.Invalid, VerdictOf(receipt, ledger.ServiceCertificate));
    }

    [Fact]
    public void Claims_are_compared_with_the_leaf_or_fill_it()
    {
        const string Claims = """
            [{"kind":"LedgerEntry","ledgerEntry":{"collectionId":"subledger:0","contents":"text",
            "protocol":"LedgerEntryV1","secretKey":"Jde/VvaIfyrjQ/B19P+UJCBwmcrgN7sERStoyHnYO0M="}}]
            """;
        byte[] claims = Encoding.UTF8.GetBytes(Claims);
        Assert.True(ApplicationClaims.TryComputeDigest(claims, out ClaimsDigest digest, out _));
        using SampleLedger ledger = Registered("claims", digest, before: 0);
        JsonNode receipt = JsonNode.Parse(ReceiptOf(ledger, 3).ToJson())!;
        byte[] others = Encoding.UTF8.GetBytes(Claims.Replace("text", "test", StringComparison.Ordinal));
        Assert.Equal(ReceiptVerdict.Valid, VerdictOf(receipt, ledger.ServiceCertificate, claims));
        Assert.Equal(ReceiptVerdict.Invalid, VerdictOf(receipt, ledger.ServiceCertificate, others));
        Assert.Equal(ReceiptVerdict.Invalid, VerdictOf(receipt, ledger.ServiceCertificate, "nonsense"u8.ToArray()));
        receipt["leaf_components"]!.AsObject().Remove("claims_digest");
        Assert.Equal(ReceiptVerdict.Valid, VerdictOf(receipt, ledger.ServiceCertificate, claims));
        Assert.Equal(ReceiptVerdict.Invalid, VerdictOf(receipt, ledger.ServiceCertificate, others));
        Assert.Equal(ReceiptVerdict.Invalid, VerdictOf(receipt, ledger.ServiceCertificate));

        // The envelope of Azure Confidential Ledger reveals claims beside the receipt.
        JsonObject envelope = new() { ["transactionId"] = "2.3", ["receipt"] = receipt.DeepClone() };
        envelope["applicationClaims"] = JsonNode.Parse(claims);
        Assert.Equal(ReceiptVerdict.Valid, VerdictOf(envelope, ledger.ServiceCertificate));
        envelope["transactionId"] = "2.4";
        Assert.Equal(ReceiptVerdict.Invalid, VerdictOf(envelope, ledger.ServiceCertificate));
    }

    [Fact]
    public void Critical_labels_that_are_not_known_are_refused()
    {
        using SampleLedger ledger = SampleLedger.Written();
        Receipt receipt = ReceiptOf(ledger, 5);
        Assert.True(CoseSign1.TryDecode(receipt.ToCose(), out CoseSign1? good));
        foreach ((string critical, ReceiptVerdict expected) in new[]
        {
            ("8119018b", ReceiptVerdict.Valid), ("811863", ReceiptVerdict.Invalid), ("80", ReceiptVerdict.Invalid),
            ("01", ReceiptVerdict.Invalid),
        })
        {
            byte[] header = Convert.FromHexString(
                "a40126" + "02" + critical + "045840"
                + Convert.ToHexString(Encoding.ASCII.GetBytes(ledger.ServiceCertificate.KeyDigest.ToString()))
                + "19018b02");
            byte[] message = CoseSign1.Sign(
                ledger.ServiceKey, header, receipt.Root.ToArray(), true, good!.Unprotected.Encoded.Span);
            ReceiptVerifyOptions options = new() { Keys = ServiceKeys.Of(ledger.ServiceCertificate) };
            Assert.Equal((critical, expected), (critical, ReceiptVerifier.Verify(message, options).Verdict));
        }
    }

    [Fact]
    public void Keys_are_read_from_every_usual_file()
    {
        using SampleLedger ledger = SampleLedger.Written();
        Certificate service = ledger.ServiceCertificate;
        string publicKey = PemEncoding.WriteString("PUBLIC KEY", service.SubjectPublicKeyInfo.Span);
        byte[][] files =
        [
            service.Der.ToArray(),
            Encoding.UTF8.GetBytes(service.ToPem()),
            Encoding.UTF8.GetBytes("Subject: one\n" + publicKey + "\nand another\n" + ledger.NodeCertificate.ToPem()),
        ];
        foreach (byte[] file in files)
        {
            Assert.True(ServiceKeys.TryRead(file, out ServiceKeys? keys));
            Assert.True(keys!.TryFind(service.KeyDigest, out _));
            Assert.True(keys.HaveSigned(ledger.NodeCertificate));
        }

        foreach (string text in (string[])["", "text", "{\"keys\":[]}", ledger.NodeKey.ExportPem()])
            Assert.False(ServiceKeys.TryRead(Encoding.UTF8.GetBytes(text), out _), text);
    }

    [Fact]
    public void A_file_of_more_beginnings_than_keys_is_not_searched()
    {
        using SampleLedger ledger = SampleLedger.Written();
        string beginnings = string.Concat(Enumerable.Repeat("-----BEGIN A-----\n", ServiceKeys.KeysMax - 1));
        string pem = ledger.ServiceCertificate.ToPem();
        Assert.True(ServiceKeys.TryRead(Encoding.UTF8.GetBytes(beginnings + pem), out _));
        Assert.False(ServiceKeys.TryRead(Encoding.UTF8.GetBytes(beginnings + pem + pem), out _));
        Assert.False(Certificate.TryFromPem(pem + pem, out _));
    }

    internal static Block Decoded(SealedBlock sealedBlock)
    {
        Assert.True(Block.TryDecode(sealedBlock.Bytes, out Block? block));
        return block!;
    }

    internal static Receipt ReceiptOf(SampleLedger ledger, ulong seqNo)
    {
        SealedBlock holder = ledger.Blocks.First(block => block.Last.Value >= seqNo);
        TxId txId = new(holder.View, new SeqNo(seqNo));
        return Receipt.Of(Decoded(holder), txId.SeqNo, ledger.Secret.EvidenceFor(txId));
    }

    private static ReceiptVerdict VerdictOf(JsonNode receipt, Certificate service, byte[]? claims = null) =>
        ReceiptVerifier.Verify(
            Encoding.UTF8.GetBytes(receipt.ToJsonString()),
            new ReceiptVerifyOptions { Keys = ServiceKeys.Of(service), Claims = claims ?? [] }).Verdict;

    private static byte[] Hex(JsonNode? node) => Convert.FromHexString((string)node!);

    // Genesis, some transactions, and then the one with the claims.
    private static SampleLedger Registered(string seed, ClaimsDigest claims, int before)
    {
        SampleLedger ledger = new(seed);
        ledger.WriteGenesis();
        OpenBlock open = new(new View(2), ledger.Last.SeqNo.Next);
        for (int i = 0; i <= before; i++)
        {
            open.Add(
                new TxId(open.View, open.Next),
                EntryType.WriteSet,
                i == before ? claims : ClaimsDigest.None,
                "x"u8.ToArray(),
                ReadOnlyMemory<byte>.Empty);
        }

        ledger.Seal(open);
        return ledger;
    }

    private static byte[] ReceiptsHeader(params byte[][] receipts)
    {
        CborWriter writer = new();
        writer.WriteStartMap(1);
        writer.WriteInt32(394);
        writer.WriteStartArray(receipts.Length);
        foreach (byte[] receipt in receipts) writer.WriteByteString(receipt);
        writer.WriteEndArray();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static Certificate SelfSigned(Signer key)
    {
        byte[] der = CertificateAuthority.SelfSigned(
            key, "Newest Service", SampleLedger.Start, SampleLedger.Start.AddYears(1), new SystemEntropy());
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        return certificate!;
    }

    private static string Endorsed(Signer by, Signer older)
    {
        byte[] der = CertificateAuthority.Issue(
            by, SelfSigned(by), older.SubjectPublicKeyInfo.Span, "Older Service", [],
            SampleLedger.Start, SampleLedger.Start.AddYears(1), new SystemEntropy());
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        return certificate!.ToPem();
    }
}
