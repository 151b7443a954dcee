using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;

namespace Curia.Cli.Sandbox;

/// <summary>Ports of this machine.</summary>
internal static class Ports
{
    public const int Max = 65535;

    // Below those that systems give to outgoing connections (Linux: from 32768 on), so that a port that is written
    // down for a node is still free when the node starts again.
    private const int FirstFree = 20_000;
    private const int LastFree = 32_000;

    /// <summary>Different ports that nobody listens on now.</summary>
    public static IReadOnlyList<int> Free(int count)
    {
        List<int> found = [];
        for (int attempt = 0; found.Count < count && attempt < 10_000; attempt++)
        {
            int port = Random.Shared.Next(FirstFree, LastFree);
            if (!found.Contains(port) && WhyNot(port) is null) found.Add(port);
        }

        return found.Count == count
            ? found
            : throw CommandFailure.Environment(
                $"no {count} free ports between {FirstFree} and {LastFree}. End the programs that use them.");
    }

    /// <summary>Whether nobody listens on a port now.</summary>
    public static bool IsFree(int port) => port is > 0 and <= Max && WhyNot(port) is null;

    /// <summary>Refuses a port for clients that another program uses.</summary>
    public static void RefuseUsed(int port)
    {
        if (WhyNot(port) is not { } e) return;
        throw CommandFailure.Environment(
            $"cannot listen on port {port}: {Reason(e)}. Choose another with --port; 0 takes any free one.", e);
    }

    /// <summary>Refuses a port for other nodes, which those have written down, that another program uses.</summary>
    public static void RefuseUsed(int port, string node)
    {
        if (WhyNot(port) is not { } e) return;
        throw CommandFailure.Environment(
            $"cannot listen on port {port}, where other nodes look for {node}: {Reason(e)}. End that program.", e);
    }

    private static string Reason(SocketException e) =>
        e.SocketErrorCode == SocketError.AddressAlreadyInUse ? "another program uses it" : e.Message;

    private static SocketException? WhyNot(int port)
    {
        try
        {
            using TcpListener probe = new(IPAddress.Loopback, port);
            probe.Start();
            return null;
        }
        catch (SocketException e)
        {
            return e;
        }
    }
}
