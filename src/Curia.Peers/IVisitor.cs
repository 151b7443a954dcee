using System.Threading;
using Curia.Vocabulary;

namespace Curia.Peers;

/// <summary>Who has made a connection to this node.</summary>
internal interface IVisitor
{
    /// <summary>Its id.</summary>
    NodeId Id { get; }

    /// <summary>Takes a connection that it made; an older one for the same purpose is a leftover.</summary>
    /// <returns>False when it may not stay.</returns>
    bool TryTake(PeerHello hello, PeerConnection connection);

    /// <summary>A connection that it made has ended.</summary>
    void Release(PeerPurpose purpose, PeerConnection connection);

    /// <summary>Whether one more of its calls may be answered; <see cref="EndCall"/> follows then.</summary>
    bool TryBeginCall(int bytes);

    /// <summary>One of its calls is answered, or its answer can no longer be sent.</summary>
    void EndCall(int bytes);
}

/// <summary>A visitor that is none of the peers, for one call at a time.</summary>
/// <param name="self">This node.</param>
/// <param name="id">Its id.</param>
/// <param name="address">Where it comes from, without a port.</param>
internal sealed class Stranger(LocalNode self, NodeId id, string address) : IVisitor
{
    /// <summary>Far more than what a probe has to say.</summary>
    public const int CallBytesMax = 16 << 20;

    private int calls;

    /// <inheritdoc/>
    public NodeId Id => id;

    /// <inheritdoc/>
    public bool TryTake(PeerHello hello, PeerConnection connection) => self.TryAddProbe(address);

    /// <inheritdoc/>
    public void Release(PeerPurpose purpose, PeerConnection connection) => self.RemoveProbe(address);

    /// <inheritdoc/>
    public bool TryBeginCall(int bytes) => bytes <= CallBytesMax && Interlocked.Exchange(ref calls, 1) == 0;

    /// <inheritdoc/>
    public void EndCall(int bytes) => Volatile.Write(ref calls, 0);
}
