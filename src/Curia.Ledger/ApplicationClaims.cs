using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>Computes the claims digest of claims that an application reveals (vectors/receipts, "Claims").</summary>
/// <remarks>Known are the claims of Azure Confidential Ledger, <c>LedgerEntry</c> with protocol LedgerEntryV1 and
/// <c>ClaimDigest</c>, and a COSE_Sign1 statement, whose digest is taken over the message without unprotected
/// headers.</remarks>
public static class ApplicationClaims
{
    /// <summary>The most claims of one transaction.</summary>
    public const int ClaimsMax = 1024;

    private const string LedgerEntryV1 = "LedgerEntryV1";

    /// <summary>Computes the digest of a claims file; nothing throws.</summary>
    /// <param name="file">A JSON list, a JSON object with the list as <c>applicationClaims</c>, or a
    /// COSE_Sign1.</param>
    /// <param name="digest">The claims digest.</param>
    /// <param name="reason">What is wrong when the answer is false.</param>
    public static bool TryComputeDigest(ReadOnlyMemory<byte> file, out ClaimsDigest digest, out string reason)
    {
        digest = ClaimsDigest.None;
        if (CoseSign1.TryDecode(file, out CoseSign1? statement))
        {
            digest = OfStatement(statement!);
            reason = "";
            return true;
        }

        reason = "claims: the claims are neither JSON nor a COSE_Sign1";
        if (file.Length > CoseSign1.SizeMax) return false;
        try
        {
            using JsonDocument document = JsonDocument.Parse(file, JsonFields.Options);
            JsonElement claims = document.RootElement;
            if (claims.ValueKind == JsonValueKind.Object
                && !new JsonFields(claims).TryGet("applicationClaims", JsonValueKind.Array, out claims))
            {
                return false;
            }

            return TryCompute(claims, out digest, out reason);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The data hash of a statement: SHA-256 of the message with an empty unprotected header, tag 18
    /// kept.</summary>
    internal static ClaimsDigest OfStatement(CoseSign1 statement) => new(Digest.Of(statement.WithUnprotected([])));

    /// <summary>SHA-256(number of claims, 4 bytes little-endian ‖ claim 1 ‖ claim 2 …).</summary>
    internal static bool TryCompute(JsonElement list, out ClaimsDigest digest, out string reason)
    {
        digest = ClaimsDigest.None;
        reason = "claims: the claims are not a list of LedgerEntry and ClaimDigest";
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > ClaimsMax) return false;
        List<byte> bytes = [0, 0, 0, 0];
        foreach (JsonElement element in list.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object) return false;
            JsonFields claim = new(element);
            Digest? one = claim.Text("kind") switch
            {
                "LedgerEntry" => OfLedgerEntry(claim.Object("ledgerEntry")),
                "ClaimDigest" => OfDigest(claim.Object("digest")),
                _ => null,
            };
            if (one is null) return false;
            bytes.AddRange(one.Value.ToArray());
        }

        byte[] all = [.. bytes];
        BinaryPrimitives.WriteInt32LittleEndian(all, list.GetArrayLength());
        digest = new ClaimsDigest(Digest.Of(all));
        reason = "";
        return true;
    }

    // SHA-256("LedgerEntryV1" ‖ SHA-256(HMAC(key, collection id) ‖ HMAC(key, contents)))
    private static Digest? OfLedgerEntry(JsonFields? entry)
    {
        if (entry?.Text("protocol") != LedgerEntryV1 || entry.Text("collectionId") is not { } collectionId
            || entry.Text("contents") is not { } contents || entry.Base64("secretKey") is not { } key)
        {
            return null;
        }

        Digest left = new(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(collectionId)));
        Digest right = new(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(contents)));
        return Labelled(LedgerEntryV1, Digest.OfPair(left, right));
    }

    private static Digest? OfDigest(JsonFields? claim) =>
        claim?.Text("protocol") is { } protocol && Digest.TryParseHex(claim.Text("value"), out Digest value)
            ? Labelled(protocol, value)
            : null;

    private static Digest Labelled(string protocol, Digest digest) =>
        Digest.Of([.. Encoding.UTF8.GetBytes(protocol), .. digest.ToArray()]);
}
