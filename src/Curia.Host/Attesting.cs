using System;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Evidence;
using Curia.Node;

namespace Curia.Host;

/// <summary>Gets the evidence of a node that starts, and appraises it as others will: what they would refuse is not to
/// be found out from them.</summary>
/// <param name="settings">What node.json says of it.</param>
/// <param name="machine">The machine on which the node runs.</param>
/// <param name="policy">By which the node appraises itself.</param>
/// <param name="log">Takes what an operator wants to see.</param>
internal sealed class Attesting(
    AttestationConfiguration settings, Machine machine, AppraisalPolicy policy, HostLog log) : IAsyncDisposable
{
    // A server of collateral that does not answer within this time is looked after by an operator.
    private static readonly TimeSpan collateralTime = TimeSpan.FromMinutes(1);

    /// <summary>What keeps certificates and lists for as long as the node runs; null when there is nothing to
    /// keep.</summary>
    public CollateralStore? Collateral { get; private set; }

    /// <summary>The evidence with what others say of it by now: certificates and lists are renewed while the node
    /// runs.</summary>
    public Func<AttesterEvidence?> Current { get; private set; } = () => null;

    /// <summary>What the platform has said, as a line for the log of a node that starts.</summary>
    public string Said { get; private set; } = "";

    /// <summary>Asks the platform for evidence that binds the key of the node.</summary>
    /// <param name="reportData">What the evidence is to bind: the key of the node, and the charter of a
    /// founder.</param>
    /// <param name="platform">The platform that node.json promises: <c>virtual</c>, <c>snp</c> or <c>tdx</c>.</param>
    /// <param name="plays">What a virtual one plays; null for nothing.</param>
    /// <param name="cancel">Ends waiting for devices and servers.</param>
    /// <exception cref="StartFailure">There is no such platform here, or its evidence is refused.</exception>
    /// <exception cref="OperationCanceledException">The process is asked to end.</exception>
    public async Task<AttesterEvidence> AttestAsync(
        byte[] reportData, string platform, string? plays, CancellationToken cancel)
    {
        AttesterEvidence evidence;
        if (platform == NodeSetup.VirtualPlatform)
        {
            evidence = VirtualPlatform.Attest(reportData, plays, settings.Tcb);
            Current = () => evidence;
        }
        else
        {
            CollectedEvidence collected = await CollectAsync(reportData, platform, cancel).ConfigureAwait(false);
            evidence = collected.Current;
            Current = () => collected.Current;
        }

        ReferenceValues reference = new() { ReportData = reportData };
        AttestationResult result =
            EvidenceAppraiser.Appraise(evidence, reference, policy, machine.Time.GetUtcNow());
        if (result.Verdict != AttestationVerdict.Accepted)
        {
            throw new StartFailure("The node does not pass its own appraisal",
                $"{result.Reason} ({result.Checks[^1].Source})",
                "Look the reason up in docs/attestation.md; other nodes would refuse it too");
        }

        Said = $"The platform {NodeAttestation.PlatformOf(result.Claims!)} says that this program is "
            + $"{result.Claims!.Measurement}.";
        return evidence;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Collateral is { } store) await store.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<CollectedEvidence> CollectAsync(byte[] reportData, string platform, CancellationToken cancel)
    {
        if (settings.Collateral is { } collateral)
        {
            CollateralSettings believed = collateral with
            {
                AmdRoots = policy.Snp.Roots,
                IntelRoots = policy.Tdx.Roots,
            };
            Collateral = new CollateralStore(believed, machine.Time, log.Warning);
        }

        try
        {
            IAttester attester = Attesters.Select(machine, settings.Attester);
            if (AttesterEvidence.NameOf(attester.Platform) != platform)
            {
                throw new StartFailure($"The machine is no {platform}",
                    $"{attester.Name} gives evidence of {AttesterEvidence.NameOf(attester.Platform)}",
                    "Correct genesis.platform or attestation.attester");
            }

            log.Info($"Evidence comes from {attester.Name}.");
            if (Collateral is not null) log.Info("Waiting for certificates and lists, for a minute at most.");
            return await EvidenceCollection.CollectAsync(
                attester, Collateral, reportData, collateralTime, machine.Time, cancel)
                .ConfigureAwait(false);
        }
        catch (EvidenceException e)
        {
            throw new StartFailure("The machine gives no evidence",
                $"{e.Refusal}: {e.Message.TrimEnd('.')}", "docs/evidence.md says what is looked for, and where");
        }
    }
}
