using System;

namespace Curia.Ledger;

/// <summary>The formats of a ledger (docs/ledger-format.md, "Formats"). A program that writes one reads all before it;
/// a network writes what all of its nodes can read.</summary>
public static class LedgerFormat
{
    /// <summary>The first one.</summary>
    public const int Oldest = 1;

    /// <summary>From here on a signature transaction may carry acknowledgements.</summary>
    public const int WithAcknowledgements = 2;

    /// <summary>What this program writes where all nodes read it.</summary>
    public const int Newest = WithAcknowledgements;

    /// <summary>More than any program will ever write; what a node says of itself is below it.</summary>
    public const int Max = 65_535;

    /// <summary>The oldest format that has all of what is in a block.</summary>
    public static int Of(Block block)
    {
        ArgumentNullException.ThrowIfNull(block);
        return block.Signature.Acknowledgements.IsEmpty ? Oldest : WithAcknowledgements;
    }
}
