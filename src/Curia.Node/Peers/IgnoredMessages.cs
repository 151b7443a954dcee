namespace Curia.Node.Peers;

/// <summary>Why a message is left alone by the node, beside the reasons of consensus.</summary>
public static class IgnoredMessages
{
    /// <summary>An acknowledgement that its sender has not signed, under a diversity rule.</summary>
    public const string NotSigned = "NotSigned";

    /// <summary>A block that does not go on from what is here: a gap, another tree, another epoch's key, or another
    /// block than the one that is here.</summary>
    public const string DoesNotFollow = "DoesNotFollow";

    /// <summary>A node asks for secrets, or says that it has them, that is not admitted by what has
    /// committed.</summary>
    public const string NotTrusted = "NotTrusted";
}
