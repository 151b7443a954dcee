using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace Curia.Cli.Benchmark.Load;

/// <summary>Lets the threads that wait for sockets also take what comes, instead of handing it to the thread pool: the
/// hop would cost the load a third of its CPU time, and one client a good part of its latency.</summary>
internal static class SocketThreads
{
    private const string Setting = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Chooses it for this process, before it has used a socket, and not for those that it starts.</summary>
    /// <remarks>The framework reads the variable once, when the first socket waits. Code that runs on such a thread
    /// must not block; here it is the load alone, and the few calls around it. Where the framework knows no such
    /// variable nothing changes.</remarks>
    public static async Task TakeAnswersAsync()
    {
        Environment.SetEnvironmentVariable(Setting, "1");
        try
        {
            using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen();
            Task<Socket> accept = listener.AcceptAsync();
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(listener.LocalEndPoint!).ConfigureAwait(false);
            using Socket accepted = await accept.ConfigureAwait(false);
        }
        catch (SocketException)
        {
            // No loopback, no load: the connection that fails next will say so.
        }
        finally
        {
            Environment.SetEnvironmentVariable(Setting, null);
        }
    }
}
