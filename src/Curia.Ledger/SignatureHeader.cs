using System;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Text;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The protected header of the COSE_Sign1 in a signature transaction: the CCF profile of COSE receipts
/// (anchors: draft-ietf-scitt-receipts-ccf-profile) and our own label <c>curia.v1</c>.</summary>
/// <param name="Curve">The curve of the service key; it decides the COSE algorithm.</param>
/// <param name="KeyId">SHA-256 of the service key's SubjectPublicKeyInfo; written as 64 hexadecimal digits.</param>
/// <param name="Issuer">CWT claim 1.</param>
/// <param name="Subject">CWT claim 2.</param>
/// <param name="TxId">The signature transaction itself.</param>
/// <param name="Committed">The highest TxID that the signing node knew as committed.</param>
/// <param name="Time">The time of signing as the node saw it, in whole milliseconds.</param>
public sealed record SignatureHeader(
    SigningCurve Curve, Digest KeyId, string Issuer, string Subject, TxId TxId, TxId Committed, DateTimeOffset Time)
{
    /// <summary>The digest of the acknowledgements that the record has behind it; null where it has none.</summary>
    public Digest? Acknowledgements { get; init; }

    /// <summary>The longest issuer or subject in bytes of UTF-8; both are names and no documents.</summary>
    public const int NameBytesMax = 256;

    private const long CoseAlgorithm = 1;
    private const long CoseKeyId = 4;
    private const long CwtClaims = 15; // RFC 9597
    private const long VerifiableDataStructure = 395; // draft-ietf-cose-merkle-tree-proofs
    private const int CcfLedgerSha256 = 2;
    private const string AcknowledgementsName = "acknowledgements";

    // Every field at its longest, with the names; nothing longer is looked at.
    private const int BytesMax = 1024;

    /// <summary>Deterministic CBOR (RFC 8949 section 4.2.1).</summary>
    public byte[] Encode()
    {
        long milliseconds = Time.ToUnixTimeMilliseconds();
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteStartMap(6);
        writer.WriteInt64(CoseAlgorithm);
        writer.WriteInt64(CoseSign1.AlgorithmOf(Curve));
        writer.WriteInt64(CoseKeyId);
        writer.WriteByteString(Encoding.ASCII.GetBytes(KeyId.ToString()));
        writer.WriteInt64(CwtClaims);
        writer.WriteStartMap(3);
        writer.WriteInt32(1);
        writer.WriteTextString(Issuer);
        writer.WriteInt32(2);
        writer.WriteTextString(Subject);
        writer.WriteInt32(6);
        writer.WriteInt64(milliseconds / 1000);
        writer.WriteEndMap();
        writer.WriteInt64(VerifiableDataStructure);
        writer.WriteInt32(CcfLedgerSha256);
        writer.WriteTextString("ccf.v1");
        writer.WriteStartMap(1);
        writer.WriteTextString("txid");
        writer.WriteTextString(TxId.ToString());
        writer.WriteEndMap();
        writer.WriteTextString("curia.v1");
        writer.WriteStartMap(Acknowledgements is null ? 2 : 3);
        writer.WriteTextString("time");
        writer.WriteInt64(milliseconds);
        writer.WriteTextString("committed");
        writer.WriteTextString(Committed.ToString());
        if (Acknowledgements is { } acknowledgements)
        {
            writer.WriteTextString(AcknowledgementsName);
            writer.WriteByteString(acknowledgements.ToArray());
        }

        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>Reads a protected header that <see cref="Encode"/> could have written, and no other.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out SignatureHeader? header)
    {
        header = null;
        if (bytes.Length > BytesMax) return false;
        try
        {
            SignatureHeader? read = Read(new CborReader(bytes, CborConformanceMode.Canonical));
            // One value has one encoding: whatever the reader let pass (another order, an unknown label) differs here.
            if (read is null || !read.Encode().AsSpan().SequenceEqual(bytes.Span)) return false;
            header = read;
            return true;
        }
        catch (Exception e) when (
            e is CborContentException or InvalidOperationException or OverflowException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Whether issuer and subject have a size that a header can hold.</summary>
    internal static bool AreNames(string issuer, string subject) => IsName(issuer) && IsName(subject);

    private static bool IsName(string name) => Encoding.UTF8.GetByteCount(name) is > 0 and <= NameBytesMax;

    // The order of labels is that of the encoding; any other order leaves a mismatch, which is a refusal.
    private static SignatureHeader? Read(CborReader reader)
    {
        if (reader.ReadStartMap() != 6 || reader.ReadInt64() != CoseAlgorithm) return null;
        SigningCurve? curve = reader.ReadInt64() switch
        {
            -7 => SigningCurve.P256,
            -35 => SigningCurve.P384,
            -36 => SigningCurve.P521,
            _ => null,
        };
        if (reader.ReadInt64() != CoseKeyId) return null;
        string keyIdText = Encoding.ASCII.GetString(reader.ReadByteString());
        if (reader.ReadInt64() != CwtClaims || reader.ReadStartMap() != 3 || reader.ReadInt64() != 1) return null;
        string issuer = reader.ReadTextString();
        if (reader.ReadInt64() != 2) return null;
        string subject = reader.ReadTextString();
        if (reader.ReadInt64() != 6) return null;
        reader.ReadInt64(); // issued at, in seconds: again in milliseconds below
        reader.ReadEndMap();
        if (reader.ReadInt64() != VerifiableDataStructure || reader.ReadInt64() != CcfLedgerSha256) return null;
        if (reader.ReadTextString() != "ccf.v1" || reader.ReadStartMap() != 1 || reader.ReadTextString() != "txid")
            return null;
        string txIdText = reader.ReadTextString();
        reader.ReadEndMap();
        if (reader.ReadTextString() != "curia.v1" || reader.ReadStartMap() is not { } count || count is not (2 or 3)
            || reader.ReadTextString() != "time")
        {
            return null;
        }

        DateTimeOffset time = DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadInt64());
        if (reader.ReadTextString() != "committed") return null;
        string committedText = reader.ReadTextString();
        Digest? acknowledgements = null;
        if (count == 3)
        {
            if (reader.ReadTextString() != AcknowledgementsName) return null;
            byte[] digest = reader.ReadByteString();
            if (digest.Length != Digest.Size) return null;
            acknowledgements = new Digest(digest);
        }

        reader.ReadEndMap();
        reader.ReadEndMap();
        return curve is not null && Digest.TryParseHex(keyIdText, out Digest keyId) && AreNames(issuer, subject)
            && TxId.TryParse(txIdText, out TxId txId) && TxId.TryParse(committedText, out TxId committed)
            && time >= DateTimeOffset.UnixEpoch && reader.BytesRemaining == 0
            ? new SignatureHeader(curve.Value, keyId, issuer, subject, txId, committed, time)
            {
                Acknowledgements = acknowledgements,
            }
            : null;
    }
}
