using System;

namespace Curia.Peers;

/// <summary>Ends a connection for a reason that has a name.</summary>
/// <param name="name">A name of <see cref="PeerRefusal"/>, or of the trust of one of the ends.</param>
/// <param name="isOurs">Whether this end refuses; otherwise the other one did.</param>
internal sealed class RefusedException(string name, bool isOurs = true) : Exception(name)
{
    /// <summary>The name of the reason.</summary>
    public string Name { get; } = name;

    /// <summary>Whether this end refuses.</summary>
    public bool IsOurs { get; } = isOurs;
}
