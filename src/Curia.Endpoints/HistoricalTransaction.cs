using System;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Endpoints;

/// <summary>A committed transaction, read back from the ledger and verified, with its receipt.</summary>
public sealed class HistoricalTransaction
{
    private readonly Func<string> receiptJson;
    private readonly Func<ReadOnlyMemory<byte>> receiptCose;

    /// <summary>Made by the node; the receipts are built when they are asked for.</summary>
    /// <param name="txId">The identifier.</param>
    /// <param name="writes">A transaction on a state that holds what this transaction wrote and nothing else.</param>
    /// <param name="receiptJson">Makes the JSON receipt.</param>
    /// <param name="receiptCose">Makes the COSE receipt.</param>
    public HistoricalTransaction(
        TxId txId, ReadOnlyTransaction writes, Func<string> receiptJson, Func<ReadOnlyMemory<byte>> receiptCose)
    {
        TxId = txId;
        Writes = writes;
        this.receiptJson = receiptJson;
        this.receiptCose = receiptCose;
    }

    /// <summary>The identifier.</summary>
    public TxId TxId { get; }

    /// <summary>What the transaction wrote: its maps hold the keys that it put, and none of the others.</summary>
    public ReadOnlyTransaction Writes { get; }

    /// <summary>The receipt as JSON, in CCF's shape.</summary>
    public string ReceiptJson => receiptJson();

    /// <summary>The receipt as COSE (CCF profile of COSE receipts).</summary>
    public ReadOnlyMemory<byte> ReceiptCose => receiptCose();
}
