namespace Curia.Attestation;

/// <summary>The virtual machine monitor that launches a guest: each puts the registers of a processor in a state of its
/// own.</summary>
public enum LaunchMonitor
{
    /// <summary>QEMU with KVM.</summary>
    Qemu,

    /// <summary>Amazon EC2.</summary>
    Ec2,

    /// <summary>Google Compute Engine.</summary>
    Gce,
}
