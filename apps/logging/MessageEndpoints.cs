using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Logging;

/// <summary>The endpoints for the messages of one map. Private and public ones differ in the map and in the
/// claims.</summary>
internal sealed class MessageEndpoints(string path, Map<ulong, string> records)
{
    /// <summary>The most entries on a page; DESIGN section 7.</summary>
    public const uint PageEntriesMax = 1000;

    // DESIGN section 7. In UTF-8, because that is what the ledger keeps.
    private const int MessageBytesMax = 1 << 20;

    // A thousand messages of the largest size would be a gigabyte; a page is cut off earlier, and says where to go on.
    private const int PageBytesMax = 4 << 20;

    /// <summary>Maps all of them.</summary>
    public void AddTo(EndpointTableBuilder endpoints)
    {
        AuthenticationPolicy user = AuthenticationPolicy.UserCertificate;
        endpoints
            .MapPost<Entry, Response<bool>>(path, user, Record)
            .WithSummary("Writes a message; one that has the same id is replaced.")
            .MapGet<ById, Response<Message>>(path, user, Read)
            .WithSummary("Reads a message.")
            .MapGet<ById, Response<Message>>(path + "/latest", user, Read)
            .Linearizable()
            .WithSummary("Reads a message as the newest write left it that anybody was told of, on any node.")
            .MapPost<Entry, Response<bool>>(path + "/redirected", user, Record)
            .Redirected()
            .WithSummary("Writes a message; a node that does not order sends the client to the one that does.")
            .MapDelete<ById, Response<bool>>(path, user, Remove)
            .WithSummary("Removes a message from the state; the ledger keeps its history.")
            .MapGet(path + "/count", user, (ReadOnlyTransaction transaction) => transaction.Map(records).Count)
            .WithSummary("Counts the messages.")
            .MapGet<PageAt, Response<Page>>(path + "/all", user, ReadPage)
            .WithSummary("Reads messages in order of id, at most 1,000 a page.")
            .MapHistorical<ByIdAndSeqNo, Response<Message>>(path + "/historical", user, at => at.SeqNo, ReadHistorical)
            .WithSummary("Reads a message as the transaction at seqno wrote it.")
            .MapHistorical<ByIdAndSeqNo, Response<MessageWithReceipt>>(
                path + "/historical_receipt", user, at => at.SeqNo, ReadWithReceipt)
            .WithSummary("Reads a message as the transaction at seqno wrote it, with the receipt of that transaction.");
    }

    /// <summary>What is wrong with a message; null when it can be written.</summary>
    public static Response? RefusalOf(Entry entry)
    {
        if (entry.Msg.Length == 0) return Response.InvalidInput("The message is empty.");
        int bytes = Encoding.UTF8.GetByteCount(entry.Msg);
        return bytes > MessageBytesMax
            ? Response.InvalidInput($"The message has {bytes} bytes in UTF-8, more than {MessageBytesMax}.")
            : null;
    }

    private Response<bool> Record(Entry entry, Transaction transaction)
    {
        if (RefusalOf(entry) is { } refusal) return refusal;
        transaction.Map(records).Put(entry.Id, entry.Msg);
        // The leaf of the transaction holds the claims in clear. Of a private message even the digest would let anyone
        // with the ledger test a guess, so only public ones have claims.
        if (records.Domain == Domain.Public)
        {
            transaction.SetClaims(new ClaimsDigest(Digest.Of(Encoding.UTF8.GetBytes(entry.Msg))));
        }

        return true;
    }

    private Response<Message> Read(ById at, ReadOnlyTransaction transaction) =>
        transaction.Map(records).TryGet(at.Id, out string? text) ? new Message(text) : Unknown(at.Id);

    private Response<bool> Remove(ById at, Transaction transaction)
    {
        MapView<ulong, string> map = transaction.Map(records);
        if (!map.Contains(at.Id)) return Unknown(at.Id);
        map.Remove(at.Id);
        return true;
    }

    private Response<Page> ReadPage(PageAt at, ReadOnlyTransaction transaction)
    {
        // A page of none would name itself as the next one, for ever.
        if (at.Limit == 0)
        {
            const string Message = "'limit' is 0; ask for at least one entry.";
            return Response.Error(400, ErrorCodes.InvalidQueryParameterValue, Message);
        }

        int entriesMax = (int)Math.Min(at.Limit, PageEntriesMax);
        List<Entry> entries = [];
        long bytes = 0;
        foreach ((ulong id, string text) in transaction.Map(records).Range(from: at.From, limit: entriesMax + 1))
        {
            bytes += Encoding.UTF8.GetByteCount(text);
            bool full = entries.Count == entriesMax || (entries.Count > 0 && bytes > PageBytesMax);
            if (full) return new Page(entries, id);
            entries.Add(new Entry(id, text));
        }

        return new Page(entries, null);
    }

    private Response<Message> ReadHistorical(ByIdAndSeqNo at, HistoricalTransaction past) =>
        past.Writes.Map(records).TryGet(at.Id, out string? text) ? new Message(text) : NotWritten(at);

    private Response<MessageWithReceipt> ReadWithReceipt(ByIdAndSeqNo at, HistoricalTransaction past)
    {
        if (!past.Writes.Map(records).TryGet(at.Id, out string? text)) return NotWritten(at);
        using JsonDocument receipt = JsonDocument.Parse(past.ReceiptJson);
        return new MessageWithReceipt(text, receipt.RootElement.Clone());
    }

    private static Response Unknown(ulong id) => Response.NotFound($"No message has id {id}.");

    private static Response NotWritten(ByIdAndSeqNo at) =>
        Response.NotFound($"The transaction at seqno {at.SeqNo} wrote no message with id {at.Id}.");
}
