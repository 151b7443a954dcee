using System;
using System.IO;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Tasks;
using Curia.Tests.Attestation;

namespace Curia.EndToEnd.CommandLine;

/// <summary><c>curia attestation measure</c>: what went in is said, and what cannot be launched is refused by
/// name.</summary>
public sealed class AttestationMeasureTests : IDisposable
{
    private static readonly string vectors = Path.GetFullPath(
        Path.Combine(CuriaProgram.Repository, "../shared/vectors/attestation/snp/launch-measurement"));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_digest_is_the_one_that_others_compute()
    {
        string firmware = Path.Combine(vectors, "ovmf_AmdSev_suffix.bin");
        if (!File.Exists(firmware)) Assert.Skip($"the vectors are not at {vectors}");
        const string expected = "803f691094946e42068aaa3a8f9e26a5c89f36f7b73ecfb2"
            + "8c653360fe4b3aba7e534442e7e1e17895dfe778d0228977";
        ProgramRun run = await CuriaProgram.RunAsync(folder.Path, "attestation", "measure", "--firmware", firmware,
            "--kernel", "/dev/null", "--initrd", "/dev/null", "--append", "console=ttyS0 loglevel=7",
            "--vcpus", "1", "--vcpu-type", "EPYC-v4", "--guest-features", "33");
        Assert.Contains($"measurement  {expected}", run.Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_went_in_is_said_in_the_document()
    {
        byte[] image = new MadeOvmf().ToBytes();
        File.WriteAllBytes(folder.File("OVMF.fd"), image);
        File.WriteAllText(folder.File("bzImage"), "a kernel");
        JsonElement document = (await MeasureAsync(
            "--kernel", "bzImage", "--append", "quiet", "--vcpus", "2", "--vcpu-type", "EPYC-Milan")).Expect(0).Json;
        Assert.Equal("snp", document.GetProperty("platform").GetString());
        Assert.Equal(96, document.GetProperty("measurement").GetString()!.Length);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(image)), Sha256("firmware"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("a kernel"u8)), Sha256("kernel"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("quiet\0"u8)), Sha256("append"));
        Assert.Equal(JsonValueKind.Null, document.GetProperty("initrd").ValueKind);
        Assert.Equal("0x00a00f11", document.GetProperty("vcpu_signature").GetString());

        // The digest of the firmware alone leads to the same.
        JsonElement again = (await MeasureAsync("--kernel", "bzImage", "--append", "quiet", "--vcpus", "2",
            "--vcpu-sig", "0x00a00f11", "--ovmf-hash", document.GetProperty("ovmf_hash").GetString()!)).Expect(0).Json;
        Assert.Equal(
            document.GetProperty("measurement").GetString(), again.GetProperty("measurement").GetString());

        string Sha256(string name) => document.GetProperty(name).GetProperty("sha256").GetString()!;
    }

    [Fact]
    public async Task What_gives_no_digest_is_refused_by_name()
    {
        File.WriteAllBytes(folder.File("OVMF.fd"), new byte[4096]);
        (await MeasureAsync("--vcpus", "1", "--vmm", "ec2")).Expect(1);
        ProgramRun run = await CuriaProgram.RunAsync(
            folder.Path, "attestation", "measure", "--firmware", "OVMF.fd", "--vcpus", "1", "--vmm", "ec2");
        run.Expect(1).SaysOnce("FooterTableMissing");
        MadeOvmf noKernel = new();
        noKernel.Sections.RemoveAt(3);
        File.WriteAllBytes(folder.File("OVMF.fd"), noKernel.ToBytes());
        run = await CuriaProgram.RunAsync(folder.Path, "attestation", "measure", "--firmware", "OVMF.fd",
            "--kernel", "/dev/null", "--vcpus", "1", "--vmm", "gce");
        run.Expect(1).SaysOnce("KernelHashesUnsupported");
    }

    private Task<ProgramRun> MeasureAsync(params string[] arguments) => CuriaProgram.RunAsync(
        folder.Path, ["attestation", "measure", "--json", "--firmware", "OVMF.fd", .. arguments]);
}
