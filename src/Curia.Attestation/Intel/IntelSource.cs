namespace Curia.Attestation;

/// <summary>What the checks of TDX and SGX cite.</summary>
internal static class IntelSource
{
    /// <summary>Intel TDX DCAP Quoting Library API, appendix A.3 for quotes of version 4 and A.4 for version 5; Intel
    /// SGX ECDSA QuoteLib Reference (DCAP API), appendix A.4 for version 3.</summary>
    public const string Quote = "Intel DCAP Quoting Library API, appendix A (quote format)";

    /// <summary>The same: how the quoting enclave vouches for the attestation key.</summary>
    public const string Binding = "Intel DCAP Quoting Library API, appendix A (QE report data)";

    /// <summary>Intel SGX PCK Certificate and Certificate Revocation List Profile Specification: chain, names and
    /// extensions.</summary>
    public const string Endorsements = "Intel SGX PCK Certificate and CRL Profile Specification";

    /// <summary>Intel SGX and TDX Provisioning Certification Service API, version 4: the identity of a quoting
    /// enclave.</summary>
    public const string QeIdentity = "Intel PCS API v4, Get Quoting Enclave Identity";

    /// <summary>The same: security versions and their status.</summary>
    public const string TcbInfo = "Intel PCS API v4, Get TCB Info";

    /// <summary>The same: identities of TDX modules.</summary>
    public const string TdxModule = "Intel PCS API v4, Get TDX TCB Info (tdxModuleIdentities)";

    /// <summary>TD attributes, and the group of them that makes a domain one under debugging.</summary>
    public const string TdAttributes = "Intel TDX DCAP Quoting Library API, appendix A.3.4 (TD attributes)";

    /// <summary>Intel TDX Module: ABI Reference Specification, TD_PARAMS.XFAM.</summary>
    public const string Xfam = "Intel TDX Module ABI Specification, XFAM";

    /// <summary>Intel 64 and IA-32 Architectures Software Developer's Manual: SECS.ATTRIBUTES, MISCSELECT and
    /// REPORT.</summary>
    public const string Enclave = "Intel SDM volume 3D, enclave data structures";

    /// <summary>The validity of certificates and revocation lists.</summary>
    public const string Validity = SnpSource.Validity;

    /// <summary>Path validation.</summary>
    public const string Path = SnpSource.Path;

    /// <summary>Revocation.</summary>
    public const string Revocation = SnpSource.Revocation;

    /// <summary>What the one who asks has decided.</summary>
    public const string Policy = SnpSource.Policy;

    /// <summary>What the one who asks expects.</summary>
    public const string Reference = SnpSource.Reference;
}
