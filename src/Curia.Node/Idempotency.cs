using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>A reply that is kept so that a repeated request gets the first answer.</summary>
/// <param name="Request">SHA-256 over verb, target and body: a key is for one request.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="ContentType">The type of the body; null when there is none.</param>
/// <param name="Headers">Name and value, in turn.</param>
/// <param name="Body">The body.</param>
/// <param name="TransactionId">The transaction that did what was asked.</param>
/// <param name="Time">When, in milliseconds since 1970.</param>
internal sealed record KeptReply(
    Digest Request, int Status, string? ContentType, IReadOnlyList<string> Headers, byte[] Body, TxId TransactionId,
    long Time);

/// <summary>A request that bears an <c>Idempotency-Key</c>, before it has a reply.</summary>
/// <param name="Key">SHA-256 of caller and key: nobody meets the keys of others.</param>
/// <param name="Request">SHA-256 of the request.</param>
internal readonly record struct IdempotentRequest(Digest Key, Digest Request);

/// <summary>Executes a request once however often it is sent: the transaction that does it keeps the reply under caller
/// and key, in private maps, so that every node knows it and no election loses it
/// (docs/http.md, "Idempotency-Key").</summary>
internal sealed class Idempotency(LedgerClock clock)
{
    private const string Header = NodeHeaders.IdempotencyKey;

    private const int KeyLengthMax = 256;

    // A client that has not heard an answer for a day has other ways to find out.
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    // The host owns the clock: what is newer than this in the ledger stays, whatever time it says.
    private const ulong KeptTransactions = 10_000;

    // Each reply that is kept lets so many old ones go, so the maps do not grow for ever and no transaction has much to
    // do for it.
    private const int RemovedAtOnce = 2;

    private static readonly Map<Digest, KeptReply> replies = new(
        "curia.internal.idempotency.replies", Codecs.Digest, Codecs.Json<KeptReply>(JsonFormat.Options));

    private static readonly Map<ulong, Digest> byAge =
        new("curia.internal.idempotency.by_age", Codecs.UInt64, Codecs.Digest);

    /// <summary>Looks at a request before it is executed.</summary>
    /// <param name="request">The request, its caller known.</param>
    /// <param name="store">Where the transaction was begun.</param>
    /// <param name="transaction">What would execute it.</param>
    /// <param name="asked">The request, when it bears a key and is new.</param>
    /// <returns>The answer, when nothing is to be executed: the first one again, or a refusal. The TxID is that of the
    /// first one.</returns>
    public static (Response Response, TxId? TxId)? Find(
        Request request, KeyValueStore store, Transaction transaction, out IdempotentRequest? asked)
    {
        asked = null;
        if (request.Header(Header) is not { } key) return null;
        if (key.Length is 0 or > KeyLengthMax || key.Any(character => character is < '!' or > '~'))
            return (Response.InvalidInput($"{Header} is 1 to {KeyLengthMax} printable characters."), null);
        IdempotentRequest found = new(DigestOf(NameOf(request.Caller), key), DigestOf(request));
        KeptReply? reply = null;
        store.AsNode(transaction, node => node.Map(replies).TryGet(found.Key, out reply));
        if (reply is null)
        {
            asked = found;
            return null;
        }

        return reply.Request == found.Request
            ? (ResponseOf(reply), reply.TransactionId)
            : (Response.Error(422, "IdempotencyKeyReused",
                $"Another request was sent with this {Header}. Use a new key for each request."), null);
    }

    /// <summary>Keeps the reply of a transaction that is about to get its place. Loop thread.</summary>
    /// <param name="asked">The request.</param>
    /// <param name="response">The reply.</param>
    /// <param name="store">Takes the transaction next.</param>
    /// <param name="transaction">What executed it.</param>
    /// <param name="view">The view in which it gets its place.</param>
    public void Keep(
        IdempotentRequest asked, Response response, KeyValueStore store, Transaction transaction, View view)
    {
        TxId txId = new(view, store.Current.TxId.SeqNo.Next);
        DateTimeOffset now = clock.Now;
        KeptReply reply = new(
            asked.Request, response.Status, response.ContentType,
            [.. response.Headers.SelectMany(header => (string[])[header.Key, header.Value])],
            response.Body.ToArray(), txId, now.ToUnixTimeMilliseconds());

        // Read from the newest state and not by the transaction: it would conflict with everybody who keeps a reply.
        ReadOnlyTransaction newest = KeyValueStore.ReadAt(store.Current, MapAccess.Node);
        long oldest = (now - Kept).ToUnixTimeMilliseconds();
        KeyValuePair<ulong, Digest>[] aged = [.. newest.Map(byAge).Range().Take(RemovedAtOnce)
            .Where(one => one.Key + KeptTransactions < txId.SeqNo.Value
                && newest.Map(replies).TryGet(one.Value, out KeptReply? old) && old.Time < oldest)];
        store.AsNode(transaction, node =>
        {
            node.Map(replies).Put(asked.Key, reply);
            node.Map(byAge).Put(txId.SeqNo.Value, asked.Key);
            foreach (KeyValuePair<ulong, Digest> old in aged)
            {
                node.Map(replies).Remove(old.Value);
                node.Map(byAge).Remove(old.Key);
            }
        });
    }

    /// <summary>Keeps a reply in a store of its own, and reads it.</summary>
    /// <remarks>The runtime compiles what it first uses, here with all that JSON needs. A backup uses none of this, so
    /// a new primary would compile it in the loop at the first request with a key, while all clients wait.</remarks>
    public void Rehearse()
    {
        KeyValueStore store = new();
        View view = new(1);
        Transaction writing = store.Begin(MapAccess.Application);
        Keep(default, Response.Empty(204), store, writing, view);
        CommitOutcome outcome = store.Commit(writing, view);
        Invariant.Holds(outcome is CommitOutcome.Committed, "a reply was not kept in an empty store");
        WriteSet changes = ((CommitOutcome.Committed)outcome).Changes;
        changes.Encode(Domain.Public);
        changes.Encode(Domain.Private);
        bool isKept = KeyValueStore.ReadAt(store.Current, MapAccess.Node).Map(replies).TryGet(default, out _);
        Invariant.Holds(isKept, "a reply that was kept is not there");
    }

    private static Response ResponseOf(KeptReply reply)
    {
        Response response = reply.ContentType is { } type
            ? Response.Bytes(reply.Body, type, reply.Status)
            : Response.Empty(reply.Status);
        for (int index = 0; index + 1 < reply.Headers.Count; index += 2)
            response = response.With(reply.Headers[index], reply.Headers[index + 1]);
        return response;
    }

    private static string NameOf(Caller caller) => caller switch
    {
        Caller.User user => $"user {user.Id}",
        Caller.Member member => $"member {member.Id}",
        Caller.AnyCertificate any => $"certificate {any.Fingerprint}",
        _ => "anonymous",
    };

    private static Digest DigestOf(string caller, string key) => Digest.Of(Encoding.UTF8.GetBytes($"{caller}\n{key}"));

    private static Digest DigestOf(Request request)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(request.Verb.ToString());
        Add(request.Path);
        foreach (KeyValuePair<string, string> parameter in request.Query.Parameters)
        {
            Add(parameter.Key);
            Add(parameter.Value);
        }

        hash.AppendData(request.Body.Span);
        return new Digest(hash.GetHashAndReset());

        void Add(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
    }
}
