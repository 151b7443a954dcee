using System;

namespace Curia.KeyValue;

/// <summary>Who runs a transaction, and so which maps it may read and write (DESIGN 5, "State and ledger").</summary>
public enum MapAccess
{
    /// <summary>Application code: reads every public map and the private maps of the application, writes the
    /// application's maps only. Governance and internal maps are read-only for it, private internal ones do not exist
    /// for it.</summary>
    Application,

    /// <summary>The node itself: reads and writes every map.</summary>
    Node,
}

/// <summary>Code touched a map that its <see cref="MapAccess"/> does not cover, or more maps than a transaction opens:
/// a fault of that code.</summary>
public sealed class MapAccessException : Exception
{
    /// <summary>Says which map was refused and why.</summary>
    public MapAccessException(string message) : base(message)
    {
    }
}
