using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Linq;
using System.Text;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>COSE receipts of the CCF profile (anchors/ccf.md 4.2), alone or in a transparent statement.</summary>
internal static class CoseReceiptVerification
{
    private const string Kind = "cose";
    private const long ReceiptsLabel = 394;

    // The most receipts of one statement; each costs one signature check.
    private const int ReceiptsMax = 64;

    // RFC 9052 section 3.1: whoever reads a message must understand the labels that it calls critical.
    private static readonly long[] understoodNumbers =
        [CoseSign1.AlgorithmLabel, CoseSign1.CriticalLabel, CoseSign1.KeyIdLabel, 15, InclusionProof.StructureLabel];

    private static readonly string[] understoodNames = ["ccf.v1", "curia.v1"];

    /// <summary>The findings on a receipt, or on each receipt of a statement.</summary>
    public static ImmutableArray<ReceiptFinding> Verify(
        ReadOnlyMemory<byte> file, ServiceKeys keys, ClaimsDigest? revealed)
    {
        ReceiptFinding unread = new(Kind, ReceiptVerdict.Invalid, "");
        if (!CoseSign1.TryDecode(file, out CoseSign1? message))
            return [unread.Refuse("receipt: the file is neither JSON nor a COSE_Sign1 with tag 18")];
        if (!message!.Unprotected.TryGet(ReceiptsLabel, out ReadOnlyMemory<byte> list))
            return [Verify(unread, message, keys, [], revealed)];
        if (ReadReceipts(list) is not { } receipts)
            return [unread.Refuse($"receipt: header {ReceiptsLabel} is not a list of at most {ReceiptsMax} receipts")];
        ClaimsDigest statement = ApplicationClaims.OfStatement(message);
        return [.. receipts.Select(receipt => CoseSign1.TryDecode(receipt, out CoseSign1? inner)
            ? Verify(unread, inner!, keys, [statement], revealed)
            : unread.Refuse("receipt: one in the statement is not a COSE_Sign1 with tag 18"))];
    }

    private static ReceiptFinding Verify(
        ReceiptFinding finding,
        CoseSign1 message,
        ServiceKeys keys,
        ImmutableArray<ClaimsDigest> statement,
        ClaimsDigest? revealed)
    {
        bool isBareSignature = message.Payload is { Length: Digest.Size } && message.Unprotected.Count == 0;
        if (StructureProblem(message) is { } structure)
        {
            bool isUnsupported = structure.StartsWith("unsupported", StringComparison.Ordinal);
            return finding.Refuse(structure) with { IsUnsupported = isUnsupported };
        }

        if (InclusionProof.ReadAll(message.Unprotected) is not { } proofs)
            return finding.Refuse("proof: header 396 is not a list of inclusion proofs of this structure");
        if (proofs.IsEmpty && !isBareSignature)
            return finding.Refuse("no inclusion proof: nothing ties a transaction to the signed root");
        if (proofs.IsEmpty)
        {
            Digest signed = new(message.Payload!.Value.Span);
            finding = finding with { Leaf = signed, Root = signed };
        }
        else
        {
            ReceiptLeaf leaf = proofs[0].Leaf;
            Digest root = proofs[0].Path.Fold(leaf.Digest);
            finding = finding with
            {
                TxId = leaf.Evidence.TxId,
                ProvesCommit = true,
                Claims = leaf.Claims,
                Leaf = leaf.Digest,
                Root = root,
            };

            // Several proofs may only say the same in different words, so that one finding is true of all.
            if (proofs.Any(proof => proof.Leaf != leaf || proof.Path.Fold(leaf.Digest) != root))
                return finding.Refuse("proof: the inclusion proofs are not all of one leaf and one root");
        }

        return Signed(finding, message, keys, statement, revealed);
    }

    private static ReceiptFinding Signed(
        ReceiptFinding finding,
        CoseSign1 message,
        ServiceKeys keys,
        ImmutableArray<ClaimsDigest> statement,
        ClaimsDigest? revealed)
    {
        if (!message.Protected.TryGetBytes(CoseSign1.KeyIdLabel, out ReadOnlyMemory<byte> keyId)
            || !Digest.TryParseHex(Encoding.Latin1.GetString(keyId.Span), out Digest id))
        {
            return finding.Refuse("kid: there is none of 64 hexadecimal digits");
        }

        if (!keys.IsEmpty)
        {
            if (!keys.TryFind(id, out SignatureVerifier? key))
                return finding.Refuse($"kid: no given service key has the id {id}");
            if (!message.Protected.TryGetInt64(CoseSign1.AlgorithmLabel, out long algorithm)
                || algorithm != CoseSign1.AlgorithmOf(key!.Curve))
            {
                return finding.Refuse("alg: the algorithm is not that of the service key");
            }

            if (!message.Verify(key, finding.Root!.Value.ToArray()))
                return finding.Refuse("signature: it is not the service's over the root that leaf and proof give");
        }

        if (statement.Any(digest => digest != finding.Claims))
            return finding.Refuse("claim digest: the receipt is for another statement");
        if (finding.Claims is { } bound && revealed is { } claims && bound != claims)
            return finding.Refuse("claim digest: it is not that of the claims given");
        if (keys.IsEmpty) return finding.Lacks("service key: none was given, so the signature cannot be checked");
        if (finding.Claims is null && revealed is not null)
            return finding.Lacks("claims: the receipt of a signature transaction binds none");
        return finding.Accept(finding.ProvesCommit
            ? $"committed: service key {id} signed the root"
            : "signature transaction: the receipt proves signing, not commit");
    }

    // draft-ietf-cose-merkle-tree-proofs: the structure is named where the signature covers it.
    private static string? StructureProblem(CoseSign1 message)
    {
        if (!message.Protected.TryGetInt64(InclusionProof.StructureLabel, out long structure))
            return "vds: header 395 does not say of which structure the receipt is";
        if (structure != InclusionProof.CcfLedgerSha256) return $"unsupported:vds {structure}";
        return message.Protected.UnderstandsCritical(understoodNumbers, understoodNames)
            ? null
            : "crit: the receipt has critical labels that are not known here";
    }

    private static List<ReadOnlyMemory<byte>>? ReadReceipts(ReadOnlyMemory<byte> encoded)
    {
        try
        {
            CborReader reader = new(encoded, CborConformanceMode.Strict);
            int count = reader.ReadStartArray() ?? int.MaxValue;
            if (count is 0 or > ReceiptsMax) return null;
            List<ReadOnlyMemory<byte>> receipts = [];
            for (int i = 0; i < count; i++) receipts.Add(reader.ReadDefiniteLengthByteString());
            return receipts;
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException)
        {
            return null;
        }
    }
}
