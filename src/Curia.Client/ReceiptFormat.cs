namespace Curia.Client;

/// <summary>How a receipt is written down.</summary>
public enum ReceiptFormat
{
    /// <summary>JSON, with the signature of the node and its certificate.</summary>
    Json,

    /// <summary>COSE, signed by the service key itself (the IETF profile of CCF receipts).</summary>
    Cose,
}
