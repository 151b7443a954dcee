using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using Curia.Attestation;
using Curia.Vocabulary;

namespace Curia.Tests.Attestation;

/// <summary>Launch digests that others have computed (vectors/attestation/snp/launch-measurement).</summary>
public sealed class LaunchVectorTests
{
    private const string NoVectors = "(none found)";
    private const string Nothing = "None";

    public static TheoryData<string> Cases
    {
        get
        {
            TheoryData<string> cases = [];
            if (File.Exists(VectorFile))
            {
                using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(VectorFile));
                foreach (JsonElement one in document.RootElement.GetProperty("vectors").EnumerateArray())
                    cases.Add(one.GetProperty("name").GetString()!);
            }

            if (cases.Count == 0) cases.Add(NoVectors);
            return cases;
        }
    }

    private static string VectorFile => Path.Combine(VectorFolder.Root, "snp", "launch-measurement", "vectors.json");

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_launch_digest_is_the_one_that_others_compute(string name)
    {
        (JsonElement inputs, string expected, string ovmfHash) = Read(name);
        LaunchInputs launch = LaunchOf(inputs, ovmfHash);
        string mode = inputs.GetProperty("mode").GetString()!;
        if (mode == "SevMode.SEV_SNP")
        {
            Assert.True(LaunchDigest.TryCompute(launch, out Measurement digest, out LaunchRefusal refusal));
            Assert.Equal((LaunchRefusal.None, expected), (refusal, digest.ToString()));
        }
        else
        {
            Assert.Equal(expected, OlderDigest(launch, withProcessors: mode == "SevMode.SEV_ES"));
        }
    }

    [Fact]
    public void The_digest_of_the_firmware_may_stand_in_for_its_pages()
    {
        byte[] image = VectorFolder.ReadFile("snp/launch-measurement/ovmf_AmdSev_suffix.bin");
        Assert.True(OvmfImage.TryDecode(image, out OvmfImage? firmware, out _));
        LaunchInputs launch = new() { Firmware = firmware!, Processors = 2, ProcessorSignature = 0x800F12 };
        Assert.True(LaunchDigest.TryCompute(launch, out Measurement whole, out _));
        LaunchInputs given = launch with { FirmwareDigest = LaunchDigest.OfFirmware(firmware!) };
        Assert.True(LaunchDigest.TryCompute(given, out Measurement same, out _));
        Assert.Equal(whole, same);
    }

    // What the two platforms before SEV-SNP measure is no evidence here. It is one SHA-256 over the same parts, and so
    // a second word on each: the firmware, the table of hashes, and the pages of the processors.
    private static string OlderDigest(LaunchInputs launch, bool withProcessors)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(launch.Firmware.Bytes.Span);
        if (launch.Kernel is not null) hash.AppendData(launch.Kernel.ToTable());
        for (int i = 0; withProcessors && i < launch.Processors; i++)
        {
            uint address = i == 0 ? SaveArea.FirstProcessorAddress : launch.Firmware.ResetAddress;
            hash.AppendData(SaveArea.ToPage(address, launch.ProcessorSignature!.Value, 0, launch.Monitor));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static (JsonElement Inputs, string Expected, string OvmfHash) Read(string name)
    {
        if (name == NoVectors) Assert.Skip($"the vectors are not at {VectorFile}");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(VectorFile));
        JsonElement found = document.RootElement.GetProperty("vectors").EnumerateArray()
            .Single(one => one.GetProperty("name").GetString() == name).Clone();
        JsonElement locals = found.GetProperty("locals");
        string ovmfHash = locals.TryGetProperty("ovmf_hash", out JsonElement given) ? given.GetString()! : "";
        return (found.GetProperty("inputs"), found.GetProperty("expected_hex").GetString()!, ovmfHash);
    }

    private static LaunchInputs LaunchOf(JsonElement inputs, string ovmfHash)
    {
        string file = Path.GetFileName(Text("ovmf_file"));
        byte[] image = VectorFolder.ReadFile($"snp/launch-measurement/{file}");
        Assert.True(OvmfImage.TryDecode(image, out OvmfImage? firmware, out LaunchRefusal refusal), $"{refusal}");
        string[] type = Text("vcpu_sig").Split('\'');
        uint signature = 0;
        bool typed = type.Length > 1 && ProcessorTypes.TryGetSignature(type[1], out signature);
        return new LaunchInputs
        {
            Firmware = firmware!,
            FirmwareDigest = Measurement.TryParseHex(ovmfHash, out Measurement digest) ? digest : null,
            Kernel = Text("kernel") == Nothing ? null : KernelOf(Text("append")),
            Processors = int.Parse(Text("vcpus"), System.Globalization.CultureInfo.InvariantCulture),
            ProcessorSignature = typed ? signature : null,
            GuestFeatures = ulong.Parse(Text("guest_features"), System.Globalization.CultureInfo.InvariantCulture),
            Monitor = Optional("vmm_type").Split('.')[^1] switch
            {
                "ec2" => LaunchMonitor.Ec2,
                "gce" => LaunchMonitor.Gce,
                _ => LaunchMonitor.Qemu,
            },
        };

        string Text(string name) => inputs.GetProperty(name).GetString()!;
        string Optional(string name) => inputs.TryGetProperty(name, out JsonElement given) ? given.GetString()! : "";
    }

    // The kernels and RAM disks of the vectors are empty files.
    private static KernelHashes KernelOf(string append) => new(
        Digest.Of([]), Digest.Of([]), KernelHashes.OfCommandLine(append == Nothing ? "" : append));
}
