namespace Curia.Ledger;

/// <summary>What an entry holds. The numbers are part of the format.</summary>
public enum EntryType : byte
{
    /// <summary>The write set of a transaction.</summary>
    WriteSet = 0,

    /// <summary>A signature transaction, always the last entry of its block.</summary>
    Signature = 1,

    /// <summary>The first transaction of a ledger: the service certificate and the first write set.</summary>
    Genesis = 2,

    /// <summary>The first transaction of a process that goes on from a ledger on disk: the next service identity and
    /// where it goes on (<see cref="EpochBlock"/>).</summary>
    Epoch = 3,
}
