using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Fuzz.Targets;

/// <summary>Identifiers, file names, file headers, codecs: decoders that are small.</summary>
internal static class TextTargets
{
    private sealed record Stored(ulong Id, string Text, IReadOnlyList<string>? More = null);

    private static readonly Codec<Stored> storedCodec = Codecs.Json<Stored>();

    public static IEnumerable<FuzzTarget> All =>
    [
        new("text",
            ["TxId.TryParse", "Digest.TryParseHex", "CommitEvidence.TryParse", "LedgerChunk.TryParseName",
                "Snapshot.TryParseFileName", "LedgerChunk.TryReadHeader", "SealedSecrets.IsFileName"], TryText),
        new("codec", ["Codec.TryDecode"], TryCodecs),
    ];

    private static void TryText(ReadOnlyMemory<byte> input)
    {
        string text = Encoding.Latin1.GetString(input.Span);
        if (TxId.TryParse(text, out TxId txId)) Must.Hold(txId.ToString() == text, "a TxID has one spelling");
        if (Digest.TryParseHex(text, out Digest digest))
        {
            Must.Hold(string.Equals(digest.ToString(), text, StringComparison.OrdinalIgnoreCase),
                "a digest has two spellings of each letter and no other");
        }

        if (CommitEvidence.TryParse(text, out CommitEvidence? evidence))
        {
            Must.Hold(evidence.Text == text, "commit evidence has one spelling");
            Must.Hold(evidence.Digest == Digest.Of(input.Span), "commit evidence is hashed as text");
        }

        if (LedgerChunk.TryParseName(text, out LedgerChunkName name))
            Must.Hold(name.ToString() == text && !(name.Last < name.First), "the name of a chunk has one spelling");
        if (Snapshot.TryParseFileName(text, out SeqNo seqNo, out SeqNo evidenceAt, out bool committed))
        {
            Must.Hold(Snapshot.FileName(seqNo, evidenceAt, committed) == text, "the name of a snapshot has one form");
            Must.Hold(seqNo < evidenceAt, "evidence comes after what it is for");
        }

        if (SealedSecrets.IsFileName(text))
        {
            string[] parts = text.Split('_');
            bool read = Digest.TryParseHex(parts[2], out Digest id);
            SeqNo from = new(ulong.Parse(parts[1], CultureInfo.InvariantCulture));
            Must.Hold(read && SealedSecrets.FileName(from, id) == text, "the name of sealed secrets has one spelling");
        }

        bool headed = LedgerChunk.TryReadHeader(input.Span, out SeqNo first, out string reason);
        Must.Hold(headed == (reason.Length == 0), "a header has a reason when it is refused and none otherwise");
        if (headed) Must.BeSame(LedgerChunk.Header(first), input.Span[..LedgerChunk.HeaderSize], "header of a chunk");
    }

    private static void TryCodecs(ReadOnlyMemory<byte> input)
    {
        CheckOneEncoding(Codecs.Bytes, input.Span);
        CheckOneEncoding(Codecs.Utf8, input.Span);
        CheckOneEncoding(Codecs.UInt64, input.Span);
        CheckOneEncoding(Codecs.Digest, input.Span);

        // JSON has white space, so many encodings: what was read is read again from the one that is written.
        if (!storedCodec.TryDecode(input.Span, out Stored? stored)) return;
        byte[] written = storedCodec.Encode(stored);
        Must.Hold(storedCodec.TryDecode(written, out Stored? again), "a codec reads what it wrote");
        Must.BeSame(storedCodec.Encode(again!), written, "JSON value");
    }

    private static void CheckOneEncoding<T>(Codec<T> codec, ReadOnlySpan<byte> input)
    {
        if (codec.TryDecode(input, out T? value)) Must.BeSame(codec.Encode(value), input, typeof(T).Name);
    }
}
