using System;
using System.Collections.Generic;
using Curia.Consensus;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node.Peers;

/// <summary>What one node tells another, read and checked as far as it can be checked alone
/// (docs/node-protocol.md).</summary>
public abstract record PeerMessage
{
    private PeerMessage()
    {
    }

    /// <summary>A message of consensus.</summary>
    /// <param name="Message">What it says; of an append without its blocks.</param>
    /// <param name="Blocks">The blocks of an append.</param>
    public sealed record Consensus(
        ReplicaMessage Message, IReadOnlyList<ReceivedBlock> Blocks) : PeerMessage;

    /// <summary>A node that is trusted asks for what trusted nodes know.</summary>
    public sealed record AskForSecrets : PeerMessage;

    /// <summary>What trusted nodes know: service key and ledger secrets.</summary>
    /// <param name="Secrets">Taken over by the receiver.</param>
    public sealed record GiveSecrets(SealedSecrets Secrets) : PeerMessage;
}

/// <summary>A block that another node sent.</summary>
/// <param name="Block">The block, decoded.</param>
/// <param name="Digest">SHA-256 of its bytes.</param>
/// <param name="After">The Merkle tree up to its end, as the block itself has it.</param>
public sealed record ReceivedBlock(Block Block, Digest Digest, MerkleFrontier After);

/// <summary>A message on its way to another node.</summary>
/// <param name="Header">Everything but the blocks.</param>
/// <param name="Blocks">The blocks that follow, in order.</param>
public sealed record OutgoingMessage(ReadOnlyMemory<byte> Header, IReadOnlyList<OutgoingBlock> Blocks);

/// <summary>A block on its way to another node.</summary>
/// <param name="First">The seqno of its first entry.</param>
/// <param name="Last">The seqno of its last entry.</param>
/// <param name="Bytes">The block; null when it has to be read from disk.</param>
public sealed record OutgoingBlock(SeqNo First, SeqNo Last, ReadOnlyMemory<byte>? Bytes);
