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

    /// <summary>The most blocks that one message is signed for: more than a primary leaves uncommitted.</summary>
    public const int SignedBlocksMax = 64;

    /// <summary>An acknowledgement that is signed, as a diversity rule asks for.</summary>
    /// <param name="Message">What it says.</param>
    /// <param name="NodeKey">SubjectPublicKeyInfo of the sender, DER.</param>
    /// <param name="Signatures">One for each block that it is signed for, in ascending order, none verified.</param>
    public sealed record SignedAppended(
        ReplicaMessage.Appended Message, ReadOnlyMemory<byte> NodeKey, IReadOnlyList<SignedBlock> Signatures)
        : PeerMessage;

    /// <summary>A node that is admitted asks for what trusted nodes know.</summary>
    public sealed record AskForSecrets : PeerMessage;

    /// <summary>What trusted nodes know: service key and ledger secrets.</summary>
    /// <param name="Secrets">Taken over by the receiver.</param>
    public sealed record GiveSecrets(SealedSecrets Secrets) : PeerMessage;

    /// <summary>A node that is to vote can open the ledger.</summary>
    public sealed record CanOpen : PeerMessage;
}

/// <summary>A signature for a block that is stored (<see cref="Acknowledgement"/>).</summary>
/// <param name="Block">The signature transaction that ends the block.</param>
/// <param name="Signature">r and s of fixed size.</param>
public sealed record SignedBlock(TxId Block, ReadOnlyMemory<byte> Signature);

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
