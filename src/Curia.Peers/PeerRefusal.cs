using System;
using System.Collections.Generic;
using System.Text;

namespace Curia.Peers;

/// <summary>Why a connection, a call or a frame is refused: names that both ends print, count and compare
/// (docs/node-protocol.md, "Refusals").</summary>
public static class PeerRefusal
{
    /// <summary>The longest name in bytes.</summary>
    public const int LengthMax = 64;

    /// <summary>The two ends speak no version in common.</summary>
    public const string NoCommonVersion = "NoCommonVersion";

    /// <summary>The id in the hello is not that of the certificate.</summary>
    public const string WrongNodeId = "WrongNodeId";

    /// <summary>The hello names a node that this one is not, or the node that was reached is not the one that was
    /// meant: its address belongs to another one by now.</summary>
    public const string NotMe = "NotMe";

    /// <summary>The hello names another network.</summary>
    public const string OtherNetwork = "OtherNetwork";

    /// <summary>The nodes map does not have the node.</summary>
    public const string UnknownNode = "UnknownNode";

    /// <summary>The certificate is missing, or its key is none that a node may have.</summary>
    public const string BadCertificate = "BadCertificate";

    /// <summary>The TLS handshake failed: another version, another protocol, or no TLS at all.</summary>
    public const string TlsFailed = "TlsFailed";

    /// <summary>No hello, or no answer to one, came in time.</summary>
    public const string TooSlow = "TooSlow";

    /// <summary>Too many connections wait for their hello.</summary>
    public const string TooManyConnections = "TooManyConnections";

    /// <summary>A frame that the protocol does not allow, or not there.</summary>
    public const string Malformed = "Malformed";

    /// <summary>A block in a message has a wrong root, signature or certificate.</summary>
    public const string BadBlock = "BadBlock";

    /// <summary>A frame of a version that was not agreed on.</summary>
    public const string UnknownVersion = "UnknownVersion";

    /// <summary>A frame says that it is larger than frames may be.</summary>
    public const string FrameTooLarge = "FrameTooLarge";

    /// <summary>The frames of a message are more than a message may have.</summary>
    public const string MessageTooLarge = "MessageTooLarge";

    /// <summary>Nothing was heard, or nothing could be written, for too long.</summary>
    public const string Silent = "Silent";

    /// <summary>The other end does not read what it asked for.</summary>
    public const string DoesNotRead = "DoesNotRead";

    /// <summary>Too many calls of this node are in progress; the call was not looked at.</summary>
    public const string Busy = "Busy";

    /// <summary>What answers calls has failed; the call may have had its effect.</summary>
    public const string Failed = "Failed";

    /// <summary>Another connection of the node took the place of this one.</summary>
    public const string Replaced = "Replaced";

    /// <summary>A name that a newer version, or the trust of the other end, has brought: it is counted under this
    /// one.</summary>
    public const string Other = "Other";

    /// <summary>All names of this version.</summary>
    public static IReadOnlySet<string> All { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        NoCommonVersion, WrongNodeId, NotMe, OtherNetwork, UnknownNode, BadCertificate, TlsFailed, TooSlow,
        TooManyConnections, Malformed, BadBlock, UnknownVersion, FrameTooLarge, MessageTooLarge, Silent, DoesNotRead,
        Busy, Failed, Replaced, Other,
    };

    /// <summary>Reads a name: 1 to 64 ASCII letters and digits, so that it can stand in a line of a log as it
    /// is.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out string name)
    {
        name = "";
        if (bytes.Length is 0 or > LengthMax) return false;
        foreach (byte letter in bytes)
        {
            if (!char.IsAsciiLetterOrDigit((char)letter)) return false;
        }

        name = Encoding.ASCII.GetString(bytes);
        return true;
    }

    /// <summary>The name as bytes; one that cannot be sent becomes <see cref="Other"/>.</summary>
    public static byte[] Encode(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        return TryDecode(bytes, out _) ? bytes : Encoding.ASCII.GetBytes(Other);
    }

    /// <summary>The name under which a refusal is counted: nothing that another node can invent.</summary>
    internal static string Label(string name) => All.Contains(name) ? name : Other;
}
