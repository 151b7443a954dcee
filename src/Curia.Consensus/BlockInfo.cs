using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>What consensus knows of a block: its place, its digest, and the configuration that it carries, if
/// any.</summary>
/// <param name="View">The view whose primary sealed it.</param>
/// <param name="First">The seqno of its first entry.</param>
/// <param name="Last">The seqno of its signature transaction, which ends it.</param>
/// <param name="Digest">SHA-256 of its bytes.</param>
/// <param name="Configuration">The configuration that one of its transactions makes; null for most blocks.</param>
/// <remarks>The bytes stay outside: consensus sees opaque blocks, so it can be simulated alone.</remarks>
public sealed record BlockInfo(View View, SeqNo First, SeqNo Last, Digest Digest, Configuration? Configuration)
{
    /// <summary>The identifier of the block's last transaction, by which the block commits.</summary>
    public TxId LastTxId => new(View, Last);
}
