namespace Curia.Attestation;

/// <summary>What the checks of evidence from Azure cite.</summary>
internal static class AzureSource
{
    /// <summary>Azure's page on guest attestation of confidential virtual machines: the layout of the
    /// report.</summary>
    public const string HclReport = "Azure, Guest attestation design for confidential VMs";

    /// <summary>Azure's page on confidential containers: the host data of a container group.</summary>
    public const string ContainerPolicy = "Azure, Attestation in confidential containers on ACI";

    /// <summary>COSE, signing and verifying.</summary>
    public const string Cose = "RFC 9052 section 4.4";

    /// <summary>The issuer of an endorsement.</summary>
    public const string DidX509 = "did:x509 method specification";
}
