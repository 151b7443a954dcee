using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>What can be said of a receipt (docs/receipts.md, "Verdicts").</summary>
public enum ReceiptVerdict
{
    /// <summary>Everything that was asked is proven.</summary>
    Valid,

    /// <summary>Something is wrong, or is of a structure that is not known here.</summary>
    Invalid,

    /// <summary>Nothing is wrong, but something is missing without which nothing is proven.</summary>
    Incomplete,
}

/// <summary>The finding on one receipt.</summary>
/// <param name="Kind"><c>json</c> or <c>cose</c>.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Reason">One sentence that begins with the name of what was found.</param>
public sealed record ReceiptFinding(string Kind, ReceiptVerdict Verdict, string Reason)
{
    /// <summary>The transaction that the commit evidence names; null when there is none.</summary>
    public TxId? TxId { get; init; }

    /// <summary>Whether the receipt reveals commit evidence. Without it a valid receipt proves signing, not
    /// commit.</summary>
    public bool ProvesCommit { get; init; }

    /// <summary>The claims digest of the leaf; null when the receipt shows none.</summary>
    public ClaimsDigest? Claims { get; init; }

    /// <summary>The leaf that the receipt is for; an anchor for the audit when the verdict is valid.</summary>
    public Digest? Leaf { get; init; }

    /// <summary>The root that was signed; an anchor for the audit when the verdict is valid.</summary>
    public Digest? Root { get; init; }

    /// <summary>Whether only the structure of the receipt is unknown here, so that it says nothing for or against the
    /// others.</summary>
    public bool IsUnsupported { get; init; }

    internal ReceiptFinding Accept(string reason) => this with { Verdict = ReceiptVerdict.Valid, Reason = reason };

    internal ReceiptFinding Refuse(string reason) => this with { Verdict = ReceiptVerdict.Invalid, Reason = reason };

    internal ReceiptFinding Lacks(string reason) => this with { Verdict = ReceiptVerdict.Incomplete, Reason = reason };

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("kind", Kind);
        json.WriteString("verdict", ReceiptReport.Name(Verdict));
        json.WriteString("reason", Reason);
        json.WriteString("txid", TxId?.ToString());
        json.WriteString("proves", Verdict != ReceiptVerdict.Valid ? "nothing" : ProvesCommit ? "commit" : "signing");
        json.WriteString("claims_digest", Claims?.ToString());
        json.WriteString("leaf", Leaf?.ToString());
        json.WriteString("root", Root?.ToString());
        json.WriteEndObject();
    }
}

/// <summary>The findings on a file: one receipt, or a statement that carries several.</summary>
/// <param name="Verdict">The verdict on all of them (docs/receipts.md, "Several receipts").</param>
/// <param name="Reason">One sentence that begins with the name of what decided.</param>
/// <param name="TxId">The transaction, or null when no commit evidence names one.</param>
/// <param name="Receipts">One finding for each receipt, in the order of the file.</param>
public sealed record ReceiptReport(
    ReceiptVerdict Verdict, string Reason, TxId? TxId, ImmutableArray<ReceiptFinding> Receipts)
{
    private static readonly JsonWriterOptions plainText =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What <c>curia receipt verify --json</c> prints (DESIGN 7): <c>verdict</c>, <c>reason</c>, <c>txid</c>,
    /// <c>receipts</c>.</summary>
    public string ToJson()
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, plainText))
        {
            json.WriteStartObject();
            json.WriteString("verdict", Name(Verdict));
            json.WriteString("reason", Reason);
            json.WriteString("txid", TxId?.ToString());
            json.WriteStartArray("receipts");
            foreach (ReceiptFinding receipt in Receipts) receipt.Write(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The word for a verdict.</summary>
    public static string Name(ReceiptVerdict verdict) => verdict switch
    {
        ReceiptVerdict.Valid => "valid",
        ReceiptVerdict.Incomplete => "incomplete",
        _ => "invalid",
    };
}
