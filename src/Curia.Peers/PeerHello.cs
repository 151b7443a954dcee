using System;
using Curia.Vocabulary;

namespace Curia.Peers;

/// <summary>What a connection is for.</summary>
public enum PeerPurpose : byte
{
    /// <summary>One-way messages from who made the connection, in order.</summary>
    Messages = 1,

    /// <summary>Calls of who made the connection, and their replies, in any order.</summary>
    Calls = 2,

    /// <summary>One call and its reply, of a node that need not be one of the peers: processes that were started on the
    /// disks of a network find each other so.</summary>
    Probe = 3,
}

/// <summary>How who made a connection introduces itself (docs/node-protocol.md, "Hello").</summary>
/// <param name="LowestVersion">The oldest version of the protocol that it speaks, from 1.</param>
/// <param name="HighestVersion">The newest version that it speaks.</param>
/// <param name="Purpose">What the connection is for.</param>
/// <param name="From">Its own id: that of its certificate.</param>
/// <param name="To">The id of the node that it wants to reach.</param>
/// <param name="Network">The digest of the genesis block; zero when it does not know it yet.</param>
public sealed record PeerHello(
    byte LowestVersion, byte HighestVersion, PeerPurpose Purpose, NodeId From, NodeId To, Digest Network)
{
    /// <summary>The size of a hello.</summary>
    public const int Size = 4 + 3 * Digest.Size;

    /// <summary>Reads a hello and nothing behind it.</summary>
    /// <returns>False for other bytes; nothing throws.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out PeerHello? hello)
    {
        hello = null;
        if (bytes.Length != Size || bytes[0] == 0 || bytes[1] < bytes[0] || bytes[3] != 0) return false;
        if ((PeerPurpose)bytes[2] is not (PeerPurpose.Messages or PeerPurpose.Calls or PeerPurpose.Probe)) return false;
        hello = new PeerHello(bytes[0], bytes[1], (PeerPurpose)bytes[2],
            new NodeId(new Digest(bytes.Slice(4, Digest.Size))),
            new NodeId(new Digest(bytes.Slice(4 + Digest.Size, Digest.Size))),
            new Digest(bytes.Slice(4 + 2 * Digest.Size, Digest.Size)));
        return true;
    }

    /// <summary>Writes the hello.</summary>
    /// <param name="target">At least <see cref="Size"/> bytes.</param>
    public void Encode(Span<byte> target)
    {
        target[0] = LowestVersion;
        target[1] = HighestVersion;
        target[2] = (byte)Purpose;
        target[3] = 0;
        From.Value.CopyTo(target[4..]);
        To.Value.CopyTo(target[(4 + Digest.Size)..]);
        Network.CopyTo(target[(4 + 2 * Digest.Size)..]);
    }
}
