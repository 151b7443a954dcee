using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>One folder of evidence that others have published (vectors/attestation/README.md).</summary>
internal sealed class SnpCase
{
    private readonly string folder;
    private readonly JsonElement root;
    private readonly SnpCase? source;

    private SnpCase(string folder)
    {
        this.folder = folder;
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        root = document.RootElement.Clone();

        // A derived case may leave out what it has in common with the one that it was made from.
        if (Optional("chain.pem") is null)
            source = Read(root.GetProperty("derived_from").GetString()!.Split(' ')[0]);
    }

    public static string Folder { get; } = FindFolder();

    public static IEnumerable<string> Names => Directory.Exists(Folder)
        ? Directory.GetDirectories(Folder).Where(path => File.Exists(Path.Combine(path, "case.json")))
            .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)
        : [];

    public bool IsAccepted => Expected("verdict") == "accept";

    /// <summary>What the folder names as the reason, for people.</summary>
    public string ExpectedReason => root.GetProperty("expected").TryGetProperty("reason", out JsonElement reason)
        ? reason.GetString()!
        : string.Join("; ", root.GetProperty("expected").GetProperty("reasons").EnumerateArray());

    public bool IsReal => root.GetProperty("real").GetBoolean();

    public DateTimeOffset At => root.TryGetProperty("verify_at", out JsonElement at)
        ? DateTimeOffset.Parse(at.GetString()!, CultureInfo.InvariantCulture)
        : source?.At ?? new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public SnpEvidence Evidence => new()
    {
        Report = Optional("hcl-report.bin") ?? Required("report.bin"),
        InHclReport = Optional("hcl-report.bin") is not null,
        ContainerPolicy = Optional("security-policy-base64") is { } policy
            ? Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(policy))
            : (ReadOnlyMemory<byte>?)null,
    };

    public SnpEndorsements Endorsements => new()
    {
        Leaf = Required("leaf.der"),
        Chain = Pem(source is null ? Required("chain.pem") : source.Required("chain.pem")),
        RevocationList = Optional("ark.crl.der") is { } list ? list : (ReadOnlyMemory<byte>?)null,
        UvmEndorsement = Optional("uvm_endorsements.cose") is { } uvm ? uvm : (ReadOnlyMemory<byte>?)null,
    };

    /// <summary>What an accepted case says of itself; endorsements of measurements are held to wherever they
    /// are.</summary>
    public ReferenceValues Reference => new()
    {
        Measurements = Optional("uvm_endorsements.cose") is null && Hex("measurement") is { } measurement
            ? [new Measurement(measurement)]
            : null,
        MeasurementEndorsers = Optional("uvm_endorsements.cose") is null ? null : [UvmEndorser.Microsoft],
        ReportData = Hex("report_data") is { } data ? data : (ReadOnlyMemory<byte>?)null,
        HostData = Hex("host_data") is { } host ? host : (ReadOnlyMemory<byte>?)null,
    };

    /// <summary>The root that a synthetic case brings; nothing for the others.</summary>
    public SnpRoot? TestRoot =>
        Optional("test-ark.pem") is { } pem && SnpRoot.TryCreate(Pem(pem)[0].Span, out SnpRoot? ark) ? ark : null;

    public IReadOnlyDictionary<SnpProcessor, SnpTcb> MinimumTcb
    {
        get
        {
            Dictionary<SnpProcessor, SnpTcb> minimum = [];
            if (!root.GetProperty("expected").TryGetProperty("minimum_tcb", out JsonElement tcb)) return minimum;
            minimum.Add(SnpProcessor.Genoa, new SnpTcb(
                0, tcb.GetProperty("bootloader").GetByte(), tcb.GetProperty("tee").GetByte(),
                tcb.GetProperty("snp").GetByte(), tcb.GetProperty("microcode").GetByte()));
            return minimum;
        }
    }

    public static SnpCase Read(string name)
    {
        string folder = Path.Combine(Folder, name);
        if (!File.Exists(Path.Combine(folder, "case.json"))) Assert.Skip($"the vectors are not at {folder}");
        return new SnpCase(folder);
    }

    public static byte[] ReadFile(string path)
    {
        string full = Path.Combine(Folder, path);
        if (!File.Exists(full)) Assert.Skip($"the vectors are not at {full}");
        return File.ReadAllBytes(full);
    }

    /// <summary>The security versions that the folder expects, by name.</summary>
    public Dictionary<string, int> ExpectedTcb() => root.GetProperty("expected").GetProperty("tcb").EnumerateObject()
        .ToDictionary(part => part.Name, part => part.Value.GetInt32());

    public byte[]? Hex(string name) => root.GetProperty("expected").TryGetProperty(name, out JsonElement hex)
        ? Convert.FromHexString(hex.GetString()!)
        : null;

    public byte[]? Optional(string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    private byte[] Required(string name) => File.ReadAllBytes(Path.Combine(folder, name));

    private string Expected(string name) => root.GetProperty("expected").GetProperty(name).GetString()!;

    private static IReadOnlyList<ReadOnlyMemory<byte>> Pem(byte[] pem)
    {
        string text = System.Text.Encoding.ASCII.GetString(pem);
        Assert.True(PemCertificates.TryDecode(text, out IReadOnlyList<ReadOnlyMemory<byte>> certificates));
        return certificates;
    }

    // The vectors lie beside the repository, whose root is the folder with the solution.
    private static string FindFolder()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Curia.slnx"))) folder = folder.Parent;
        return Path.GetFullPath(
            Path.Combine(folder?.FullName ?? ".", "..", "shared", "vectors", "attestation", "snp"));
    }
}
