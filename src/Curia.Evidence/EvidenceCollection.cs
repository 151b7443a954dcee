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
    public static async Task<AttesterEvidence> CollectAsync(
        IAttester attester, CollateralStore? collateral, ReadOnlyMemory<byte> reportData, TimeSpan patience,
        TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(attester);
        ArgumentNullException.ThrowIfNull(time);
        MachineEvidence machine = await attester.CollectAsync(reportData, cancel).ConfigureAwait(false);
        AttesterEvidence evidence = machine.ToFiles();
        if (collateral is null) return evidence;
        Dictionary<string, byte[]> files = new(evidence.Files, StringComparer.Ordinal);
        using CancellationTokenSource patient = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patient.CancelAfter(patience);
        IEnumerable<Wanted> wanted = machine.Platform == AttestationPlatform.Snp
            ? OfSnp(machine, files)
            : OfIntel(machine, evidence, time.GetUtcNow());
        foreach (Wanted one in wanted)
        {
            try
            {
                if (await collateral.WaitForAsync(one.Item, patient.Token).ConfigureAwait(false) is { } held)
                    one.Put(held, files);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                break;
            }
        }

        return evidence with { Files = files };
    }

    // A host may give the certificates, and hardly ever the list.
    private static IEnumerable<Wanted> OfSnp(MachineEvidence machine, Dictionary<string, byte[]> files)
    {
        if (!SnpReport.TryDecode(machine.Report, out SnpReport? report)) yield break;
        SnpKeyKind kind = report!.SigningKey == (uint)SnpKeyKind.Vlek ? SnpKeyKind.Vlek : SnpKeyKind.Vcek;
        if (Processor(report, machine) is not { } processor) yield break;
        bool hasKey = files.ContainsKey(EvidenceBundle.SnpLeafFile);
        if (!hasKey && SnpKeyName.TryOf(report, processor, out SnpKeyName? key))
        {
            yield return new Wanted(
                CollateralItem.AmdKey(key!), (held, to) => to[EvidenceBundle.SnpLeafFile] = held.Content.ToArray());
        }

        if (!hasKey)
        {
            yield return new Wanted(
                CollateralItem.AmdChain(processor, kind),
                (held, to) => to[EvidenceBundle.SnpChainFile] = Pem(held.Certificates));
        }

        if (files.ContainsKey(EvidenceBundle.SnpRevocationListFile)) yield break;
        yield return new Wanted(
            CollateralItem.AmdRevocationList(processor, kind),
            (held, to) => to[EvidenceBundle.SnpRevocationListFile] = held.Content.ToArray());
    }

    // A report of version 2 does not say which; the certificate of its key does.
    private static SnpProcessor? Processor(SnpReport report, MachineEvidence machine)
    {
        if (report.Processor is { } said) return said;
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

    private static IEnumerable<Wanted> OfIntel(
        MachineEvidence machine, AttesterEvidence evidence, DateTimeOffset now)
    {
        AttestationClaims? claims =
            EvidenceAppraiser.Appraise(evidence, ReferenceValues.None, standalone, now).ClaimsAsSent;
        if (claims is null || claims.Processor.Length == 0) yield break;
        yield return new Wanted(CollateralItem.IntelTcbInfo(machine.Platform, claims.Processor), (held, to) =>
        {
            to[EvidenceBundle.TcbInfoFile] = held.Content.ToArray();
            to[EvidenceBundle.TcbSigningChainFile] = Pem(held.Certificates);
        });
        yield return new Wanted(CollateralItem.IntelQeIdentity(machine.Platform), (held, to) =>
            to[EvidenceBundle.QeIdentityFile] = held.Content.ToArray());
        yield return new Wanted(CollateralItem.IntelPckRevocationList(IsOfPlatform(machine)), (held, to) =>
            to[EvidenceBundle.PckRevocationListFile] = held.Content.ToArray());
        yield return new Wanted(CollateralItem.IntelRootRevocationList(), (held, to) =>
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

    private sealed record Wanted(CollateralItem Item, Action<Collateral, Dictionary<string, byte[]>> Put);
}
