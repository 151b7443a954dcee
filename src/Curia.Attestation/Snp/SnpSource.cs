namespace Curia.Attestation;

/// <summary>What the checks of SEV-SNP cite.</summary>
internal static class SnpSource
{
    /// <summary>SEV Secure Nested Paging Firmware ABI Specification: ATTESTATION_REPORT and how it is signed. Its table
    /// has another number in each revision: 22 in 1.55, 23 in 1.58, 27 in 1.59.</summary>
    public const string Report = "AMD 56860 section 7.3, ATTESTATION_REPORT";

    /// <summary>The same: TCB_VERSION, which revision 1.59 moved.</summary>
    public const string Tcb = "AMD 56860 section 2.2 (2.3 from revision 1.59), TCB_VERSION";

    /// <summary>The same: the policy that the guest was launched under.</summary>
    public const string GuestPolicy = "AMD 56860 section 4.3, guest policy";

    /// <summary>Versioned Chip Endorsement Key Certificate and KDS Interface Specification: chain and extensions (the
    /// service is chapter 4).</summary>
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
