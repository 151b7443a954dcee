using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using Curia.Consensus;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node.Peers;

/// <summary>The bytes of messages between nodes: version 1, a kind, the fields in order, big-endian, nothing after
/// them (docs/node-protocol.md, "Messages").</summary>
public static class PeerCodec
{
    /// <summary>The version of the messages that this code writes and reads.</summary>
    public const byte Version = 1;

    // As many as a primary puts into one message.
    private const int BlocksMax = 1024;

    private enum Kind : byte
    {
        Append = 1,
        Appended = 2,
        NotAppended = 3,
        VoteRequest = 4,
        Vote = 5,
        HandOver = 6,
        AskForSecrets = 7,
        GiveSecrets = 8,
        SignedAppended = 9,
        CanOpen = 10,
    }

    /// <summary>Writes a message of consensus. Blocks follow as they are.</summary>
    /// <exception cref="InvariantException">The message is of a kind that nodes do not send.</exception>
    public static byte[] Encode(ReplicaMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message switch
        {
            ReplicaMessage.Append append => Write(
                Kind.Append, append.View.Value, append.Previous.View.Value, append.Previous.SeqNo.Value,
                append.Committed.View.Value, append.Committed.SeqNo.Value, append.Round, (ulong)append.Blocks.Length),
            ReplicaMessage.Appended appended => Write(
                Kind.Appended, appended.View.Value, appended.Matched.View.Value, appended.Matched.SeqNo.Value,
                appended.Round),
            ReplicaMessage.NotAppended refused => Write(
                Kind.NotAppended, refused.View.Value, refused.Refused.View.Value, refused.Refused.SeqNo.Value,
                refused.Hint.View.Value, refused.Hint.SeqNo.Value, refused.Round),
            ReplicaMessage.VoteRequest request => Write(
                Kind.VoteRequest, request.View.Value, Flag(request.IsPreVote), request.Last.View.Value,
                request.Last.SeqNo.Value),
            ReplicaMessage.Vote vote => Write(
                Kind.Vote, vote.View.Value, Flag(vote.IsPreVote), Flag(vote.IsGranted)),
            ReplicaMessage.HandOver => Write(Kind.HandOver, message.View.Value),
            _ => throw new InvariantException($"nodes do not send a {message.GetType().Name}"),
        };
    }

    /// <summary>Writes an acknowledgement that is signed.</summary>
    /// <param name="message">What it says.</param>
    /// <param name="nodeKey">SubjectPublicKeyInfo of this node, DER.</param>
    /// <param name="signatures">At least one, at most <see cref="PeerMessage.SignedBlocksMax"/>, in ascending order of
    /// their blocks.</param>
    public static byte[] Encode(
        ReplicaMessage.Appended message, ReadOnlySpan<byte> nodeKey, IReadOnlyList<SignedBlock> signatures)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(signatures);
        List<byte> bytes =
        [
            .. Write(Kind.SignedAppended, message.View.Value, message.Matched.View.Value, message.Matched.SeqNo.Value,
                message.Round, (ulong)nodeKey.Length, (ulong)signatures.Count),
            .. nodeKey,
        ];
        foreach (SignedBlock signed in signatures)
        {
            // Without version and kind, which only begin a message.
            bytes.AddRange(Write(Kind.SignedAppended, signed.Block.View.Value, signed.Block.SeqNo.Value,
                (ulong)signed.Signature.Length).AsSpan(2));
            bytes.AddRange(signed.Signature.Span);
        }

        return [.. bytes];
    }

    /// <summary>Whether a message that was written here is an append, which brings blocks or says that there are
    /// none.</summary>
    public static bool IsAppend(ReadOnlySpan<byte> message) => message.Length > 1 && message[1] == (byte)Kind.Append;

    /// <summary>Asks for secrets.</summary>
    public static byte[] AskForSecrets() => Write(Kind.AskForSecrets);

    /// <summary>Gives secrets; the bytes hold them in clear and go into an attested channel and nowhere
    /// else.</summary>
    public static byte[] GiveSecrets(ReadOnlySpan<byte> secrets)
    {
        byte[] bytes = new byte[2 + secrets.Length];
        bytes[0] = Version;
        bytes[1] = (byte)Kind.GiveSecrets;
        secrets.CopyTo(bytes.AsSpan(2));
        return bytes;
    }

    /// <summary>Says that the sender can open the ledger.</summary>
    public static byte[] CanOpen() => Write(Kind.CanOpen);

    /// <summary>Reads a message. Blocks are decoded; whether they are right is for the caller to find out.</summary>
    /// <param name="bytes">One message; the blocks keep the memory.</param>
    /// <param name="message">The message, or null.</param>
    /// <param name="reason">Empty, or what is wrong.</param>
    public static bool TryDecode(
        ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out PeerMessage? message, out string reason)
    {
        message = null;
        reason = "it is too short";
        if (bytes.Length < 2) return false;
        reason = $"its version is {bytes.Span[0]}";
        if (bytes.Span[0] != Version) return false;
        Kind kind = (Kind)bytes.Span[1];
        reason = $"there is no kind {bytes.Span[1]}";
        if (!Enum.IsDefined(kind)) return false;
        reason = $"its kind {bytes.Span[1]} has other fields";
        message = kind switch
        {
            Kind.GiveSecrets => SealedSecrets.TryImport(bytes.Span[2..], out SealedSecrets? secrets)
                ? new PeerMessage.GiveSecrets(secrets)
                : null,
            Kind.SignedAppended => ReadSigned(bytes[2..]),
            Kind.AskForSecrets => bytes.Length == 2 ? new PeerMessage.AskForSecrets() : null,
            Kind.CanOpen => bytes.Length == 2 ? new PeerMessage.CanOpen() : null,
            _ => ReadConsensus(kind, bytes[2..], ref reason),
        };
        if (message is not null) reason = "";
        return message is not null;
    }

    private static PeerMessage.SignedAppended? ReadSigned(ReadOnlyMemory<byte> bytes)
    {
        Reader reader = new(bytes);
        ReplicaMessage.Appended appended = new(reader.ReadView(), reader.TxId(), reader.U64());
        ulong keyLength = reader.U64();
        ulong count = reader.U64();
        if (reader.Failed || keyLength is 0 or > Acknowledgement.KeyBytesMax
            || count is 0 or > PeerMessage.SignedBlocksMax)
        {
            return null;
        }

        ReadOnlyMemory<byte> key = reader.Take((int)keyLength);
        List<SignedBlock> signatures = [];
        for (ulong index = 0; index < count; index++)
        {
            TxId block = reader.TxId();
            ulong length = reader.U64();
            bool isInOrder = signatures.Count == 0 || block.SeqNo > signatures[^1].Block.SeqNo;
            if (!isInOrder || length is 0 or > Acknowledgement.SignatureBytesMax) return null;
            signatures.Add(new SignedBlock(block, reader.Take((int)length)));
        }

        return reader.IsComplete ? new PeerMessage.SignedAppended(appended, key, signatures) : null;
    }

    private static PeerMessage.Consensus? ReadConsensus(Kind kind, ReadOnlyMemory<byte> bytes, ref string reason)
    {
        Reader reader = new(bytes);
        ReplicaMessage? read = ReadFields(kind, ref reader);
        List<ReceivedBlock> blocks = [];
        if (read is ReplicaMessage.Append && !TryReadBlocks(ref reader, blocks, ref reason)) return null;
        return read is not null && reader.IsComplete ? new PeerMessage.Consensus(read, blocks) : null;
    }

    private static ReplicaMessage? ReadFields(Kind kind, ref Reader reader)
    {
        View view = reader.ReadView();
        return kind switch
        {
            Kind.Append => new ReplicaMessage.Append(
                view, reader.TxId(), [], reader.TxId(), reader.U64()),
            Kind.Appended => new ReplicaMessage.Appended(view, reader.TxId(), reader.U64()),
            Kind.NotAppended => new ReplicaMessage.NotAppended(view, reader.TxId(), reader.TxId(), reader.U64()),
            Kind.VoteRequest => new ReplicaMessage.VoteRequest(view, reader.Flag(), reader.TxId()),
            Kind.Vote => new ReplicaMessage.Vote(view, reader.Flag(), reader.Flag()),
            Kind.HandOver => new ReplicaMessage.HandOver(view),
            _ => null,
        };
    }

    private static bool TryReadBlocks(ref Reader reader, List<ReceivedBlock> blocks, ref string reason)
    {
        ulong count = reader.U64();
        if (reader.Failed) return false;
        reason = $"it says that {count} blocks follow";
        if (count > BlocksMax) return false;
        for (ulong index = 0; index < count; index++)
        {
            reason = "a block in it has no header";
            if (!Block.TryReadLength(reader.Rest.Span, out int length) || length > reader.Rest.Length) return false;
            if (!Block.TryDecode(reader.Take(length), out Block? block, out reason)) return false;
            blocks.Add(new ReceivedBlock(block, block.Digest, block.FrontierAfter()));
        }

        reason = "something follows its last block";
        return true;
    }

    private static ulong Flag(bool value) => value ? 1UL : 0;

    private static byte[] Write(Kind kind, params ReadOnlySpan<ulong> fields)
    {
        byte[] bytes = new byte[2 + fields.Length * sizeof(ulong)];
        bytes[0] = Version;
        bytes[1] = (byte)kind;
        for (int index = 0; index < fields.Length; index++)
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(2 + index * sizeof(ulong)), fields[index]);
        return bytes;
    }

    private ref struct Reader(ReadOnlyMemory<byte> rest)
    {
        public bool Failed { get; private set; }

        public ReadOnlyMemory<byte> Rest { get; private set; } = rest;

        public readonly bool IsComplete => !Failed && Rest.IsEmpty;

        public ulong U64()
        {
            ReadOnlyMemory<byte> bytes = Take(sizeof(ulong));
            return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64BigEndian(bytes.Span);
        }

        public TxId TxId()
        {
            View view = ReadView();
            SeqNo seqNo = new(U64());
            Failed |= seqNo > SeqNo.Max;
            return new TxId(view, seqNo);
        }

        public View ReadView()
        {
            View view = new(U64());
            Failed |= view > View.Max;
            return view;
        }

        public bool Flag()
        {
            ulong value = U64();
            Failed |= value > 1;
            return value == 1;
        }

        public ReadOnlyMemory<byte> Take(int length)
        {
            if (Failed || length > Rest.Length)
            {
                Failed = true;
                return default;
            }

            ReadOnlyMemory<byte> taken = Rest[..length];
            Rest = Rest[length..];
            return taken;
        }
    }
}
