namespace Curia.Attestation;

/// <summary>What the checks of SEV-SNP cite.</summary>
internal static class SnpSource
{
    /// <summary>SEV Secure Nested Paging Firmware ABI Specification: ATTESTATION_REPORT and how it is
    /// signed.</summary>
    public const string Report = "AMD 56860 section 7.3";

    /// <summary>The same: TCB_VERSION.</summary>
    public const string Tcb = "AMD 56860 section 2.2";

    /// <summary>The same: the policy that the guest was launched under.</summary>
    public const string GuestPolicy = "AMD 56860 section 4.3";

    /// <summary>Versioned Chip Endorsement Key Certificate and KDS Interface Specification: chain and
    /// extensions.</summary>
    public const string Endorsements = "AMD 57230 chapter 3";

    /// <summary>The validity of certificates and revocation lists.</summary>
    public const string Validity = "RFC 5280 section 4.1.2.5";

    /// <summary>Path validation.</summary>
    public const string Path = "RFC 5280 section 6.1";

    /// <summary>Revocation.</summary>
    public const string Revocation = "RFC 5280 section 6.3";

    /// <summary>What the one who asks has decided.</summary>
    public const string Policy = "RFC 9334 section 8.5 (appraisal policy)";

    /// <summary>What the one who asks expects.</summary>
    public const string Reference = "RFC 9334 section 8.3 (reference values)";
}
