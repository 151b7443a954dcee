using System;
using System.Globalization;
using System.Text.Json.Nodes;
using Curia.Cli.Terminal;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Cli.Ledgers;

/// <summary>Lists the transactions of a ledger: for programs a JSON object each on its own line, for people some lines
/// each.</summary>
/// <remarks>It reads and believes; <c>ledger verify</c> checks.</remarks>
internal sealed class LedgerListing(Screen screen, DataKeys? keys)
{
    private const int ValueCharsMax = 160; // of a value for people: two lines of a terminal

    /// <summary>Prints the transactions from one seqno to another.</summary>
    public int Print(LedgerFolder ledger, SeqNo first, SeqNo last)
    {
        foreach (string name in ledger.Names)
        {
            if (!LedgerChunk.TryParseName(name, out LedgerChunkName chunk) || chunk.First > last || chunk.Last < first)
                continue;
            ReadOnlyMemory<byte> rest = ledger.Read(name);
            if (!LedgerChunk.TryReadHeader(rest.Span, out SeqNo next, out string reason))
                throw Unreadable(name, chunk.First, reason);
            rest = rest[LedgerChunk.HeaderSize..];
            while (!rest.IsEmpty && next <= last)
            {
                if (!Block.TryTake(ref rest, out ReadOnlyMemory<byte> bytes))
                    throw Unreadable(name, next, "the file ends within a block");
                if (!Block.TryDecode(bytes, out Block? block, out reason) || block is null)
                    throw Unreadable(name, next, reason);
                foreach (LedgerEntry entry in block.Entries)
                {
                    if (entry.TxId.SeqNo >= first && entry.TxId.SeqNo <= last) Print(entry, block);
                }

                next = block.Last.Next;
            }
        }

        return ExitCode.Done;
    }

    private static CommandFailure Unreadable(string file, SeqNo seqNo, string reason) =>
        CommandFailure.Refused($"{file}, seqno {seqNo}: {reason}. ./curia ledger verify says more.");

    private void Print(LedgerEntry entry, Block block)
    {
        JsonObject line = new()
        {
            ["txid"] = entry.TxId.ToString(),
            ["type"] = entry.Type switch
            {
                EntryType.Signature => "signature",
                EntryType.Genesis => "genesis",
                EntryType.Epoch => "epoch",
                _ => "write_set",
            },
            ["public"] = entry.Type == EntryType.Signature ? new JsonObject() : WritesOf(PublicWrites(entry), default),
            ["private_bytes"] = PrivateBytes(entry),
            ["private_sha256"] = entry.SealedPrivate.IsEmpty ? null : Digest.Of(entry.SealedPrivate.Span).ToString(),
        };
        if (keys is not null && !entry.SealedPrivate.IsEmpty)
            line["private"] = keys.TryOpen(entry, block.NodeId, out byte[] opened) ? WritesOf(default, opened) : null;
        if (entry.Type == EntryType.Signature) line["root"] = block.Signature.Root.ToString();
        if (screen.Json) Screen.Document(line);
        else PrintForPeople(entry, line);
    }

    // What the writes have, without the tag of the seal.
    private static int PrivateBytes(LedgerEntry entry) =>
        entry.SealedPrivate.IsEmpty ? 0 : entry.SealedPrivate.Length - Cryptography.AeadKey.TagSize;

    private static ReadOnlyMemory<byte> PublicWrites(LedgerEntry entry)
    {
        if (entry.Type == EntryType.Epoch)
            return EpochBlock.TryFindWrites(entry.Public, out ReadOnlyMemory<byte> opening) ? opening : default;
        if (entry.Type != EntryType.Genesis) return entry.Public;
        return GenesisBlock.TryDecodePublic(entry.Public, out _, out ReadOnlyMemory<byte> writes) ? writes : default;
    }

    private static JsonObject? WritesOf(ReadOnlyMemory<byte> publicBytes, ReadOnlyMemory<byte> privateBytes)
    {
        if (!WriteSet.TryDecode(publicBytes.Span, privateBytes.Span, out WriteSet? writeSet)) return null;
        JsonObject maps = [];
        foreach (MapWrites map in writeSet.Maps)
        {
            JsonObject writes = [];
            foreach (KeyWrite write in map.Writes)
                writes[Readable.Key(write.Key.Span)] = write.Value is { } value ? Readable.Value(value.Span) : null;
            maps[map.Name] = writes;
        }

        return maps;
    }

    private void PrintForPeople(LedgerEntry entry, JsonObject line)
    {
        string type = line["type"]!.GetValue<string>().Replace('_', ' ');
        screen.Verbatim(string.Create(CultureInfo.InvariantCulture, $"{entry.TxId,-8} {type}"),
            entry.Type == EntryType.Signature ? "90" : "1");
        if (line["root"] is JsonNode root) screen.Verbatim($"         root {root}", "90");
        PrintMaps(line["public"] as JsonObject, "");
        if (entry.SealedPrivate.IsEmpty) return;
        if (line["private"] is JsonObject opened) PrintMaps(opened, "private ");
        else screen.Verbatim($"         private: {line["private_bytes"]} bytes, sha256 {line["private_sha256"]}", "33");
    }

    private void PrintMaps(JsonObject? maps, string domain)
    {
        if (maps is null)
        {
            screen.Verbatim("         writes that cannot be read");
            return;
        }

        foreach ((string map, JsonNode? writes) in maps)
        {
            screen.Verbatim($"         {domain}{map}", "36");
            foreach ((string key, JsonNode? value) in writes!.AsObject())
            {
                string text = value is null ? "(removed)" : Screen.Text(value);
                if (text.Length > ValueCharsMax) text = string.Concat(text.AsSpan(0, ValueCharsMax), "…");
                screen.Verbatim($"           {key} = {text}");
            }
        }
    }
}
