using System;
using System.Collections.Generic;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>The attesters that are known, and which one a machine has (docs/evidence.md).</summary>
public static class Attesters
{
    /// <summary>SEV-SNP in a confidential container on Azure.</summary>
    public const string SnpContainer = "snp-container";

    /// <summary>SEV-SNP through the reports of the kernel.</summary>
    public const string SnpTsm = "snp-tsm";

    /// <summary>SEV-SNP through its device.</summary>
    public const string SnpDevice = "snp-device";

    /// <summary>TDX through the reports of the kernel.</summary>
    public const string TdxTsm = "tdx-tsm";

    /// <summary>The names, in the order in which they are looked for.</summary>
    public static IReadOnlyList<string> Names { get; } = [SnpContainer, SnpTsm, TdxTsm, SnpDevice];

    /// <summary>The first attester that the machine has, or the one of a name.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="name">One of <see cref="Names"/>; null to take the first that is there.</param>
    /// <exception cref="EvidenceException">There is none: <see cref="EvidenceRefusal.NoAttester"/> names all that was
    /// looked for; <see cref="EvidenceRefusal.NotThere"/> what the named one needs; or there is no such
    /// name.</exception>
    public static IAttester Select(Machine machine, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(machine);
        TsmAttester? tsm = TsmAttester.Find(machine, out string provider);
        SecurityContext? context = SecurityContext.Find(machine);
        IAttester? device = machine.SevGuest.IsThere ? new SevGuestAttester(machine) : null;
        IAttester? report = device ?? (tsm?.Platform == AttestationPlatform.Snp ? tsm : null);
        IAttester? container =
            context is not null && report is not null ? new AzureContainerAttester(context, report) : null;
        string tsmState = provider.Length == 0 ? "" : $" (it is there, with reports of {provider})";
        string tsmPath = machine.Reports.Path;
        string contextPath = $"{machine.Root.TrimEnd('/')}/security-context-*/{SecurityContext.CertificateFile}";
        string devicePath = machine.SevGuest.Path;
        string alone = context is null ? "" : $" (there is {contextPath}, and no device for its report)";
        return name switch
        {
            null => container ?? tsm ?? device ?? throw new EvidenceException(EvidenceRefusal.NoAttester,
                $"no trusted execution environment was found: there is neither {tsmPath}{tsmState} nor "
                + $"{devicePath}{alone}. Is this a confidential virtual machine, and is configfs mounted?"),
            SnpContainer => container ?? throw NotThere(name, $"{contextPath} and {devicePath}"),
            SnpTsm => tsm?.Platform == AttestationPlatform.Snp
                ? tsm
                : throw NotThere(name, $"{tsmPath} with reports of sev_guest{tsmState}"),
            TdxTsm => tsm?.Platform == AttestationPlatform.Tdx
                ? tsm
                : throw NotThere(name, $"{tsmPath} with reports of tdx_guest{tsmState}"),
            SnpDevice => device ?? throw NotThere(name, devicePath),
            _ => throw new EvidenceException(EvidenceRefusal.UnknownAttester,
                $"there is no attester {name}; there are {string.Join(", ", Names)}."),
        };
    }

    private static EvidenceException NotThere(string name, string what) => new(EvidenceRefusal.NotThere,
        $"{name} needs {what}, which this machine has not. Leave the name out to take what it has.");
}
