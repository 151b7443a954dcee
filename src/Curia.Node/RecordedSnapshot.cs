using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>A snapshot that the ledger records.</summary>
/// <param name="SeqNo">The state's position.</param>
/// <param name="Digest">What its file must have.</param>
public sealed record RecordedSnapshot(SeqNo SeqNo, ClaimsDigest Digest);
