using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace Curia.Tests.Peers;

/// <summary>A port that says no word by itself.</summary>
internal sealed class RawListener : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public RawListener() => listener.Start();

    public IPEndPoint Bound => (IPEndPoint)listener.LocalEndpoint;

    public async Task<Stream> AcceptAsync() => (await listener.AcceptTcpClientAsync()).GetStream();

    public void Dispose() => listener.Dispose();
}
