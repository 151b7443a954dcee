using System;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Curia.Attestation;
using Curia.Cli.Files;
using Curia.Cli.Terminal;
using Curia.Vocabulary;

namespace Curia.Cli.Commands;

/// <summary><c>curia attestation measure</c>: the launch digest of SEV-SNP, before anything runs.</summary>
internal sealed class AttestationMeasureCommand
{
    // A guest boots from memory: a kernel and its initial RAM disk lie in the part of it below 4 GiB.
    private const long BootFileBytesMax = 1L << 32;

    private readonly Option<string> firmware = new("--firmware")
    {
        Description = "The OVMF image that the guest is launched with.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> kernel = new("--kernel")
    {
        Description = "The kernel that is given to the monitor; without it the guest boots from a disk.",
        HelpName = "FILE",
    };

    private readonly Option<string> initrd = new("--initrd")
    {
        Description = "The initial RAM disk; needs --kernel.",
        HelpName = "FILE",
    };

    private readonly Option<string> append = new("--append")
    {
        Description = "The kernel's command line; needs --kernel.",
        HelpName = "TEXT",
    };

    private readonly Option<int> vcpus = new("--vcpus")
    {
        Description = $"The number of virtual processors, 1 to {LaunchInputs.ProcessorsMax}.",
        HelpName = "N",
        Required = true,
    };

    private readonly Option<string> vcpuType = new("--vcpu-type")
    {
        Description = "The type of processor as QEMU names it, for example EPYC-v4; for QEMU.",
        HelpName = "NAME",
    };

    private readonly Option<string> vcpuSignature = new("--vcpu-sig")
    {
        Description = "Its signature in place of its name, CPUID 1 EAX, for example 0x00800f12.",
        HelpName = "NUMBER",
    };

    private readonly Option<string> monitor = new("--vmm")
    {
        Description = "The virtual machine monitor.",
        HelpName = "qemu|ec2|gce",
        DefaultValueFactory = _ => "qemu",
    };

    private readonly Option<string> features = new("--guest-features")
    {
        Description = "SEV_FEATURES: 0x1, or 0x21 where the host swaps debug registers.",
        HelpName = "NUMBER",
        DefaultValueFactory = _ => "0x1",
    };

    private readonly Option<string> ovmfHash = new("--ovmf-hash")
    {
        Description = "The digest of the firmware's pages, in place of those of --firmware.",
        HelpName = "HEX",
    };

    public static Command Build()
    {
        AttestationMeasureCommand options = new();
        options.monitor.AcceptOnlyFromAmong("qemu", "ec2", "gce");
        Command measure = new("measure", "Compute the SEV-SNP launch digest of a guest before it is launched.")
        {
            options.firmware, options.kernel, options.initrd, options.append, options.vcpus, options.vcpuType,
            options.vcpuSignature, options.monitor, options.features, options.ovmfHash,
        };
        measure.SetAction(parsed => options.Run(parsed));
        return measure;
    }

    private int Run(ParseResult parsed)
    {
        Usage usage = ReadUsage(parsed);
        string path = parsed.GetValue(firmware)!;
        byte[] image = InputFile.Read(path, OvmfImage.SizeMax);
        if (!OvmfImage.TryDecode(image, out OvmfImage? read, out LaunchRefusal refusal)) throw Refused(path, refusal);
        BootFile? kernelFile = ReadBootFile(parsed.GetValue(kernel));
        BootFile? initrdFile = ReadBootFile(parsed.GetValue(initrd));
        string commandLine = parsed.GetValue(append) ?? "";
        KernelHashes? hashes = kernelFile is null
            ? null
            : new KernelHashes(
                kernelFile.Digest, initrdFile?.Digest ?? Digest.Of([]), KernelHashes.OfCommandLine(commandLine));
        LaunchInputs inputs = usage.Launch(read!, hashes);
        if (!LaunchDigest.TryCompute(inputs, out Measurement measurement, out refusal)) throw Refused(path, refusal);

        JsonObject document = new()
        {
            ["platform"] = "snp",
            ["measurement"] = measurement.ToString(),
            ["firmware"] = Describe(new BootFile(path, Digest.Of(image), image.Length)),
            ["ovmf_hash"] = (inputs.FirmwareDigest ?? LaunchDigest.OfFirmware(read!)).ToString(),
            ["kernel"] = kernelFile is null ? null : Describe(kernelFile),
            ["initrd"] = initrdFile is null ? null : Describe(initrdFile),
            ["append"] = hashes is null
                ? null
                : new JsonObject { ["text"] = commandLine, ["sha256"] = $"{hashes.CommandLine}" },
            ["vcpus"] = inputs.Processors,
            ["vcpu_signature"] = inputs.ProcessorSignature is uint signature ? $"0x{signature:x8}" : null,
            ["vmm"] = parsed.GetValue(monitor),
            ["guest_features"] = $"0x{inputs.GuestFeatures:x}",
        };
        if (parsed.GetValue(GlobalOptions.Json)) Screen.Document(document);
        else Print(document, usage.Type, inputs.FirmwareDigest is not null);
        return ExitCode.Done;
    }

    // What the words alone say, before a file is opened.
    private Usage ReadUsage(ParseResult parsed)
    {
        if (parsed.GetValue(kernel) is null && (parsed.GetValue(initrd) ?? parsed.GetValue(append)) is not null)
            throw CommandFailure.WrongUsage("--initrd and --append need --kernel: they are measured with it.");
        int count = parsed.GetValue(vcpus);
        if (count is < 1 or > LaunchInputs.ProcessorsMax)
            throw CommandFailure.WrongUsage($"--vcpus is a number from 1 to {LaunchInputs.ProcessorsMax}.");
        LaunchMonitor by = Enum.Parse<LaunchMonitor>(parsed.GetValue(monitor)!, ignoreCase: true);
        ulong bits = ReadNumber("--guest-features", parsed.GetValue(features)!, ulong.MaxValue);
        string type = parsed.GetValue(vcpuType) ?? "";
        return new Usage(count, ReadSignature(parsed, by), type, bits, by, ReadOvmfHash(parsed));
    }

    private uint? ReadSignature(ParseResult parsed, LaunchMonitor by)
    {
        string? name = parsed.GetValue(vcpuType);
        string? number = parsed.GetValue(vcpuSignature);
        if (name is not null && number is not null)
            throw CommandFailure.WrongUsage("--vcpu-type and --vcpu-sig say the same thing: give one of them.");
        if (number is not null) return (uint)ReadNumber("--vcpu-sig", number, uint.MaxValue);
        if (name is null)
        {
            return by == LaunchMonitor.Qemu
                ? throw CommandFailure.WrongUsage("QEMU needs --vcpu-type NAME or --vcpu-sig NUMBER: it is measured.")
                : null;
        }

        return ProcessorTypes.TryGetSignature(name, out uint signature)
            ? signature
            : throw CommandFailure.WrongUsage(
                $"--vcpu-type {name} is not known; there are {string.Join(", ", ProcessorTypes.Names)}.");
    }

    private Measurement? ReadOvmfHash(ParseResult parsed)
    {
        if (parsed.GetValue(ovmfHash) is not string text) return null;
        return Measurement.TryParseHex(text, out Measurement digest) && digest.Bytes.Length == 48
            ? digest
            : throw CommandFailure.WrongUsage("--ovmf-hash is a digest of SHA-384: 96 hexadecimal digits.");
    }

    private static ulong ReadNumber(string option, string text, ulong max)
    {
        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        NumberStyles style = isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        return ulong.TryParse(isHex ? text[2..] : text, style, CultureInfo.InvariantCulture, out ulong number)
            && number <= max
                ? number
                : throw CommandFailure.WrongUsage($"{option} {text}: give a number in range, as 33 or 0x21.");
    }

    private static BootFile? ReadBootFile(string? path)
    {
        if (path is null) return null;
        (Digest digest, long length) = InputFile.Hash(path, BootFileBytesMax);
        return new BootFile(path, digest, length);
    }

    private static JsonObject Describe(BootFile file) =>
        new() { ["file"] = file.Path, ["bytes"] = file.Length, ["sha256"] = file.Digest.ToString() };

    private static CommandFailure Refused(string path, LaunchRefusal refusal) =>
        CommandFailure.Refused($"{path} gives no launch digest: {refusal}, {LaunchRefusals.Say(refusal)}.");

    private static void Print(JsonObject document, string processor, bool digestGiven)
    {
        string[] files = ["firmware", "kernel", "initrd"];
        foreach (string name in files)
        {
            if (document[name] is JsonObject file)
                Console.Out.WriteLine($"{name,-12} sha256 {file["sha256"]}  {file["bytes"]} bytes  {file["file"]}");
        }

        if (document["append"] is JsonObject commandLine)
            Console.Out.WriteLine($"{"append",-12} sha256 {commandLine["sha256"]}  {commandLine["text"]}");
        string signature = document["vcpu_signature"] is { } number ? $", signature {number} {processor}" : "";
        Console.Out.WriteLine($"{"vcpus",-12} {document["vcpus"]}{signature.TrimEnd()}");
        Console.Out.WriteLine($"{"vmm",-12} {document["vmm"]}, guest features {document["guest_features"]}");
        string given = digestGiven ? "  (as given; the pages of the firmware were not hashed)" : "";
        Console.Out.WriteLine($"{"ovmf hash",-12} {document["ovmf_hash"]}{given}");
        Console.Out.WriteLine($"{"measurement",-12} {document["measurement"]}");
    }

    private sealed record BootFile(string Path, Digest Digest, long Length);

    private sealed record Usage(
        int Processors, uint? Signature, string Type, ulong Features, LaunchMonitor Monitor, Measurement? OvmfHash)
    {
        public LaunchInputs Launch(OvmfImage firmware, KernelHashes? kernel) => new()
        {
            Firmware = firmware,
            FirmwareDigest = OvmfHash,
            Kernel = kernel,
            Processors = Processors,
            ProcessorSignature = Signature,
            GuestFeatures = Features,
            Monitor = Monitor,
        };
    }
}
