using System;
using System.Globalization;
using System.Linq;

namespace Curia.Governance;

/// <summary>The address of a founding node: a name or IP address, and a port. Whether anybody answers there is not for
/// a charter to say.</summary>
internal static class PeerAddress
{
    private const int HostMax = 253; // RFC 1035 section 2.3.4, without the last dot
    private const int LabelMax = 63;

    public static bool IsValid(string address)
    {
        int colon = address.LastIndexOf(':');
        if (colon <= 0 || address.Length > HostMax + 8) return false;
        string port = address[(colon + 1)..];
        bool isPort = port.Length is > 0 and <= 5 && port[0] != '0' && port.All(char.IsAsciiDigit)
            && int.Parse(port, CultureInfo.InvariantCulture) <= ushort.MaxValue;
        string host = address[..colon];
        return isPort && (host[0] == '[' ? IsVersion6(host) : IsName(host));
    }

    // Letters of one case alone, so that one host is written in one way. IPv4 addresses are names of digits.
    private static bool IsName(string host) => host.Length <= HostMax && host.Split('.').All(label =>
        label.Length is > 0 and <= LabelMax && label[0] != '-' && label[^1] != '-'
        && label.All(one => char.IsAsciiLetterLower(one) || char.IsAsciiDigit(one) || one == '-'));

    private static bool IsVersion6(string host) => host.Length > 4 && host[^1] == ']'
        && host.AsSpan(1, host.Length - 2).Count(':') is >= 2 and <= 7
        && host[1..^1].All(one => char.IsAsciiDigit(one) || one is (>= 'a' and <= 'f') or ':');
}
