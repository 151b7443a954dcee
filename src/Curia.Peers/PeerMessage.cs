using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;

namespace Curia.Peers;

/// <summary>A piece of a message: bytes that are there, or bytes that are read when their turn comes.</summary>
public readonly struct PeerPart
{
    private readonly ReadOnlyMemory<byte> bytes;
    private readonly Func<ReadOnlyMemory<byte>?>? read;

    private PeerPart(ReadOnlyMemory<byte> bytes, Func<ReadOnlyMemory<byte>?>? read)
    {
        this.bytes = bytes;
        this.read = read;
    }

    /// <summary>Bytes that are there; they must not change until the message is sent.</summary>
    public static PeerPart Of(ReadOnlyMemory<byte> bytes) => new(bytes, null);

    /// <summary>Bytes that are read, on a worker thread, just before the message is sent, so that a queue of large
    /// messages takes no memory. Null when there are none any more: the message is dropped then.</summary>
    /// <remarks>An array that is null converts to no bytes, which is not null: say
    /// <c>(ReadOnlyMemory&lt;byte&gt;?)null</c> where a conversion could come between.</remarks>
    public static PeerPart Later(Func<ReadOnlyMemory<byte>?> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return new PeerPart(default, read);
    }

    /// <summary>How much memory it holds while it waits.</summary>
    internal int Waiting => bytes.Length;

    internal bool IsLater => read is not null;

    internal ReadOnlyMemory<byte>? Read() => read is null ? bytes : read();
}

/// <summary>What is sent to one or many nodes: the bytes of its parts, one behind the other.</summary>
/// <remarks>Immutable, so the same message may be sent to many; one of secrets is sent once.</remarks>
public sealed class PeerMessage
{
    private readonly PeerPart[] parts;
    private readonly byte[] secret = [];

    /// <summary>Joins parts, without copying them.</summary>
    /// <param name="parts">In the order in which they are sent.</param>
    /// <param name="mayPass">Whether it may overtake messages to the same node that wait or are being sent. Only
    /// what is small passes; among themselves those that may keep their order.</param>
    public PeerMessage(IEnumerable<PeerPart> parts, bool mayPass = false)
    {
        this.parts = [.. parts];
        MayPass = mayPass;
        WaitingBytes = this.parts.Sum(part => (long)part.Waiting);
    }

    /// <summary>A message of one part that is there.</summary>
    /// <param name="bytes">They must not change until the message is sent.</param>
    /// <param name="mayPass">Whether it may overtake others.</param>
    public PeerMessage(ReadOnlyMemory<byte> bytes, bool mayPass = false) : this([PeerPart.Of(bytes)], mayPass)
    {
    }

    private PeerMessage(byte[] secret) : this(secret, mayPass: false) => this.secret = secret;

    /// <summary>A message to one node that holds secrets.</summary>
    /// <param name="bytes">They belong to the message, which clears them when it is sent or dropped.</param>
    public static PeerMessage OfSecret(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return new PeerMessage(bytes);
    }

    /// <summary>Whether it may overtake messages that wait or are being sent.</summary>
    public bool MayPass { get; }

    /// <summary>How much memory it holds while it waits.</summary>
    internal long WaitingBytes { get; }

    /// <summary>Whether some of it is read late, so that its size is not known.</summary>
    internal bool HasLater => parts.Any(part => part.IsLater);

    internal IReadOnlyList<PeerPart> Parts => parts;

    /// <summary>It is sent or dropped.</summary>
    internal void Forget() => CryptographicOperations.ZeroMemory(secret);
}
