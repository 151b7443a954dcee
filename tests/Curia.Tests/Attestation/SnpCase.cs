using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>One folder of evidence that others have published (vectors/attestation/README.md).</summary>
internal sealed class SnpCase
{
    private const string Kind = "snp";

    private readonly string name;
    private readonly JsonElement root;
    private readonly SnpCase? source;

    private SnpCase(string name)
    {
        this.name = name;
        root = VectorFolder.ReadCase(Kind, name);

        // A derived case may leave out what it has in common with the one that it was made from.
        if (Optional("chain.pem") is null)
            source = Read(root.GetProperty("derived_from").GetString()!.Split(' ')[0]);
        EvidenceBundle bundle = new(file => (Optional(file) ?? (file == "chain.pem" ? source?.Optional(file) : null))
            is { } bytes ? bytes : (ReadOnlyMemory<byte>?)null);
        Assert.True(bundle.TryGetSnp(out SnpEvidence? evidence, out SnpEndorsements? endorsements, out string missing),
            missing);
        Evidence = evidence!;
        Endorsements = endorsements!;
    }

    public static IEnumerable<string> Names => VectorFolder.Names(Kind);

    public bool IsAccepted => Expected("verdict") == "accept";

    /// <summary>What the folder names as the reason, for people.</summary>
    public string ExpectedReason => root.GetProperty("expected").TryGetProperty("reason", out JsonElement reason)
        ? reason.GetString()!
        : string.Join("; ", root.GetProperty("expected").GetProperty("reasons").EnumerateArray());

    public bool IsReal => root.GetProperty("real").GetBoolean();

    public DateTimeOffset At => root.TryGetProperty("verify_at", out JsonElement at)
        ? DateTimeOffset.Parse(at.GetString()!, CultureInfo.InvariantCulture)
        : source?.At ?? new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public SnpEvidence Evidence { get; }

    public SnpEndorsements Endorsements { get; }

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

    public static SnpCase Read(string name) => new(name);

    /// <summary>The security versions that the folder expects, by name.</summary>
    public Dictionary<string, int> ExpectedTcb() => root.GetProperty("expected").GetProperty("tcb").EnumerateObject()
        .ToDictionary(part => part.Name, part => part.Value.GetInt32());

    public byte[]? Hex(string name) => root.GetProperty("expected").TryGetProperty(name, out JsonElement hex)
        ? Convert.FromHexString(hex.GetString()!)
        : null;

    public byte[]? Optional(string file) => VectorFolder.Find($"{Kind}/{name}/{file}");

    private string Expected(string field) => root.GetProperty("expected").GetProperty(field).GetString()!;

    private static IReadOnlyList<ReadOnlyMemory<byte>> Pem(byte[] pem)
    {
        string text = System.Text.Encoding.ASCII.GetString(pem);
        Assert.True(PemCertificates.TryDecode(text, out IReadOnlyList<ReadOnlyMemory<byte>> certificates));
        return certificates;
    }
}
