using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Formats.Cbor;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Curia.Tests.Architecture;

namespace Curia.Tests.Ledger;

/// <summary>Reads the old ledger as the page says, with the framework's primitives and none of our code, and holds the
/// example of the page to it.</summary>
public sealed class LedgerFormatPageTests
{
    private const int ChunkHeader = 17;
    private const int BlockHeader = 61;
    private const int EntryHeader = 90;

    private readonly OldLedger old = OldLedger.Read("format-1");
    private readonly List<string> lines = [];

    [Fact]
    public void The_worked_example_of_the_page_is_computed_again()
    {
        byte[] file = old.Chunks[0].Bytes;
        byte[] secret = old.Hex("ledger_secret");
        int genesisLength = (int)U32(file, ChunkHeader + 1);
        int block = ChunkHeader + genesisLength;
        Line("genesis digest", SHA256.HashData(file.AsSpan(ChunkHeader, genesisLength)));
        Line($"block header at {block}", file[block..(block + BlockHeader)]);
        byte[] nodeId = file[(block + 29)..(block + BlockHeader)];

        int entry = block + BlockHeader;
        byte[] leaf3 = Entry(file, entry, secret, nodeId, out int next);
        byte[] leaf4 = LeafOf(file[next..(next + LengthOf(file, next))]);
        Line("leaf 2.4", leaf4);

        byte[] leaf1 = LeafOf(file[(ChunkHeader + BlockHeader)..(ChunkHeader + BlockHeader + LengthOf(file, ChunkHeader
            + BlockHeader))]);
        int genesisSignature = ChunkHeader + BlockHeader + LengthOf(file, ChunkHeader + BlockHeader);
        byte[] leaf2 = LeafOf(file[genesisSignature..block]);
        byte[] peak = Pair(new byte[32], leaf1);
        byte[] root = Pair(Pair(peak, Pair(leaf2, leaf3)), leaf4);
        Line("leaf 2.1", leaf1);
        Line("leaf 2.2", leaf2);
        Line("root", root);
        Signature(file, next + LengthOf(file, next), root, [.. peak, .. leaf2]);

        string example = string.Join('\n', lines);
        string page = Repository.Read("docs/ledger-format.md").ReplaceLineEndings("\n");
        Assert.True(page.Contains($"```\n{example}\n```", StringComparison.Ordinal),
            $"The page should say:\n{example}");
    }

    // Keys, sealing, commit evidence and leaf of the entry 2.3.
    private byte[] Entry(byte[] file, int at, byte[] secret, byte[] nodeId, out int next)
    {
        byte[] entry = file[at..(at + LengthOf(file, at))];
        next = at + entry.Length;
        byte[] dataKey = Derived(secret, "curia data key", []);
        byte[] entryKey = Derived(dataKey, "curia entry key", nodeId);
        byte[] evidenceKey = Derived(secret, "curia commit evidence key", []);
        int publicLength = (int)U32(entry, 82);
        int privateLength = (int)U32(entry, 86);
        byte[] associated = entry[..(EntryHeader + publicLength)];
        byte[] nonce = [.. entry[6..10], .. entry[10..18]];
        byte[] plaintext = new byte[privateLength - 16];
        using (AesGcm aes = new(entryKey, 16))
        {
            aes.Decrypt(nonce, entry.AsSpan(associated.Length, plaintext.Length), entry.AsSpan(^16..), plaintext,
                associated);
        }

        string evidence = $"ce:2.3:{Convert.ToHexStringLower(HMACSHA256.HashData(evidenceKey, entry.AsSpan(2, 16)))}";
        byte[] evidenceDigest = SHA256.HashData(Encoding.ASCII.GetBytes(evidence));
        Assert.Equal(evidenceDigest, entry[50..82]);
        Assert.Equal(SHA256.HashData("claims of 2.3"u8), entry[18..50]);
        Line("ledger secret", secret);
        Line("data key", dataKey);
        Line("entry key", entryKey);
        Line("commit evidence key", evidenceKey);
        Line($"entry 2.3 at {at}", entry);
        Line("nonce", nonce);
        Line("private part, opened", plaintext);
        lines.Add($"{"commit evidence",-24}{evidence}");
        Line("evidence digest", evidenceDigest);
        Line("write set digest", SHA256.HashData(entry));
        byte[] leaf = LeafOf(entry);
        Line("leaf 2.3", leaf);
        return leaf;
    }

    // The signature transaction 2.5: both signatures over the root, and the frontier before the block.
    private void Signature(byte[] file, int at, byte[] root, byte[] peaks)
    {
        int offset = at + EntryHeader;
        Assert.Equal(1, file[offset]);
        Assert.Equal(root, file[(offset + 1)..(offset + 33)]);
        offset += 33;
        byte[] certificate = Counted(file, ref offset);
        byte[] nodeSignature = Counted(file, ref offset);
        byte[] cose = Counted(file, ref offset);
        byte[] frontier = [0, 0, 0, 0, 0, 0, 0, 3, 2, .. peaks];
        Assert.Equal(frontier, file[offset..(offset + frontier.Length)]);
        Assert.Equal(file.Length, offset + frontier.Length);

        using X509Certificate2 node = X509CertificateLoader.LoadCertificate(certificate);
        Assert.Equal(old.One("node_id"),
            Convert.ToHexStringLower(SHA256.HashData(node.PublicKey.ExportSubjectPublicKeyInfo())));
        using ECDsa nodeKey = node.GetECDsaPublicKey()!;
        Assert.True(nodeKey.VerifyHash(root, nodeSignature));
        using X509Certificate2 service = X509CertificateLoader.LoadCertificate(old.BytesOf("service_cert.pem"));
        using ECDsa serviceKey = service.GetECDsaPublicKey()!;
        CoseSign1Message message = CoseMessage.DecodeSign1(cose);
        Assert.True(message.VerifyDetached(serviceKey, root));
        Line($"head of 2.5 at {at}", file[at..(at + EntryHeader)]);
        Line("node signature", nodeSignature);
        Line("service signature", cose);
        Line("protected header", message.RawProtectedHeaders.ToArray());
        Line("frontier", frontier);
        Assert.Equal(2, new CborReader(message.ProtectedHeaders[new CoseHeaderLabel(395)].EncodedValue).ReadInt32());
    }

    private static byte[] LeafOf(byte[] entry) =>
        SHA256.HashData([.. SHA256.HashData(entry), .. entry[50..82], .. entry[18..50]]);

    private static byte[] Pair(byte[] left, byte[] right) => SHA256.HashData([.. left, .. right]);

    private static int LengthOf(byte[] file, int at) => (int)(EntryHeader + U32(file, at + 82) + U32(file, at + 86));

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));

    private static byte[] Counted(byte[] file, ref int offset)
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(offset));
        offset += 2 + length;
        return file[(offset - length)..offset];
    }

    private static byte[] Derived(byte[] secret, string label, byte[] context) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, [], [.. Encoding.ASCII.GetBytes(label), 0, .. context]);

    private void Line(string name, byte[] value)
    {
        foreach (char[] chunk in Convert.ToHexStringLower(value).Chunk(64))
        {
            lines.Add($"{name,-24}{new string(chunk)}");
            name = "";
        }
    }
}
