using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>A message that no sound node has sent.</summary>
/// <param name="Kind">What was done to it.</param>
/// <param name="Bytes">The message.</param>
/// <param name="MayBeRead">Whether it is in good form: then it may be read, but must change no ledger.</param>
/// <param name="LeftOut">The end of the block that was left out: who has it as committed does not miss it.</param>
internal sealed record DamagedMessage(
    string Kind, ReadOnlyMemory<byte> Bytes, bool MayBeRead, SeqNo LeftOut = default);

/// <summary>Tells messages apart by their second byte (docs/node-protocol.md).</summary>
internal static class PeerKinds
{
    private const byte Append = 1;
    private const byte GiveSecrets = 8;

    // Version, kind, view, previous, committed, round; then the number of blocks.
    public const int CountAt = 2 + 6 * sizeof(ulong);
    public const int BlocksAt = CountAt + sizeof(ulong);

    public static bool IsSecret(ReadOnlyMemory<byte> bytes) => bytes.Length > 1 && bytes.Span[1] == GiveSecrets;

    public static bool HasBlocks(ReadOnlyMemory<byte> bytes) => bytes.Span[1] == Append && bytes.Length > BlocksAt;
}

/// <summary>Makes bad messages of good ones.</summary>
internal sealed class Damages(SeededRandom random)
{
    private readonly List<NodeId> signers = [];

    /// <summary>A node whose signature may stand where it does not belong.</summary>
    public void Remember(NodeId signer) => signers.Add(signer);

    public DamagedMessage? Of(ReadOnlyMemory<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        if (!PeerKinds.HasBlocks(bytes)) return Shapeless(copy);
        List<(int At, int Length)> blocks = BlocksOf(copy);
        switch (random.Below(6))
        {
            case 0:
                return Shapeless(copy);
            case 1:
                (int at, int length) = random.Pick(blocks);
                copy[at + random.Between(Block.HeaderSize, length - 1)] ^= (byte)(1 << random.Below(8));
                return new DamagedMessage("a bit of a block flipped", copy, MayBeRead: false);
            case 2:
                // The header of a block is under no signature; the node in it must be the one that signed.
                (int header, _) = random.Pick(blocks);
                Span<byte> node = copy.AsSpan(header + Block.HeaderSize - Digest.Size, Digest.Size);
                NodeId other = random.Pick(signers);
                if (node.SequenceEqual(other.Value.ToArray())) return null;
                other.Value.ToArray().CopyTo(node);
                return new DamagedMessage("another node's name on a block", copy, MayBeRead: false);
            case 3:
                ReadOnlyMemory<byte> foreign = random.Pick(ForeignLedger.Blocks);
                byte[] message = [.. copy.AsSpan(0, PeerKinds.BlocksAt), .. foreign.Span];
                BinaryPrimitives.WriteUInt64BigEndian(message.AsSpan(PeerKinds.CountAt), 1);
                return new DamagedMessage("a block of another network", message, MayBeRead: true);
            default:
                if (blocks.Count < 2) return null;
                int dropped = random.Below(blocks.Count - 1);
                byte[] gap = [.. copy[..blocks[dropped].At], .. copy[blocks[dropped + 1].At..]];
                BinaryPrimitives.WriteUInt64BigEndian(gap.AsSpan(PeerKinds.CountAt), (ulong)blocks.Count - 1);
                (int from, int size) = blocks[dropped];
                SeqNo end = Block.TryDecode(bytes.Slice(from, size), out Block? left) ? left.Last : SeqNo.Zero;
                return new DamagedMessage("a block left out", gap, MayBeRead: true, end);
        }
    }

    private DamagedMessage? Shapeless(byte[] copy)
    {
        switch (random.Below(4))
        {
            case 0:
                random.Fill(copy);
                copy[0] |= 2;
                return new DamagedMessage("garbage", copy, MayBeRead: false);
            case 1:
                return new DamagedMessage("a message cut short", copy.AsMemory(0, copy.Length - 1), MayBeRead: false);
            case 2:
                return new DamagedMessage("a message with a tail", (byte[])[.. copy, 0], MayBeRead: false);
            default:
                copy[0]++;
                return new DamagedMessage("a message of another version", copy, MayBeRead: false);
        }
    }

    private static List<(int At, int Length)> BlocksOf(byte[] message)
    {
        List<(int, int)> blocks = [];
        int at = PeerKinds.BlocksAt;
        while (at < message.Length && Block.TryReadLength(message.AsSpan(at), out int length))
        {
            blocks.Add((at, length));
            at += length;
        }

        return blocks;
    }
}
