using System;

namespace Curia.Peers;

/// <summary>Where a node listens for other nodes.</summary>
public sealed record PeerAddress
{
    /// <summary>Takes a host and a port.</summary>
    /// <exception cref="ArgumentException">The host is empty, or the port is not one.</exception>
    public PeerAddress(string host, int port)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        Host = host;
        Port = port;
    }

    /// <summary>A DNS name, or the text of an IP address.</summary>
    public string Host { get; }

    /// <summary>The port.</summary>
    public int Port { get; }

    /// <summary>As an operator writes it.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
