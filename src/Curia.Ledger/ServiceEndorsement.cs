using System;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Text;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>What a service key says once, at the end of its epoch: the next service key goes on from here. Whoever
/// pinned the older identity follows it to the next one.</summary>
/// <remarks>A COSE_Sign1 whose detached payload is the SubjectPublicKeyInfo of the newer key. Immutable; any thread.
/// docs/ledger-format.md, "Epoch".</remarks>
public sealed class ServiceEndorsement
{
    private const string Subject = "service.endorsement";
    private const long CwtClaims = 15; // RFC 9597

    // Issuer and TxID at their longest, the names, and a signature on P-521; nothing longer is looked at.
    private const int BytesMax = 1024;

    private readonly CoseSign1 cose;

    private ServiceEndorsement(ReadOnlyMemory<byte> bytes, CoseSign1 cose, Header header)
    {
        Bytes = bytes;
        this.cose = cose;
        KeyId = header.KeyId;
        Issuer = header.Issuer;
        Continues = header.Continues;
        Root = header.Root;
    }

    /// <summary>The message, encoded.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo of the older service key, which signed.</summary>
    public Digest KeyId { get; }

    /// <summary>The name of the network, for people.</summary>
    public string Issuer { get; }

    /// <summary>The last signature transaction of the older key that the newer one goes on from.</summary>
    public TxId Continues { get; }

    /// <summary>The root that this transaction signs.</summary>
    public Digest Root { get; }

    /// <summary>Signs with the older key.</summary>
    /// <param name="older">The service key of the epoch that ends.</param>
    /// <param name="newerSubjectPublicKeyInfo">The service key of the epoch that begins, DER.</param>
    /// <param name="continues">The last signature transaction of the epoch that ends.</param>
    /// <param name="root">The root that it signs.</param>
    /// <param name="issuer">The name of the network; 1 to 256 bytes of UTF-8.</param>
    /// <exception cref="InvariantException">The issuer is no name.</exception>
    public static ServiceEndorsement Sign(
        Signer older, ReadOnlySpan<byte> newerSubjectPublicKeyInfo, TxId continues, Digest root, string issuer)
    {
        ArgumentNullException.ThrowIfNull(older);
        Invariant.Holds(SignatureHeader.AreNames(issuer, Subject), "the issuer is a name");
        Header header = new(older.Curve, Digest.Of(older.SubjectPublicKeyInfo.Span), issuer, continues, root);
        byte[] bytes = CoseSign1.Sign(older, header.Encode(), newerSubjectPublicKeyInfo, detached: true);
        Invariant.Holds(TryDecode(bytes, out ServiceEndorsement? endorsement), "an endorsement reads what it wrote");
        return endorsement;
    }

    /// <summary>Reads an endorsement that <see cref="Sign"/> could have made, and no other; it keeps the memory.
    /// Verifies no signature.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out ServiceEndorsement? endorsement)
    {
        endorsement = null;
        // One value has one encoding, as in a signature transaction.
        if (bytes.Length > BytesMax || !CoseSign1.TryDecode(bytes, out CoseSign1? cose)
            || !CoseShape.Detached(cose!.ProtectedHeader.Span, cose.Signature.Span).AsSpan().SequenceEqual(bytes.Span)
            || Header.TryDecode(cose.ProtectedHeader) is not { } header)
        {
            return false;
        }

        endorsement = new ServiceEndorsement(bytes, cose, header);
        return true;
    }

    /// <summary>Whether the older key signed this for the newer one.</summary>
    /// <param name="older">The certificate of the older service key.</param>
    /// <param name="newer">The certificate of the newer service key.</param>
    public bool IsFor(Certificate older, Certificate newer)
    {
        ArgumentNullException.ThrowIfNull(older);
        ArgumentNullException.ThrowIfNull(newer);
        return KeyId == older.KeyDigest && cose.Verify(older.Key, newer.SubjectPublicKeyInfo.Span);
    }

    private sealed record Header(SigningCurve Curve, Digest KeyId, string Issuer, TxId Continues, Digest Root)
    {
        /// <summary>Deterministic CBOR (RFC 8949 section 4.2.1).</summary>
        public byte[] Encode()
        {
            CborWriter writer = new(CborConformanceMode.Canonical);
            writer.WriteStartMap(4);
            writer.WriteInt64(CoseSign1.AlgorithmLabel);
            writer.WriteInt64(CoseSign1.AlgorithmOf(Curve));
            writer.WriteInt64(CoseSign1.KeyIdLabel);
            writer.WriteByteString(Encoding.ASCII.GetBytes(KeyId.ToString()));
            writer.WriteInt64(CwtClaims);
            writer.WriteStartMap(2);
            writer.WriteInt32(1);
            writer.WriteTextString(Issuer);
            writer.WriteInt32(2);
            writer.WriteTextString(Subject);
            writer.WriteEndMap();
            writer.WriteTextString("curia.v1");
            writer.WriteStartMap(2);
            writer.WriteTextString("root");
            writer.WriteByteString(Root.ToArray());
            writer.WriteTextString("continues");
            writer.WriteTextString(Continues.ToString());
            writer.WriteEndMap();
            writer.WriteEndMap();
            return writer.Encode();
        }

        public static Header? TryDecode(ReadOnlyMemory<byte> bytes)
        {
            try
            {
                Header? read = Read(new CborReader(bytes, CborConformanceMode.Canonical));
                return read is not null && read.Encode().AsSpan().SequenceEqual(bytes.Span) ? read : null;
            }
            catch (Exception e) when (
                e is CborContentException or InvalidOperationException or OverflowException or ArgumentException)
            {
                return null;
            }
        }

        // The order of labels is that of the encoding; any other order leaves a mismatch, which is a refusal.
        private static Header? Read(CborReader reader)
        {
            reader.ReadStartMap();
            reader.ReadInt64();
            SigningCurve? curve = reader.ReadInt64() switch
            {
                -7 => SigningCurve.P256,
                -35 => SigningCurve.P384,
                -36 => SigningCurve.P521,
                _ => null,
            };
            reader.ReadInt64();
            string keyIdText = Encoding.ASCII.GetString(reader.ReadByteString());
            reader.ReadInt64();
            reader.ReadStartMap();
            reader.ReadInt64();
            string issuer = reader.ReadTextString();
            reader.ReadInt64();
            if (reader.ReadTextString() != Subject) return null;
            reader.ReadEndMap();
            reader.ReadTextString();
            reader.ReadStartMap();
            reader.ReadTextString();
            byte[] root = reader.ReadByteString();
            reader.ReadTextString();
            string continuesText = reader.ReadTextString();
            return curve is not null && root.Length == Digest.Size && SignatureHeader.AreNames(issuer, Subject)
                && Digest.TryParseHex(keyIdText, out Digest keyId) && TxId.TryParse(continuesText, out TxId continues)
                ? new Header(curve.Value, keyId, issuer, continues, new Digest(root))
                : null;
        }
    }
}
