using System;
using System.Collections.Generic;
using System.Formats.Cbor;
using System.Linq;
using System.Text;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Fuzz.Seeding;

/// <summary>Receipts, statements, claims, and COSE in general.</summary>
internal static class ReceiptSeeds
{
    private const string Digits = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private static readonly EcdsaSigner signer = EcdsaSigner.Generate(new SystemEntropy());

    public static List<byte[]> Json()
    {
        string receipt = Encoding.UTF8.GetString(Reference.JsonReceipt).Trim();
        string camel = receipt.Replace("leaf_components", "leafComponents", StringComparison.Ordinal)
            .Replace("write_set_digest", "writeSetDigest", StringComparison.Ordinal)
            .Replace("node_id", "nodeId", StringComparison.Ordinal);
        return
        [
            Seeds.Text(receipt),
            Seeds.Text(camel),
            Seeds.Text($$"""{"transactionId":"2.3","receipt":{{receipt}}}"""),
            Seeds.Text($$"""{"transactionId":"2.3","applicationClaims":{{ClaimsList()}},"receipt":{{receipt}}}"""),
            Seeds.Text(OfSignature()),
            Seeds.Text($$"""
                {"leaf":"{{Digits}}","root":"{{Digits}}","nodeId":"{{Digits}}","proof":[],"signature":""}
                """),
            Seeds.Text(WithEndorsements(receipt)),
            Seeds.Text(WithAcknowledgements(receipt)),
        ];
    }

    public static List<byte[]> Cose()
    {
        Block block = Reference.Blocks[0];
        byte[] bare = Receipt.Of(block, block.Last, null).ToCose();
        return
        [
            Reference.CoseReceipt, bare, Statement(Reference.CoseReceipt), Statement(Reference.CoseReceipt, bare),
            Statement([]),
        ];
    }

    public static List<byte[]> Claims() =>
    [
        Seeds.Text(ClaimsList()),
        Seeds.Text($$"""{"applicationClaims":{{ClaimsList()}}}"""),
        Seeds.Text("[]"),
        Statement(),
        Statement(Reference.CoseReceipt),
    ];

    public static List<byte[]> Messages() =>
    [
        Reference.CoseReceipt,
        .. Reference.Blocks.Take(2).Select(block => block.Signature.CoseSignature.ToArray()),
        Statement(Reference.CoseReceipt),
        Signed(detached: true, tagged: false),
        Signed(detached: false, tagged: true),
        Header(),
        [],
    ];

    // Signed by a node for the root of the receipt, and endorsed by an owner that nobody knows.
    private static string WithAcknowledgements(string receipt)
    {
        TxId block = new(new View(2), new SeqNo(5));
        Digest network = Digest.Of("a network"u8);
        Digest root = ReceiptVerifier.Verify(Reference.JsonReceipt, new ReceiptVerifyOptions()).Receipts[0].Root!.Value;
        Acknowledgement by = Acknowledgement.Sign(signer, network, block, root);
        MemberId owner = new(Digest.Of("an owner"u8));
        byte[] endorsement = MemberMessage.Sign(
            signer, owner, MemberMessage.ProposalType, DateTimeOffset.UnixEpoch, Seeds.Text($$"""
            {"network":"{{network}}","action":"endorse_node","node_id":"{{by.Node}}","platform":"virtual",
            "owner":"{{owner}}"}
            """));
        string key = Convert.ToBase64String(by.NodeKey.Span);
        string signature = Convert.ToBase64String(by.Signature.Span);
        string node = $$"""{"key":"{{key}}","signature":"{{signature}}"}""";
        string endorsed = $$"""{{node[..^1]}},"endorsement":"{{Convert.ToBase64String(endorsement)}}"}""";
        return receipt[..^1] + $$$"""
            ,"acknowledgements":{"genesis":"{{{network}}}","txid":"{{{block}}}","nodes":[{{{node}}},{{{endorsed}}}]}}
            """;
    }

    private static string ClaimsList() => $$$"""
        [{"kind":"LedgerEntry","ledgerEntry":{"protocol":"LedgerEntryV1","collectionId":"a","contents":"b",
        "secretKey":"AAECAw=="}},{"kind":"ClaimDigest","digest":{"protocol":"p","value":"{{{Digits}}}"}}]
        """;

    private static string OfSignature()
    {
        Block block = Reference.Blocks[0];
        return Receipt.Of(block, block.Last, null).ToJson();
    }

    private static string WithEndorsements(string receipt)
    {
        string pem = Reference.ServiceCertificate.ToPem().Replace("\n", "\\n", StringComparison.Ordinal);
        return $$"""{"serviceEndorsements":["{{pem}}","{{pem}}"],""" + receipt.TrimStart()[1..];
    }

    // Algorithm, key identifier, a critical label, text labels: {1: -7, 2: [4], 4: h'…', "ccf.v1": {"txid": "2.3"}}.
    private static byte[] Header()
    {
        CborWriter writer = new(CborConformanceMode.Lax);
        writer.WriteStartMap(4);
        writer.WriteInt64(CoseSign1.AlgorithmLabel);
        writer.WriteInt64(-7);
        writer.WriteInt64(CoseSign1.CriticalLabel);
        writer.WriteStartArray(1);
        writer.WriteInt64(CoseSign1.KeyIdLabel);
        writer.WriteEndArray();
        writer.WriteInt64(CoseSign1.KeyIdLabel);
        writer.WriteByteString(Encoding.ASCII.GetBytes(Reference.ServiceCertificate.KeyDigest.ToString()));
        writer.WriteTextString("ccf.v1");
        writer.WriteStartMap(1);
        writer.WriteTextString("txid");
        writer.WriteTextString("2.3");
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static byte[] Signed(bool detached, bool tagged)
    {
        byte[] message = CoseSign1.Sign(signer, Header(), "payload"u8, detached);
        return tagged ? message : message[1..];
    }

    private static byte[] Statement(params byte[][] receipts)
    {
        CborWriter writer = new(CborConformanceMode.Lax);
        writer.WriteStartMap(1);
        writer.WriteInt64(394);
        writer.WriteStartArray(receipts.Length);
        foreach (byte[] receipt in receipts) writer.WriteByteString(receipt);
        writer.WriteEndArray();
        writer.WriteEndMap();
        return CoseSign1.Sign(signer, Header(), "statement"u8, false, receipts.Length == 0 ? [] : writer.Encode());
    }
}
