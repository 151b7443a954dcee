namespace Curia.KeyValue;

/// <summary>Where the writes to a map are readable: by everyone who holds the ledger, or inside the TEEs
/// alone.</summary>
public enum Domain : byte
{
    /// <summary>In clear on the ledger: names that begin with <see cref="MapNames.PublicPrefix"/>.</summary>
    Public = 0,

    /// <summary>Sealed on the ledger: every other name.</summary>
    Private = 1,
}
