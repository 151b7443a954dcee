using System;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>Evidence of a confidential container on Azure: a report of SEV-SNP, with the files of the security context
/// in place of the certificates of the device.</summary>
internal sealed class AzureContainerAttester : IAttester
{
    private readonly SecurityContext context;
    private readonly IAttester device;

    /// <summary>That of a container.</summary>
    /// <param name="context">Its security context.</param>
    /// <param name="device">What gives the report.</param>
    public AzureContainerAttester(SecurityContext context, IAttester device)
    {
        this.context = context;
        this.device = device;
    }

    /// <inheritdoc/>
    public string Name => Attesters.SnpContainer;

    /// <inheritdoc/>
    public AttestationPlatform Platform => AttestationPlatform.Snp;

    /// <inheritdoc/>
    public async Task<MachineEvidence> CollectAsync(ReadOnlyMemory<byte> reportData, CancellationToken cancel) =>
        context.AddTo(await device.CollectAsync(reportData, cancel).ConfigureAwait(false));
}
