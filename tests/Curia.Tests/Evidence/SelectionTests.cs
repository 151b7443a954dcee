using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Evidence;
using Curia.Tests.Attestation;

namespace Curia.Tests.Evidence;

/// <summary>Which attester a machine has, in which order, and what is said where it has none.</summary>
public sealed class SelectionTests : IDisposable
{
    private const string Context = "security-context-7/host-amd-cert-base64";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_order_is_container_kernel_device()
    {
        RecordedTsm tsm = new() { Report = Recorded.Report };
        RecordedSevGuest device = new();
        Assert.Equal(Attesters.SnpDevice, Name(Machine(null, device)));
        Assert.Equal(Attesters.SnpTsm, Name(Machine(tsm, device)));
        Assert.Equal(Attesters.SnpTsm, Name(Machine(tsm, null)));
        folder.Write(Context, "");
        Assert.Equal(Attesters.SnpContainer, Name(Machine(tsm, device)));
        Assert.Equal(Attesters.SnpContainer, Name(Machine(null, device)));
        Assert.Equal(Attesters.SnpContainer, Name(Machine(tsm, null)));
        tsm.Provider = "tdx_guest";
        Assert.Equal(Attesters.TdxTsm, Name(Machine(tsm, null)));

        static string Name(Machine machine) => Attesters.Select(machine).Name;
    }

    [Fact]
    public void A_name_overrides_the_order_and_must_be_there()
    {
        RecordedTsm tsm = new() { Report = Recorded.Report };
        Machine machine = Machine(tsm, new RecordedSevGuest());
        Assert.Equal(Attesters.SnpDevice, Attesters.Select(machine, Attesters.SnpDevice).Name);
        Assert.Equal(Attesters.SnpTsm, Attesters.Select(machine, Attesters.SnpTsm).Name);
        AssertRefused(EvidenceRefusal.NotThere, machine, Attesters.SnpContainer, "security-context-*");
        AssertRefused(EvidenceRefusal.NotThere, machine, Attesters.TdxTsm, "with reports of sev_guest");
        AssertRefused(EvidenceRefusal.UnknownAttester, machine, "sgx", "snp-container, snp-tsm, tdx-tsm, snp-device");
        tsm.Provider = "tdx_guest";
        AssertRefused(EvidenceRefusal.NotThere, machine, Attesters.SnpTsm, "with reports of tdx_guest");
        AssertRefused(EvidenceRefusal.NotThere, Machine(null, null), Attesters.SnpDevice, "recorded/sev-guest");
        Assert.Equal(AttestationPlatform.Tdx, Attesters.Select(machine, Attesters.TdxTsm).Platform);
    }

    [Fact]
    public void A_machine_without_any_is_told_what_was_looked_for_in_one_line()
    {
        Machine machine = new(folder.Path);
        string message = AssertRefused(EvidenceRefusal.NoAttester, machine, null, "sys/kernel/config/tsm/report");
        Assert.Contains("dev/sev-guest", message, StringComparison.Ordinal);
        RecordedTsm other = new() { Report = Recorded.Report, Provider = "arm_cca_guest" };
        AssertRefused(EvidenceRefusal.NoAttester, Machine(other, null), null, "with reports of arm_cca_guest");
        other.Provider = "e\u0007vil";
        AssertRefused(EvidenceRefusal.NoAttester, Machine(other, null), null, "(no text)");
        folder.Write(Context, "");
        AssertRefused(EvidenceRefusal.NoAttester, machine, null, "no device for its report");
    }

    /// <summary>A folder where the kernel's reports belong, and no kernel behind it.</summary>
    [Fact]
    public void Reports_that_cannot_be_read_are_not_taken_for_some()
    {
        string reports = Path.Combine(folder.Path, "sys/kernel/config/tsm/report");
        Directory.CreateDirectory(reports);
        AssertRefused(EvidenceRefusal.NoAttester, new Machine(folder.Path), null, "nothing that can be read");
        Assert.Empty(Directory.GetFileSystemEntries(reports)); // the request is gone again
    }

    [Fact]
    public async Task A_container_gives_what_its_security_context_has()
    {
        byte[] policy = "package policy"u8.ToArray();
        folder.Write(Context, Convert.ToBase64String(MachineEvidenceTests.Host(null, of: Recorded.Made)) + "\n");
        folder.Write("security-context-7/security-policy-base64", Convert.ToBase64String(policy));
        folder.Write("security-context-7/reference-info-base64", Convert.ToBase64String([1, 2, 3]));
        MachineEvidence evidence = await Recorded.CollectAsync(Working());
        Assert.Equal([Recorded.Made.LeafDer, Recorded.Made.SignerDer, Recorded.Made.RootDer],
            evidence.Certificates.Select(one => one.ToArray()));
        Assert.Equal(policy, evidence.ContainerPolicy!.Value.ToArray());
        Assert.Equal([1, 2, 3], evidence.UvmEndorsement!.Value.ToArray());

        File.Delete(Path.Combine(folder.Path, "security-context-7/security-policy-base64"));
        File.Delete(Path.Combine(folder.Path, "security-context-7/reference-info-base64"));
        evidence = await Recorded.CollectAsync(Working());
        Assert.Null(evidence.ContainerPolicy);
        Assert.Null(evidence.UvmEndorsement);
    }

    [Fact]
    public async Task The_environment_may_name_the_security_context()
    {
        string file = Convert.ToBase64String(MachineEvidenceTests.Host(null, of: Recorded.Made));
        folder.Write("elsewhere/host-amd-cert-base64", file);
        Machine machine = Working() with { SecurityContext = "/elsewhere" };
        Assert.Equal(3, (await Recorded.CollectAsync(machine, Attesters.SnpContainer)).Certificates.Count);
        folder.Write(Context, file);
        AssertRefused(EvidenceRefusal.NotThere, machine with { SecurityContext = "/gone" }, Attesters.SnpContainer,
            "security-context-*");
    }

    [Fact]
    public async Task Files_of_a_security_context_that_are_none_are_refused_by_name()
    {
        string good = Convert.ToBase64String(MachineEvidenceTests.Host(null, of: Recorded.Made));
        foreach (string wrong in (string[])["", "{}", "!!!", Convert.ToBase64String("{}"u8), good[..^3]])
        {
            folder.Write(Context, wrong);
            await Recorded.RefusedAsync(EvidenceRefusal.ContextMalformed, Working());
        }

        folder.Write(Context, new string('A', 2 * AzureHostCertificate.SizeMax));
        await Recorded.RefusedAsync(EvidenceRefusal.TooLarge, Working());
        folder.Write(Context, good);
        folder.Write("security-context-7/security-policy-base64", "");
        await Recorded.RefusedAsync(EvidenceRefusal.ContextMalformed, Working());
    }

    /// <summary>A container that ran, with the files of its context as they were published.</summary>
    [Fact]
    public async Task A_genuine_container_is_accepted()
    {
        SnpCase vector = SnpCase.Read("milan-v2-vcek-aci-sidecar");
        byte[] report = vector.Evidence.Report.ToArray();
        folder.Write(Context, Convert.ToBase64String(vector.Optional("host-amd-cert.json")!));
        folder.Write("security-context-7/security-policy-base64", vector.Optional("security-policy-base64")!);
        if (vector.Optional("uvm_endorsements.cose") is { } endorsement)
            folder.Write("security-context-7/reference-info-base64", Convert.ToBase64String(endorsement));
        Machine machine = Machine(null, new RecordedSevGuest(Recorded.Answer(report)));
        MachineEvidence evidence = await Recorded.CollectAsync(machine, null, report[0x50..0x90]);
        AttestationResult result = SnpVerifier.Appraise(evidence.ToSnpEvidence(), evidence.ToSnpEndorsements()!,
            vector.Reference, SnpPolicy.Standalone, vector.At);
        Assert.Equal("", result.Reason);
        Assert.Contains(result.Checks, check => check.Name == "container-policy");
    }

    private Machine Working() =>
        Machine(null, new RecordedSevGuest(Recorded.Answer(Recorded.Report(Recorded.ReportData))));

    private Machine Machine(RecordedTsm? tsm, RecordedSevGuest? device) => Recorded.Machine(tsm, device, folder.Path);

    private static string AssertRefused(EvidenceRefusal expected, Machine machine, string? name, string says)
    {
        EvidenceException refused = Assert.Throws<EvidenceException>(() => Attesters.Select(machine, name));
        Assert.Equal(expected, refused.Refusal);
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        return refused.Message;
    }
}
