using System;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Unicode;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The value that is revealed when a transaction commits: <c>ce:2.15:</c> and 64 hexadecimal digits. Only who
/// holds the ledger secret can make it, so a host cannot make receipts of transactions that have not
/// committed.</summary>
/// <remarks>anchors: CCF ledger, Merkle tree; docs/ledger-format.md, "Commit evidence".</remarks>
public sealed record CommitEvidence
{
    private const string Prefix = "ce:";

    internal CommitEvidence(TxId txId, Digest code)
    {
        TxId = txId;
        Code = code;
        Text = $"{Prefix}{txId}:{code}";
        Digest = DigestOf(txId, code);
    }

    /// <summary>The longest text: prefix, TxID, colon and 64 digits.</summary>
    public const int TextLengthMax = 3 + TxId.TextLengthMax + 1 + 2 * Digest.Size;

    /// <summary>The transaction it is for.</summary>
    public TxId TxId { get; }

    /// <summary>The keyed digest of the TxID.</summary>
    public Digest Code { get; }

    /// <summary>The text as it stands in a receipt.</summary>
    public string Text { get; }

    /// <summary>SHA-256 of the text; this is what the entry and the leaf hold.</summary>
    public Digest Digest { get; }

    /// <summary>Reads the text in its one spelling: digits in lower case, numbers without leading zeros.</summary>
    /// <returns>False for any other text; nothing throws.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out CommitEvidence? evidence)
    {
        evidence = null;
        if (text.Length > TextLengthMax || !text.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        ReadOnlySpan<char> rest = text[Prefix.Length..];
        int colon = rest.IndexOf(':');
        if (colon < 0 || !TxId.TryParse(rest[..colon], out TxId txId)
            || !Digest.TryParseHex(rest[(colon + 1)..], out Digest code))
        {
            return false;
        }

        CommitEvidence read = new(txId, code);
        if (!text.SequenceEqual(read.Text)) return false;
        evidence = read;
        return true;
    }

    /// <summary>The text.</summary>
    public override string ToString() => Text;

    /// <summary>SHA-256 of the text, which is put together in place.</summary>
    internal static Digest DigestOf(TxId txId, Digest code)
    {
        Span<byte> text = stackalloc byte[TextLengthMax];
        Span<byte> bytes = stackalloc byte[Digest.Size];
        code.CopyTo(bytes);
        bool fits = Utf8.TryWrite(text, CultureInfo.InvariantCulture,
            $"{Prefix}{txId.View.Value}.{txId.SeqNo.Value}:", out int written);
        fits &= Convert.TryToHexStringLower(bytes, text[written..], out int digits);
        Invariant.Holds(fits, "commit evidence has its largest size");
        return Digest.Of(text[..(written + digits)]);
    }
}
