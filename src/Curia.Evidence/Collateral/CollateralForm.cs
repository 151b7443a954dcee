namespace Curia.Evidence;

/// <summary>What collateral is, which says how its expiry is read.</summary>
public enum CollateralForm
{
    /// <summary>One certificate, DER.</summary>
    Certificate,

    /// <summary>Certificates in PEM, up to the root.</summary>
    Chain,

    /// <summary>A revocation list, DER; servers of Intel's send it as hexadecimal digits.</summary>
    RevocationList,

    /// <summary>Intel's TCB info, JSON.</summary>
    TcbInfo,

    /// <summary>Intel's identity of a quoting enclave, JSON.</summary>
    QeIdentity,
}
