using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>Evidence of this machine with all that somebody needs who appraises it: for a node before it
/// starts.</summary>
public static class EvidenceCollection
{
    private const int CertificatesCount = 3; // leaf, signer and root

    // Evidence that may be appraised without collateral: whatever that says of the processor is good enough to ask by.
    private static readonly AppraisalPolicy standalone = AppraisalPolicy.Strict with
    {
        Snp = SnpPolicy.Standalone,
        Tdx = TdxPolicy.Standalone,
        Sgx = SgxPolicy.Standalone,
    };

    /// <summary>Asks an attester, and adds what others say of its processor.</summary>
    /// <param name="attester">Gives the evidence.</param>
    /// <param name="collateral">Has certificates and lists; null for what the machine has alone.</param>
    /// <param name="reportData">64 bytes that the evidence must bind.</param>
    /// <param name="patience">How long to wait for collateral. What has not come by then is left out, and an appraisal
    /// says by name that it is missing.</param>
    /// <param name="time">Tells the time for which certificates must be valid.</param>
    /// <param name="cancel">Ends waiting, and this.</param>
    /// <exception cref="EvidenceException">The machine gives none.</exception>
    /// <exception cref="OperationCanceledException">The caller has given up.</exception>
    public static async Task<CollectedEvidence> CollectAsync(
        IAttester attester, CollateralStore? collateral, ReadOnlyMemory<byte> reportData, TimeSpan patience,
        TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(attester);
        ArgumentNullException.ThrowIfNull(time);
        MachineEvidence machine = await attester.CollectAsync(reportData, cancel).ConfigureAwait(false);
        AttesterEvidence evidence = machine.ToFiles();
        IReadOnlyList<WantedCollateral> wanted = collateral is null
            ? []
            : machine.Platform == AttestationPlatform.Snp
                ? [.. OfSnp(machine, evidence.Files)]
                : [.. OfIntel(machine, evidence, time.GetUtcNow())];
        CollectedEvidence collected = new(evidence, collateral, wanted);
        await collected.WaitAsync(patience, cancel).ConfigureAwait(false);
        return collected;
    }

    // A host may give the certificates, hardly ever the list, and now and then a certificate of the firmware that it
    // had before an update. What verifies the certificate of a key is kept beside it.
    private static IEnumerable<WantedCollateral> OfSnp(
        MachineEvidence machine, IReadOnlyDictionary<string, byte[]> files)
    {
        if (!SnpReport.TryDecode(machine.Report, out SnpReport? report)) yield break;
        SnpKeyKind kind = report!.SigningKey == (uint)SnpKeyKind.Vlek ? SnpKeyKind.Vlek : SnpKeyKind.Vcek;
        SnpEndorsementKey? given = null;
        if (files.TryGetValue(EvidenceBundle.SnpLeafFile, out byte[]? leaf))
            SnpEndorsementKey.TryDecode(leaf, out given);
        if ((report.Processor ?? given?.Processor ?? Processor(machine)) is not { } processor) yield break;
        bool wantsKey = SnpKeyName.TryOf(report, processor, out SnpKeyName? key) && given?.IsNamed(key!) != true;
        if (wantsKey)
        {
            yield return new WantedCollateral(
                CollateralItem.AmdKey(key!), (held, to) => to[EvidenceBundle.SnpLeafFile] = held.Content.ToArray());
        }

        if (wantsKey || machine.Certificates.Count < CertificatesCount)
        {
            yield return new WantedCollateral(
                CollateralItem.AmdChain(processor, kind),
                (held, to) => to[EvidenceBundle.SnpChainFile] = Pem(held.Certificates));
        }

        if (files.ContainsKey(EvidenceBundle.SnpRevocationListFile)) yield break;
        yield return new WantedCollateral(
            CollateralItem.AmdRevocationList(processor, kind),
            (held, to) => to[EvidenceBundle.SnpRevocationListFile] = held.Content.ToArray());
    }

    // A report of version 2 does not say which; the certificates do.
    private static SnpProcessor? Processor(MachineEvidence machine)
    {
        foreach (ReadOnlyMemory<byte> der in machine.Certificates)
        {
            if (!VendorCertificate.TryDecode(der.Span, out VendorCertificate? certificate)) continue;
            foreach (SnpProcessor one in Enum.GetValues<SnpProcessor>())
            {
                if (certificate!.Subject.Contains($"ARK-{one}", StringComparison.Ordinal)) return one;
            }
        }

        return null;
    }

    private static IEnumerable<WantedCollateral> OfIntel(
        MachineEvidence machine, AttesterEvidence evidence, DateTimeOffset now)
    {
        AttestationClaims? claims =
            EvidenceAppraiser.Appraise(evidence, ReferenceValues.None, standalone, now).ClaimsAsSent;
        if (claims is null || claims.Processor.Length == 0) yield break;
        yield return new WantedCollateral(CollateralItem.IntelTcbInfo(machine.Platform, claims.Processor), (held, to) =>
        {
            to[EvidenceBundle.TcbInfoFile] = held.Content.ToArray();
            to[EvidenceBundle.TcbSigningChainFile] = Pem(held.Certificates);
        });
        yield return new WantedCollateral(CollateralItem.IntelQeIdentity(machine.Platform), (held, to) =>
            to[EvidenceBundle.QeIdentityFile] = held.Content.ToArray());
        yield return new WantedCollateral(CollateralItem.IntelPckRevocationList(IsOfPlatform(machine)), (held, to) =>
            to[EvidenceBundle.PckRevocationListFile] = held.Content.ToArray());
        yield return new WantedCollateral(CollateralItem.IntelRootRevocationList(), (held, to) =>
            to[EvidenceBundle.RootRevocationListFile] = held.Content.ToArray());
    }

    // The authority in the middle of the chain says in its name which of the two it is.
    private static bool IsOfPlatform(MachineEvidence machine) =>
        IntelQuote.TryDecode(machine.Report, out IntelQuote? quote)
        && PemCertificates.TryDecode(
            Encoding.ASCII.GetString(quote!.CertificationData.Span).TrimEnd('\0'),
            out IReadOnlyList<ReadOnlyMemory<byte>> chain)
        && chain.Any(der => VendorCertificate.TryDecode(der.Span, out VendorCertificate? certificate)
            && certificate!.Subject.Contains("PCK Platform CA", StringComparison.Ordinal));

    private static byte[] Pem(IReadOnlyList<ReadOnlyMemory<byte>> certificates) => Encoding.ASCII.GetBytes(
        string.Concat(certificates.Select(der => PemEncoding.WriteString("CERTIFICATE", der.Span) + "\n")));

}

/// <summary>What is kept of others beside the evidence of this machine.</summary>
internal sealed record WantedCollateral(CollateralItem Item, Action<Collateral, Dictionary<string, byte[]>> Put);

/// <summary>Evidence of this machine, whose collateral is renewed for as long as the machine runs: certificates and
/// lists end, the report does not. Any thread.</summary>
public sealed class CollectedEvidence
{
    private readonly AttesterEvidence evidence;
    private readonly CollateralStore? store;
    private readonly IReadOnlyList<WantedCollateral> wanted;

    internal CollectedEvidence(
        AttesterEvidence evidence, CollateralStore? store, IReadOnlyList<WantedCollateral> wanted)
    {
        this.evidence = evidence;
        this.store = store;
        this.wanted = wanted;
    }

    /// <summary>The evidence with the newest collateral that is held. Returns at once.</summary>
    public AttesterEvidence Current
    {
        get
        {
            if (wanted.Count == 0) return evidence;
            Dictionary<string, byte[]> held = new(StringComparer.Ordinal);
            foreach (WantedCollateral one in wanted)
            {
                if (store!.TryGet(one.Item, out Collateral? collateral)) one.Put(collateral!, held);
            }

            return evidence.With(held);
        }
    }

    internal async Task WaitAsync(TimeSpan patience, CancellationToken cancel)
    {
        using CancellationTokenSource patient = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patient.CancelAfter(patience);
        try
        {
            foreach (WantedCollateral one in wanted)
                await store!.WaitForAsync(one.Item, patient.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // What is there is told; an appraisal names what is missing.
        }
    }
}
