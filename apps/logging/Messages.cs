using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;
using Curia.Vocabulary;

namespace Logging;

/// <summary>A message and its number.</summary>
/// <param name="Id">Chosen by the sender; a later message under the same number takes the place of the earlier
/// one.</param>
/// <param name="Msg">The message.</param>
public sealed record Entry(ulong Id, string Msg);

/// <summary>Which message.</summary>
/// <param name="Id">Its number.</param>
public sealed record ById(ulong Id);

/// <summary>A message.</summary>
/// <param name="Msg">The message.</param>
public sealed record Message(string Msg);

/// <summary>Which page of all messages.</summary>
/// <param name="From">The least number on the page.</param>
/// <param name="Limit">The most entries that the caller wants, from 1 on; a page has at most 1,000.</param>
public sealed record PageAt(ulong From = 0, uint Limit = MessageEndpoints.PageEntriesMax);

/// <summary>A page of all messages, in the order of their numbers.</summary>
/// <param name="Entries">The entries of the page.</param>
/// <param name="Next">The number of the entry after the page, to be sent as <c>from</c>; null when the page is the last
/// one.</param>
public sealed record Page(IReadOnlyList<Entry> Entries, ulong? Next);

/// <summary>Which message of the past.</summary>
/// <param name="Id">Its number.</param>
/// <param name="SeqNo">The position of the transaction that wrote it.</param>
public sealed record ByIdAndSeqNo(ulong Id, [property: JsonPropertyName("seqno")] SeqNo SeqNo);

/// <summary>A message of the past and the proof that it is on the ledger.</summary>
/// <param name="Msg">The message.</param>
/// <param name="Receipt">The receipt of the transaction that wrote it.</param>
public sealed record MessageWithReceipt(string Msg, JsonElement Receipt);
