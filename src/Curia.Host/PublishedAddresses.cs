using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using Curia.Cryptography;

namespace Curia.Host;

/// <summary>Where clients find the listeners, once their ports are known.</summary>
internal sealed class PublishedAddresses
{
    /// <summary>Joins what the configuration says with what was bound.</summary>
    /// <param name="listeners">The listeners.</param>
    /// <param name="bound">The address that each of them took.</param>
    public PublishedAddresses(IReadOnlyList<ListenerConfiguration> listeners, IReadOnlyList<IPEndPoint> bound)
    {
        HostsAndPorts = [.. listeners.Zip(bound, HostAndPort)];
        Urls = [.. listeners.Zip(HostsAndPorts, (listener, address) => (listener.Name, $"https://{address}"))];
        HashSet<string> hosts = [.. listeners.Select(listener => listener.PublishedHost)];
        IEnumerable<IPAddress> bindings = bound.Select(address => address.Address).Where(IsOneAddress);
        hosts.UnionWith(bindings.Select(address => address.ToString()));

        // A node on the loopback is a node for this machine, and people type the name.
        if (bound.Any(address => IPAddress.IsLoopback(address.Address))) hosts.Add("localhost");
        AlternativeNames = [.. hosts.Order(StringComparer.Ordinal).Select(AlternativeName)];
    }

    /// <summary>As clients write them: <c>host:port</c>, with brackets around an IPv6 address.</summary>
    public IReadOnlyList<string> HostsAndPorts { get; }

    /// <summary>Listener and URL.</summary>
    public IReadOnlyList<(string Listener, string Url)> Urls { get; }

    /// <summary>What the node's certificate must be good for.</summary>
    public IReadOnlyList<SubjectAlternativeName> AlternativeNames { get; }

    private static string HostAndPort(ListenerConfiguration listener, IPEndPoint bound)
    {
        int port = listener.PublishedPort == 0 ? bound.Port : listener.PublishedPort;
        string host = listener.PublishedHost.Contains(':') ? $"[{listener.PublishedHost}]" : listener.PublishedHost;
        return string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
    }

    private static bool IsOneAddress(IPAddress address) =>
        !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);

    private static SubjectAlternativeName AlternativeName(string host) =>
        IPAddress.TryParse(host, out IPAddress? address)
            ? new SubjectAlternativeName.Ip(address.GetAddressBytes())
            : new SubjectAlternativeName.Dns(host);
}
