namespace Curia.KeyValue;

/// <summary>The sizes that one transaction may reach. A decoder refuses what is larger before it reserves memory for
/// it.</summary>
public static class SizeLimits
{
    /// <summary>Bytes of a key. A key is compared on every way down the tree and kept in separators: names and numbers
    /// fit, documents belong into values.</summary>
    public const int KeyBytesMax = 64 * 1024;

    /// <summary>Bytes of a value: eight times the body of the largest request a node takes by default, and a quarter of
    /// a write set.</summary>
    public const int ValueBytesMax = 16 * 1024 * 1024;

    /// <summary>Bytes of an encoded write set, both domains together. One entry must fit a block, and a block must go
    /// to a peer in a few seconds; CCF stops at 100 MB.</summary>
    public const int WriteSetBytesMax = 64 * 1024 * 1024;

    /// <summary>Maps that one transaction opens, and maps of a write set. A map is a kind of data, not a datum:
    /// identifiers belong into keys. A tenth of this is much.</summary>
    public const int MapsMax = 1024;

    /// <summary>Bytes of a frame of exported state: the largest entry (key, value, 16 bytes of lengths and version) and
    /// the name of its map fit with room to spare.</summary>
    public const int StateFrameBytesMax = 32 * 1024 * 1024;
}
