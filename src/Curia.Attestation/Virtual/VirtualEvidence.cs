using System;
using System.Buffers;
using System.Formats.Cbor;
using System.Text.Json;
using System.Text.Json.Serialization;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>Evidence of the virtual platform: COSE_Sign1 over JSON, signed by a key that everybody has. Immutable; any
/// thread. It proves nothing.</summary>
public sealed class VirtualEvidence
{
    /// <summary>The largest evidence in bytes; real one has some 700.</summary>
    public const int SizeMax = 4096;

    private const int ReportDataSize = 64;
    private const int HostDataSize = 32;
    private const int PlayedNameMax = 32;
    private const long ContentTypeLabel = 3;
    private const long PlatformKeyLabel = -65537; // private use (RFC 8152 section 16.2)
    private const string ContentType = "application/vnd.curia.virtual-evidence+json";

    private static readonly SearchValues<char> lowerCase =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    private static readonly JsonSerializerOptions format = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        MaxDepth = 4,
    };

    private readonly CoseSign1 message;

    private VirtualEvidence(CoseSign1 message, ReadOnlyMemory<byte> platformKey, VirtualReport report)
    {
        this.message = message;
        PlatformKey = platformKey;
        Report = report;
    }

    /// <summary>What is said.</summary>
    public VirtualReport Report { get; }

    /// <summary>The key of the platform that is said to have signed, SubjectPublicKeyInfo.</summary>
    public ReadOnlyMemory<byte> PlatformKey { get; }

    /// <summary>Whether that key has signed it.</summary>
    public bool IsSigned
    {
        get
        {
            if (!SignatureVerifier.TryFromSubjectPublicKeyInfo(PlatformKey.Span, out SignatureVerifier? key))
                return false;
            using (key) return message.Verify(key!);
        }
    }

    /// <summary>Whether a platform may be played under a name: <c>virtual</c>, or <c>virtual-</c> and up to 32 letters
    /// and digits in lower case.</summary>
    public static bool IsName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == VirtualPlatform.Name) return true;
        ReadOnlySpan<char> played = name.StartsWith(VirtualPlatform.PlayedPrefix, StringComparison.Ordinal)
            ? name.AsSpan(VirtualPlatform.PlayedPrefix.Length)
            : default;
        return played.Length is > 0 and <= PlayedNameMax && !played.ContainsAnyExcept(lowerCase);
    }

    /// <summary>Makes evidence, as a processor would.</summary>
    /// <param name="report">What it says.</param>
    /// <param name="platformKey">The key of the platform: <see cref="VirtualPlatform.OpenKey"/>, or another one in a
    /// test.</param>
    /// <exception cref="ArgumentException">A part has another size than evidence has.</exception>
    public static byte[] Sign(VirtualReport report, Signer platformKey)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(platformKey);
        if (!IsValid(report))
            throw new ArgumentException("A part of the report is not what it can be.", nameof(report));
        CborWriter header = new(CborConformanceMode.Canonical);
        header.WriteStartMap(3);
        header.WriteInt64(CoseSign1.AlgorithmLabel);
        header.WriteInt64(CoseSign1.AlgorithmOf(platformKey.Curve));
        header.WriteInt64(ContentTypeLabel);
        header.WriteTextString(ContentType);
        header.WriteInt64(PlatformKeyLabel);
        header.WriteByteString(platformKey.SubjectPublicKeyInfo.Span);
        header.WriteEndMap();
        return CoseSign1.Sign(
            platformKey, header.Encode(), JsonSerializer.SerializeToUtf8Bytes(Written.Of(report), format));
    }

    /// <summary>Reads evidence; nothing throws. Its signature is not looked at.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out VirtualEvidence? evidence)
    {
        evidence = null;
        if (bytes.Length > SizeMax || !CoseSign1.TryDecode(bytes, out CoseSign1? message)) return false;
        CoseHeaders headers = message!.Protected;
        if (!headers.TryGetText(ContentTypeLabel, out string? type) || type != ContentType || headers.Count != 3
            || !headers.TryGetInt64(CoseSign1.AlgorithmLabel, out _) || message.Unprotected.Count != 0
            || !headers.TryGetBytes(PlatformKeyLabel, out ReadOnlyMemory<byte> key)
            || message.Payload is not { } payload || Read(payload) is not { } report)
        {
            return false;
        }

        evidence = new VirtualEvidence(message, key, report);
        return true;
    }

    private static bool IsValid(VirtualReport report) => IsName(report.Platform)
        && report.Measurement.Bytes.Length == Digest.Size && report.ReportData.Length == ReportDataSize
        && report.HostData.Length == HostDataSize && report.Tcb is >= 0 and <= ushort.MaxValue;

    private static VirtualReport? Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            Written? written = JsonSerializer.Deserialize<Written>(payload.Span, format);
            return written is { Version: 1 } && written.Report() is { } report && IsValid(report)
                && payload.Span.SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(written, format)) ? report : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // One text for one report: what reads differently than it was written is refused.
    private sealed record Written(
        [property: JsonPropertyName("version")] int Version,
        [property: JsonPropertyName("warning")] string Warning,
        [property: JsonPropertyName("platform")] string Platform,
        [property: JsonPropertyName("measurement")] string Measurement,
        [property: JsonPropertyName("report_data")] string ReportData,
        [property: JsonPropertyName("host_data")] string HostData,
        [property: JsonPropertyName("tcb")] int Tcb,
        [property: JsonPropertyName("debug")] bool Debug)
    {
        private const string Insecure = "INSECURE: simulated, proves nothing";

        public static Written Of(VirtualReport report) => new(
            1, Insecure, report.Platform, report.Measurement.ToString(),
            Convert.ToHexStringLower(report.ReportData.Span), Convert.ToHexStringLower(report.HostData.Span),
            report.Tcb, report.Debug);

        public VirtualReport? Report()
        {
            if (Warning != Insecure || Measurement.Length != 2 * Digest.Size
                || !Attestation.Measurement.TryParseHex(Measurement, out Measurement measurement)
                || Bytes(ReportData, ReportDataSize) is not { } reportData
                || Bytes(HostData, HostDataSize) is not { } hostData
                || Of(new VirtualReport(Platform, measurement, reportData, hostData, Tcb, Debug)) != this)
            {
                return null;
            }

            return new VirtualReport(Platform, measurement, reportData, hostData, Tcb, Debug);
        }

        private static byte[]? Bytes(string hex, int size)
        {
            byte[] bytes = new byte[size];
            return hex.Length == 2 * size
                && Convert.FromHexString(hex, bytes, out _, out _) == OperationStatus.Done ? bytes : null;
        }
    }
}

/// <summary>What a virtual platform says of a program.</summary>
/// <param name="Platform">Its name: <c>virtual</c>, or one that it plays.</param>
/// <param name="Measurement">SHA-256 of the program's files (<see cref="ProgramMeasurement"/>).</param>
/// <param name="ReportData">What the program put in: 64 bytes.</param>
/// <param name="HostData">What the host put in at launch: 32 bytes.</param>
/// <param name="Tcb">The security version that is played, 0 to 65535.</param>
/// <param name="Debug">Whether the program may be debugged, as far as that is played.</param>
public sealed record VirtualReport(
    string Platform, Measurement Measurement, ReadOnlyMemory<byte> ReportData, ReadOnlyMemory<byte> HostData, int Tcb,
    bool Debug);
