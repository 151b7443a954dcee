using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>Receipts made by others, through the command line. <c>vectors/receipts/README.md</c> says what to
/// expect.</summary>
public sealed class ReceiptVectorTests
{
    private static readonly string Folder = Path.GetFullPath(
        Path.Combine(CuriaProgram.Repository, "../shared/vectors/receipts"));

    public static TheoryData<string> Cases()
    {
        TheoryData<string> cases = [];
        if (!Directory.Exists(Folder)) cases.Add("none");
        else foreach (string folder in Directory.GetDirectories(Folder).Order())
        {
            // The others are digests of claims, which no command computes; Curia.Tests holds them.
            if (ReceiptOf(folder) is not null) cases.Add(Path.GetFileName(folder));
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_command_gives_the_expected_verdict(string name)
    {
        if (name == "none") Assert.Skip($"the receipts of others are not there: no folder {Folder}");
        string folder = Path.Combine(Folder, name);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        JsonElement expected = document.RootElement.GetProperty("expected");
        string[] arguments = ArgumentsFor(folder, ReceiptOf(folder)!, document.RootElement);
        ProgramRun run = await CuriaProgram.RunAsync(folder, arguments);
        string[] verdicts = expected.ValueKind == JsonValueKind.Array
            ? [.. expected.EnumerateArray().Select(one => one.GetString()!)]
            : [expected.GetString()!];
        AssertVerdict(run, verdicts);
    }

    private static string? ReceiptOf(string folder) =>
        ((string[])["receipt.json", "receipt.cose", "transparent_statement.cose"])
            .FirstOrDefault(file => File.Exists(Path.Combine(folder, file)));

    private static string[] ArgumentsFor(string folder, string file, JsonElement description)
    {
        List<string> arguments = ["receipt", "verify", file, "--json"];
        (string File, string Option)[] options =
        [
            ("service_cert.pem", "--service-cert"), ("log-key.pub", "--service-cert"), ("keys.jwks.json", "--keys"),
            ("application_claims.json", "--claims"),
        ];
        foreach ((string one, string option) in options)
        {
            if (File.Exists(Path.Combine(folder, one))) arguments.AddRange([option, one]);
        }

        if (description.TryGetProperty("transaction_id", out JsonElement txId))
            arguments.AddRange(["--txid", txId.GetString()!]);
        return [.. arguments];
    }

    private static void AssertVerdict(ProgramRun run, string[] expected)
    {
        bool anyValid = expected.Any(one => one is "valid" or "receipt-only");
        bool anyInvalid = expected.Any(one => one.StartsWith("invalid", StringComparison.Ordinal));
        bool isIncomplete = expected[0] is "node-only" or "root-only";
        string verdict = anyInvalid ? "invalid" : anyValid ? "valid" : isIncomplete ? "incomplete" : "invalid";
        Assert.Equal(verdict, run.Json.GetProperty("verdict").GetString());
        run.Expect(verdict == "valid" ? 0 : 1);
        JsonElement[] receipts = [.. run.Json.GetProperty("receipts").EnumerateArray()];
        for (int number = 0; number < expected.Length; number++)
        {
            string reason = receipts[number].GetProperty("reason").GetString()!;
            if (expected[number] == "invalid:vds")
                Assert.StartsWith("unsupported:vds", reason, StringComparison.Ordinal);
            else if (expected[number].StartsWith("invalid:", StringComparison.Ordinal))
                Assert.Contains(expected[number]["invalid:".Length..], reason, StringComparison.OrdinalIgnoreCase);
            else if (expected[number].StartsWith("unsupported:", StringComparison.Ordinal))
                Assert.Equal(expected[number], reason);
        }
    }
}
