using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Attestation;
using Curia.Cli.Evidence;
using Curia.Cli.Terminal;
using Curia.Vocabulary;

namespace Curia.Cli.Commands;

/// <summary><c>curia attestation verify</c>: appraises evidence offline, and shows every check.</summary>
internal sealed class AttestationVerifyCommand
{
    private readonly Option<string> platform = AttestationOptions.Platform();

    private readonly Option<string> bundle = new("--bundle")
    {
        Description = "A folder with evidence and endorsements; docs/attestation.md names the files.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<string> at = new("--at")
    {
        Description = "The moment at which certificates and collateral must be valid; default: now.",
        HelpName = "TIME",
    };

    private readonly Option<string[]> trustRoot = new("--trust-root")
    {
        Description = "A root to believe in place of the vendor's, for tests.",
        HelpName = "PEM",
    };

    private readonly Option<string> minimumTcb = new("--minimum-tcb")
    {
        Description = "The oldest security versions, as {\"bootloader\":3,\"snp\":8}.",
        HelpName = "JSON",
    };

    private readonly Option<string> policy = new("--policy")
    {
        Description = "What is taken, where that differs from the strict default.",
        HelpName = "FILE",
    };

    private readonly Option<string> reportData = new("--report-data")
    {
        Description = "What the evidence must bind: 64 bytes; fewer are filled up with zeros.",
        HelpName = "HEX",
    };

    private readonly Option<string> hostData = new("--host-data")
    {
        Description = "What the host must have bound at launch.",
        HelpName = "HEX",
    };

    private readonly Option<string[]> measurement = new("--measurement")
    {
        Description = "A program that is expected; may be given several times. Without it any is.",
        HelpName = "HEX",
    };

    private readonly Option<string[]> runtimeMeasurement = new("--runtime-measurement")
    {
        Description = "What a TDX domain must have measured since its launch: the number of the register and its "
            + "value. May be given several times.",
        HelpName = "N=HEX",
    };

    private readonly Option<string> node = new("--node")
    {
        Description = "The id of the node whose key the evidence must bind, in place of --report-data.",
        HelpName = "NODEID",
    };

    private readonly Option<string> charter = new("--charter")
    {
        Description = "With --node, of a founder: the charter that the evidence must bind too.",
        HelpName = "DIGEST",
    };

    public static Command Build()
    {
        AttestationVerifyCommand options = new();
        Command verify = new("verify", "Appraise evidence offline: is this genuine hardware that runs this program?")
        {
            options.platform, options.bundle, options.at, options.trustRoot, options.minimumTcb, options.policy,
            options.reportData, options.hostData, options.measurement, options.runtimeMeasurement, options.node,
            options.charter,
        };
        verify.SetAction(options.Run);
        return verify;
    }

    private int Run(ParseResult parsed)
    {
        string name = parsed.GetValue(platform)!;
        DateTimeOffset moment = ReadTime(parsed.GetValue(at));
        ReferenceValues reference = ReadReference(parsed, name);
        AppraisalPolicy taken = ReadPolicy(parsed, name);
        AttesterEvidence evidence = EvidenceFolder.Read(parsed.GetValue(bundle)!, name);

        // An endorsement that lies beside the report is there to be looked at.
        if (reference.Measurements is null && evidence.Find(EvidenceBundle.UvmEndorsementFile) is not null)
            reference = reference with { MeasurementEndorsers = [UvmEndorser.Microsoft] };
        AttestationResult result = EvidenceAppraiser.Appraise(evidence, reference, taken, moment);
        Screen screen = Screen.For(parsed);
        if (screen.Json) Screen.Document(DocumentOf(result, name));
        else Print(screen, result, name);
        return result.Verdict == AttestationVerdict.Accepted ? ExitCode.Done : ExitCode.Refused;
    }

    /// <summary>The result as DESIGN 7 has it.</summary>
    public static JsonObject DocumentOf(AttestationResult result, string platform)
    {
        AttestationClaims? claims = result.ClaimsAsSent;
        JsonObject document = new()
        {
            ["verdict"] = result.Verdict == AttestationVerdict.Accepted ? "accepted" : "rejected",
            ["reason"] = result.Reason,
            ["platform"] = platform,
            ["processor"] = claims?.Processor,
            ["measurement"] = claims?.Measurement.ToString(),
            ["report_data"] = claims is null ? null : Convert.ToHexStringLower(claims.ReportData.Span),
            ["host_data"] = claims is null ? null : Convert.ToHexStringLower(claims.HostData.Span),
            ["tcb"] = claims is null
                ? null
                : new JsonObject(claims.Tcb.Select(one => KeyValuePair.Create<string, JsonNode?>(one.Name, one.Level))),
        };
        if (claims?.TcbStatus is { } status) document["tcb_status"] = status.ToString();
        if (claims is { Advisories.Count: > 0 }) document["advisories"] = new JsonArray([.. claims.Advisories]);
        if (claims is { RuntimeMeasurements.Count: > 0 })
            document["runtime_measurements"] = new JsonArray([.. claims.RuntimeMeasurements.Select(one => $"{one}")]);
        if (claims is { Chip.Length: > 0 }) document["chip"] = Convert.ToHexStringLower(claims.Chip.Span);
        document["checks"] = new JsonArray([.. result.Checks.Select(check => (JsonNode)new JsonObject
        {
            ["name"] = check.Name,
            ["passed"] = check.Passed,
            ["detail"] = check.Detail,
            ["source"] = check.Source,
        })]);
        return document;
    }

    private static void Print(Screen screen, AttestationResult result, string platform)
    {
        int width = result.Checks.Max(check => check.Name.Length);
        foreach (Check check in result.Checks)
        {
            string mark = check.Passed ? "[green]✓[/]" : "[red]✗[/]";
            string detail = check.Detail.Length > 0 ? Screen.Escape(check.Detail) + "  " : "";
            screen.Line($"{mark} {check.Name.PadRight(width)}  {detail}[dim]({Screen.Escape(check.Source)})[/]");
        }

        if (result.ClaimsAsSent is { } claims)
        {
            bool isVouched = result.Verdict == AttestationVerdict.Accepted;
            screen.Line(isVouched ? "What it says:" : "[yellow]What it says, and nobody vouches for:[/]");
            foreach ((string what, string value) in ClaimLines.Of(claims)) screen.Verbatim($"  {what,-16} {value}");
        }

        screen.Line(result.Verdict == AttestationVerdict.Accepted
            ? platform == VirtualPlatform.Name
                ? "[yellow]accepted, and INSECURE: the virtual platform proves nothing[/]"
                : "[green]accepted[/]"
            : $"[red]rejected: {Screen.Escape(result.Reason)}[/]");
    }

    private static DateTimeOffset ReadTime(string? text)
    {
        if (text is null) return DateTimeOffset.UtcNow;
        string[] formats = ["yyyy-MM-dd", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];
        return DateTimeOffset.TryParseExact(
            text, formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
                ? time
                : throw CommandFailure.WrongUsage($"--at {text} is no time; one looks like 2026-11-23T00:00:00Z.");
    }

    private ReferenceValues ReadReference(ParseResult parsed, string name)
    {
        byte[]? data = parsed.GetValue(reportData) is { } hex ? Hex("--report-data", hex, 64) : null;
        if (parsed.GetValue(node) is { } id)
        {
            if (data is not null)
                throw CommandFailure.WrongUsage("--node and --report-data say the same thing: give one of them.");
            data = Digest.TryParseHex(id, out Digest digest)
                ? NodeAttestation.ReportDataOf(new NodeId(digest), ReadCharter(parsed))
                : throw CommandFailure.WrongUsage("--node is the id of a node: 64 hexadecimal digits.");
        }

        string[] expected = parsed.GetValue(measurement) ?? [];
        return new ReferenceValues
        {
            // An array that is null would convert to no bytes, which is not null.
            ReportData = data is null ? (ReadOnlyMemory<byte>?)null : data,
            HostData = parsed.GetValue(hostData) is { } host ? HostDataOf(host, name) : (ReadOnlyMemory<byte>?)null,
            Measurements = expected.Length == 0 ? null : [.. expected.Select(one => MeasurementOf(one, name))],
            RuntimeMeasurements = ReadRegisters(parsed.GetValue(runtimeMeasurement) ?? []),
        };
    }

    private Digest? ReadCharter(ParseResult parsed)
    {
        if (parsed.GetValue(charter) is not { } text) return null;
        return Digest.TryParseHex(text, out Digest digest)
            ? digest
            : throw CommandFailure.WrongUsage("--charter is the digest of a charter: 64 hexadecimal digits.");
    }

    // One of another size could never match, and who gives it has taken something else for it.
    private static byte[] HostDataOf(string hex, string name)
    {
        (int size, string what) = name switch
        {
            "tdx" => (144, "MRCONFIGID, MROWNER and MROWNERCONFIG"),
            "sgx" => (64, "CONFIGID"),
            _ => (32, "HOST_DATA"),
        };
        byte[] read = Convert.FromHexString(Even("--host-data", hex));
        return read.Length == size
            ? read
            : throw CommandFailure.WrongUsage(
                $"--host-data has {read.Length} bytes; on {name} there are {size} ({what}).");
    }

    private static Measurement MeasurementOf(string hex, string name)
    {
        int size = name is "snp" or "tdx" ? 48 : 32;
        return Measurement.TryParseHex(hex, out Measurement known) && known.Bytes.Length == size
            ? known
            : throw CommandFailure.WrongUsage($"--measurement is {2 * size} hexadecimal digits on {name}.");
    }

    private static Dictionary<int, Measurement>? ReadRegisters(string[] texts)
    {
        Dictionary<int, Measurement> registers = [];
        foreach (string text in texts)
        {
            string[] parts = text.Split('=');
            bool isRead = parts.Length == 2
                & Measurement.TryParseHex(parts[^1], out Measurement value)
                & int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number);
            if (!isRead)
                throw CommandFailure.WrongUsage($"--runtime-measurement {text} is not like 2=HEX, of 96 digits.");
            if (!registers.TryAdd(number, value))
                throw CommandFailure.WrongUsage($"--runtime-measurement names register {number} twice.");
        }

        return registers.Count == 0 ? null : registers;
    }

    private AppraisalPolicy ReadPolicy(ParseResult parsed, string name)
    {
        // Whoever holds a report from elsewhere rarely has a revocation list with it; a policy file may ask for it.
        AppraisalPolicy taken = AppraisalPolicy.Strict with { Snp = SnpPolicy.Standalone };
        if (parsed.GetValue(policy) is { } file) taken = PolicyFile.Over(taken, file);
        if (parsed.GetValue(minimumTcb) is { } json) taken = PolicyFile.WithMinimumTcb(taken, name, json);
        string[] roots = parsed.GetValue(trustRoot) ?? [];
        return roots.Length == 0 ? taken : AttestationOptions.WithRoots(taken, name, roots);
    }

    private static byte[] Hex(string option, string text, int size)
    {
        byte[] read = Convert.FromHexString(Even(option, text));
        if (read.Length > size)
            throw CommandFailure.WrongUsage($"{option} has {read.Length} bytes; {size} are the most.");
        byte[] filled = new byte[size];
        read.CopyTo(filled, 0);
        return filled;
    }

    private static string Even(string option, string text) =>
        text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit)
            ? text
            : throw CommandFailure.WrongUsage($"{option} is hexadecimal digits, two for each byte.");
}
