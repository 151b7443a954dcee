using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;

namespace Curia.Peers;

/// <summary>Another node: where it is reached, the connections to it and from it, and its calls that are being
/// answered.</summary>
internal sealed class Peer : IVisitor
{
    private readonly Lock gate = new();
    private readonly PeerLimits limits;
    private readonly Dictionary<PeerPurpose, (PeerConnection Connection, Digest Network)> taken = [];
    private PeerAddress address;
    private int callsInProgress;
    private long callBytesInProgress;
    private bool isClosed;

    public Peer(LocalNode self, NodeId id, PeerAddress address)
    {
        Id = id;
        this.address = address;
        limits = self.Limits;
        Messages = new PeerLink(self, id, () => Address, PeerPurpose.Messages);
        Calls = new PeerLink(self, id, () => Address, PeerPurpose.Calls);
    }

    /// <inheritdoc/>
    public NodeId Id { get; }

    /// <summary>Where it is reached from the next connection on.</summary>
    public PeerAddress Address
    {
        get => Volatile.Read(ref address);
        set => Volatile.Write(ref address, value);
    }

    /// <summary>What carries messages to it.</summary>
    public PeerLink Messages { get; }

    /// <summary>What carries calls to it.</summary>
    public PeerLink Calls { get; }

    /// <inheritdoc/>
    public bool TryTake(PeerHello hello, PeerConnection connection)
    {
        lock (gate)
        {
            if (isClosed) return false;
            if (taken.TryGetValue(hello.Purpose, out (PeerConnection Connection, Digest Network) older))
                older.Connection.Close(PeerRefusal.Replaced);
            taken[hello.Purpose] = (connection, hello.Network);
            return true;
        }
    }

    /// <inheritdoc/>
    public void Release(PeerPurpose purpose, PeerConnection connection)
    {
        lock (gate)
        {
            if (taken.TryGetValue(purpose, out (PeerConnection Connection, Digest Network) now)
                && now.Connection == connection)
            {
                taken.Remove(purpose);
            }
        }
    }

    /// <summary>Closes what it made as a node of another network.</summary>
    public void HoldTo(Digest network)
    {
        lock (gate)
        {
            foreach ((PeerConnection connection, Digest its) in taken.Values)
            {
                if (!LocalNode.AreOneNetwork(its, network)) connection.Close(PeerRefusal.OtherNetwork);
            }
        }
    }

    /// <inheritdoc/>
    public bool TryBeginCall(int bytes)
    {
        lock (gate)
        {
            if (callsInProgress >= limits.CallsInProgressMax) return false;
            if (callsInProgress > 0 && callBytesInProgress + bytes > limits.CallBytesInProgressMax) return false;
            callsInProgress++;
            callBytesInProgress += bytes;
            return true;
        }
    }

    /// <inheritdoc/>
    public void EndCall(int bytes)
    {
        lock (gate)
        {
            callsInProgress--;
            callBytesInProgress -= bytes;
        }
    }

    /// <summary>It is no longer a peer: closes all connections.</summary>
    public Task CloseAsync()
    {
        lock (gate)
        {
            isClosed = true;
            foreach ((PeerConnection connection, _) in taken.Values) connection.Close(PeerRefusal.UnknownNode);
        }

        return Task.WhenAll(Messages.DisposeAsync().AsTask(), Calls.DisposeAsync().AsTask());
    }
}
