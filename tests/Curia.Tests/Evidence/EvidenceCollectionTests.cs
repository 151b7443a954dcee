using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Evidence;
using Curia.Tests.Attestation;

namespace Curia.Tests.Evidence;

/// <summary>Evidence with all that an appraisal needs, from a machine that is played and a folder of collateral
/// (docs/evidence.md).</summary>
public sealed class EvidenceCollectionTests : IDisposable
{
    private static readonly MadeSnp made = Recorded.Made;
    private static readonly ReferenceValues reference = new() { ReportData = Recorded.ReportData };

    private readonly string folder = Directory.CreateTempSubdirectory("curia-collateral").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static CollateralItem List { get; } =
        CollateralItem.AmdRevocationList(SnpProcessor.Milan, SnpKeyKind.Vcek);

    private static CollateralItem Chain { get; } = CollateralItem.AmdChain(SnpProcessor.Milan, SnpKeyKind.Vcek);

    private static IAttester Attester(byte[]? certificates) => Attesters.Select(
        Recorded.Machine(new RecordedTsm { Report = Report, Certificates = certificates ?? [] }), Attesters.SnpTsm);

    // Version 3, which names its processor.
    private static byte[] Report(byte[] reportData) => made.MakeReport(report =>
    {
        report[0] = 3;
        report[0x188] = 0x19;
        report[0x189] = 0x01;
        reportData.CopyTo(report.AsSpan(0x50));
    });

    private static AttestationResult Appraise(AttesterEvidence evidence) => EvidenceAppraiser.Appraise(
        evidence, reference,
        AppraisalPolicy.Strict with { Snp = made.Policy with { RevocationListRequired = true } }, MadeSnp.Now);

    private void Put(CollateralItem item, byte[] bytes) => File.WriteAllBytes(Path.Combine(folder, item.File), bytes);

    private async Task<AttesterEvidence> CollectAsync(byte[]? certificates, bool isPatient = true)
    {
        await using CollateralStore store = new(new CollateralSettings { Folder = folder }, new TestClock(MadeSnp.Now));
        return await EvidenceCollection.CollectAsync(
            Attester(certificates), store, Recorded.ReportData,
            isPatient ? TimeSpan.FromSeconds(30) : TimeSpan.FromMilliseconds(50), new TestClock(MadeSnp.Now),
            TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_list_is_added_to_what_the_machine_gives()
    {
        Put(List, made.RevocationList);
        AttesterEvidence evidence = await CollectAsync(Recorded.Certificates);
        AttestationResult result = Appraise(evidence);
        Assert.Equal("", result.Reason);
        Assert.Equal("snp", NodeAttestation.PlatformOf(result.Claims!));
    }

    [Fact]
    public async Task A_machine_without_certificates_has_them_from_the_folder()
    {
        Put(List, made.RevocationList);
        Put(Chain, MadeIntel.Pem(made.SignerDer, made.RootDer));
        Assert.True(SnpReport.TryDecode(Report(Recorded.ReportData), out SnpReport? report));
        Assert.True(SnpKeyName.TryOf(report!, null, out SnpKeyName? key));
        Put(CollateralItem.AmdKey(key!), made.LeafDer);
        Assert.Equal("", Appraise(await CollectAsync(certificates: null)).Reason);
    }

    [Fact]
    public async Task What_does_not_come_in_time_is_missing_by_name()
    {
        AttesterEvidence evidence = await CollectAsync(Recorded.Certificates, isPatient: false);
        Assert.Equal("crl-missing", Appraise(evidence).Reason);
    }

    [Fact]
    public async Task Without_a_store_there_is_what_the_machine_gives()
    {
        AttesterEvidence evidence = await EvidenceCollection.CollectAsync(
            Attester(Recorded.Certificates), null, Recorded.ReportData, TimeSpan.FromSeconds(30),
            new TestClock(MadeSnp.Now), TestContext.Current.CancellationToken);
        Assert.Equal("crl-missing", Appraise(evidence).Reason);
        Assert.DoesNotContain(EvidenceBundle.SnpRevocationListFile, (IDictionary<string, byte[]>)evidence.Files);
    }

    [Fact]
    public async Task Who_gives_up_waits_no_longer()
    {
        using CancellationTokenSource given = new();
        await using CollateralStore store = new(new CollateralSettings { Folder = folder }, new TestClock(MadeSnp.Now));
        Task<AttesterEvidence> collecting = EvidenceCollection.CollectAsync(
            Attester(Recorded.Certificates), store, Recorded.ReportData, TimeSpan.FromMinutes(10),
            new TestClock(MadeSnp.Now), given.Token);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => collecting);
    }
}
