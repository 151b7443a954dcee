using System;
using System.Net;
using System.Net.Sockets;

namespace Curia.Tests.Peers;

/// <summary>A port that takes connections and never says a word.</summary>
internal sealed class RawListener : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public RawListener() => listener.Start();

    public IPEndPoint Bound => (IPEndPoint)listener.LocalEndpoint;

    public void Dispose() => listener.Dispose();
}
