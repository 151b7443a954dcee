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

    private CollateralSettings Settings => new() { Folder = folder, AmdRoots = [made.Root] };

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
        await using CollateralStore store = new(Settings, new TestClock(MadeSnp.Now));
        return (await EvidenceCollection.CollectAsync(
            Attester(certificates), store, Recorded.ReportData,
            isPatient ? TimeSpan.FromSeconds(30) : TimeSpan.FromMilliseconds(50), new TestClock(MadeSnp.Now),
            TestContext.Current.CancellationToken)).Current;
    }

    // A node that runs for a year shows the list of then.
    [Fact]
    public async Task A_list_that_comes_later_is_shown_from_then_on()
    {
        await using CollateralStore store = new(Settings, new TestClock(MadeSnp.Now));
        CollectedEvidence collected = await EvidenceCollection.CollectAsync(
            Attester(Recorded.Certificates), store, Recorded.ReportData, TimeSpan.FromMilliseconds(50),
            new TestClock(MadeSnp.Now), TestContext.Current.CancellationToken);
        Assert.Equal("crl-missing", Appraise(collected.Current).Reason);
        Put(List, made.RevocationList);
        for (int waits = 0; waits < 1000 && Appraise(collected.Current).Reason.Length > 0; waits++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Equal("", Appraise(collected.Current).Reason);
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
        PutAll();
        Assert.Equal("", Appraise(await CollectAsync(certificates: null)).Reason);
    }

    // Some hosts give the certificate of the key alone, and some the one of the firmware that they had before.
    [Fact]
    public async Task What_a_host_leaves_out_or_has_not_renewed_comes_from_the_folder()
    {
        byte[] stale = made.MakeLeaf(values => values["1.3.6.1.4.1.3704.1.3.8"] = MadeSnp.Integer(83));
        byte[][] tables =
        [
            CertificateTableTests.Table([(CertificateTableTests.Vcek, made.LeafDer)]),
            CertificateTableTests.Table(
                [(CertificateTableTests.Vcek, made.LeafDer), (CertificateTableTests.Ask, made.SignerDer)]),
            CertificateTableTests.TableOf(stale, made.SignerDer, made.RootDer),
        ];
        AttesterEvidence bare = await CollectAsync(tables[0], isPatient: false);
        Assert.Null(bare.Find(EvidenceBundle.SnpChainFile));
        Assert.Equal("chain-incomplete", Appraise(bare).Reason);
        PutAll();
        foreach (byte[] table in tables) Assert.Equal("", Appraise(await CollectAsync(table)).Reason);
    }

    private void PutAll()
    {
        Put(List, made.RevocationList);
        Put(Chain, MadeIntel.Pem(made.SignerDer, made.RootDer));
        Assert.True(SnpReport.TryDecode(Report(Recorded.ReportData), out SnpReport? report));
        Assert.True(SnpKeyName.TryOf(report!, null, out SnpKeyName? key));
        Put(CollateralItem.AmdKey(key!), made.LeafDer);
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
        AttesterEvidence evidence = (await EvidenceCollection.CollectAsync(
            Attester(Recorded.Certificates), null, Recorded.ReportData, TimeSpan.FromSeconds(30),
            new TestClock(MadeSnp.Now), TestContext.Current.CancellationToken)).Current;
        Assert.Equal("crl-missing", Appraise(evidence).Reason);
        Assert.DoesNotContain(EvidenceBundle.SnpRevocationListFile, (IDictionary<string, byte[]>)evidence.Files);
    }

    [Fact]
    public async Task Who_gives_up_waits_no_longer()
    {
        using CancellationTokenSource given = new();
        await using CollateralStore store = new(Settings, new TestClock(MadeSnp.Now));
        Task<CollectedEvidence> collecting = EvidenceCollection.CollectAsync(
            Attester(Recorded.Certificates), store, Recorded.ReportData, TimeSpan.FromMinutes(10),
            new TestClock(MadeSnp.Now), given.Token);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => collecting);
    }
}
