using System;
using System.Collections.Immutable;
using System.Linq;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>What the verifier of a receipt knows and asks.</summary>
public sealed record ReceiptVerifyOptions
{
    /// <summary>The service keys to trust; <see cref="ServiceKeys.TryRead"/> reads them from a file.</summary>
    public ServiceKeys Keys { get; init; } = ServiceKeys.None;

    /// <summary>The bytes of a claims file (<see cref="ApplicationClaims"/>) whose digest the receipt must bind; empty:
    /// not asked.</summary>
    public ReadOnlyMemory<byte> Claims { get; init; }

    /// <summary>Of how many kinds the nodes must be that have stored the transaction. Where that is asked and no key is
    /// given, it decides alone.</summary>
    public ReceiptDiversity Diversity { get; init; } = ReceiptDiversity.None;

    /// <summary>The transaction that the receipt must be for; null: not asked.</summary>
    public TxId? TxId { get; init; }

    /// <summary>Whether every receipt of a statement must be valid, those of unknown structures too.</summary>
    public bool All { get; init; }
}

/// <summary>Verifies receipts: ours and those of CCF services, JSON, COSE, and statements that carry COSE
/// receipts.</summary>
/// <remarks>No date is looked at, no name, and no network: bytes and keys decide. docs/receipts.md. Any
/// thread.</remarks>
public static class ReceiptVerifier
{
    /// <summary>Verifies a file; nothing throws.</summary>
    /// <param name="file">A JSON receipt, bare or in the envelope of a reply, a COSE receipt, or a transparent
    /// statement.</param>
    /// <param name="options">What is known and asked.</param>
    /// <returns>The verdict with its reason; valid only if everything asked is proven.</returns>
    public static ReceiptReport Verify(ReadOnlyMemory<byte> file, ReceiptVerifyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ClaimsDigest? revealed = null;
        if (!options.Claims.IsEmpty)
        {
            if (!ApplicationClaims.TryComputeDigest(options.Claims, out ClaimsDigest digest, out string reason))
                return new ReceiptReport(ReceiptVerdict.Invalid, reason, null, []);
            revealed = digest;
        }

        ReadOnlySpan<byte> start = file.Span.TrimStart(" \t\r\n"u8);
        ImmutableArray<ReceiptFinding> findings = !start.IsEmpty && start[0] == (byte)'{'
            ? [JsonReceiptVerification.Verify(file, options, revealed)]
            : CoseReceiptVerification.Verify(file, options.Keys, revealed);
        if (options.Diversity.IsAsked)
            findings = [.. findings.Select(LackingAcknowledgements)];
        if (options.TxId is { } asked) findings = Answering(findings, asked);
        ReceiptFinding deciding = Deciding(findings, options);
        return new ReceiptReport(deciding.Verdict, deciding.Reason, deciding.TxId, findings);
    }

    // DESIGN 7: valid when one receipt of a known structure is valid and none is invalid; receipts of other structures
    // only count when every one is asked for, or when there are no others.
    private static ReceiptFinding Deciding(ImmutableArray<ReceiptFinding> findings, ReceiptVerifyOptions options)
    {
        ReceiptFinding? invalid = findings.FirstOrDefault(f => f.Verdict == ReceiptVerdict.Invalid && !f.IsUnsupported);
        ReceiptFinding? unsupported = findings.FirstOrDefault(f => f.IsUnsupported);
        ReceiptFinding? incomplete = findings.FirstOrDefault(f => f.Verdict == ReceiptVerdict.Incomplete);
        ReceiptFinding? valid = findings.FirstOrDefault(f => f.Verdict == ReceiptVerdict.Valid
            && (options.TxId is null || f.TxId == options.TxId));
        return options.All
            ? invalid ?? unsupported ?? incomplete ?? valid!
            : invalid ?? valid ?? incomplete ?? unsupported!;
    }

    private static ReceiptFinding LackingAcknowledgements(ReceiptFinding finding) =>
        finding is { Kind: not JsonReceiptVerification.Kind, Verdict: ReceiptVerdict.Valid }
            ? finding.Lacks("acknowledgements: only a JSON receipt carries them")
            : finding;

    // The receipts of one statement come from different ledgers, so one of them must be for the transaction asked for.
    private static ImmutableArray<ReceiptFinding> Answering(ImmutableArray<ReceiptFinding> findings, TxId asked)
    {
        if (findings.Any(finding => finding.Verdict != ReceiptVerdict.Invalid && finding.TxId == asked))
            return findings;
        return [.. findings.Select(finding => finding.Verdict == ReceiptVerdict.Invalid ? finding
            : finding.TxId is { } other ? finding.Refuse($"txid: the receipt is for {other}, not for {asked}")
            : finding.Verdict == ReceiptVerdict.Valid
                ? finding.Lacks($"txid: the receipt names no transaction, so it says nothing of {asked}")
                : finding)];
    }
}
