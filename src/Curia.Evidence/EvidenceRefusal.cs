namespace Curia.Evidence;

/// <summary>Why a machine gives no evidence.</summary>
public enum EvidenceRefusal
{
    /// <summary>The machine has nothing that is known here.</summary>
    NoAttester,

    /// <summary>There is no attester of the name that was asked for.</summary>
    UnknownAttester,

    /// <summary>The attester that was asked for needs something that the machine has not.</summary>
    NotThere,

    /// <summary>The kernel's reports come from another device than the attester is for.</summary>
    WrongProvider,

    /// <summary>The device was busy for as long as it was waited for.</summary>
    Busy,

    /// <summary>Others wrote into the request again and again before its answer was read.</summary>
    Interfered,

    /// <summary>The device, or the file that stands for it, failed.</summary>
    DeviceFailed,

    /// <summary>What the device answered is no report of its platform.</summary>
    ReportMalformed,

    /// <summary>The report has other report data than was asked for.</summary>
    OtherReportData,

    /// <summary>The certificates beside the report are not what they must be.</summary>
    CertificatesMalformed,

    /// <summary>A file of the security context is not what it must be.</summary>
    ContextMalformed,

    /// <summary>Something is larger than it may be.</summary>
    TooLarge,
}
