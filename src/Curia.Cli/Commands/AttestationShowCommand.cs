using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Attestation;
using Curia.Cli.Evidence;
using Curia.Cli.Files;
using Curia.Cli.Terminal;

namespace Curia.Cli.Commands;

/// <summary><c>curia attestation show</c>: what a report or quote says, field by field.</summary>
internal static class AttestationShowCommand
{
    public static Command Build()
    {
        Argument<string> path = new("PATH")
        {
            Description = "A report or quote, or a folder with one.",
        };
        Command show = new("show", "Explain a report or quote, field by field; nothing is verified.") { path };
        show.SetAction(parsed => Show(Screen.For(parsed), parsed.GetValue(path)!));
        return show;
    }

    private static int Show(Screen screen, string path)
    {
        string file = Directory.Exists(path) ? InFolder(path) : path;
        byte[] bytes = InputFile.Read(file, AttesterEvidence.SizeMax);
        if (EvidenceExplained.Of(bytes) is not { } explained)
        {
            throw CommandFailure.Refused(EvidenceExplained.WhyNot(bytes) is { } why
                ? $"{file} {why}."
                : $"{file} is no report of SEV-SNP, no quote of TDX or SGX, and no evidence of the virtual platform.");
        }

        if (screen.Json)
        {
            JsonObject fields = [];
            foreach (ExplainedField field in explained.Fields) fields[field.Name] = field.Value;
            Screen.Document(new JsonObject
            {
                ["kind"] = explained.Kind,
                ["platform"] = explained.Platform,
                ["verified"] = false,
                ["fields"] = fields,
            });
            return ExitCode.Done;
        }

        screen.Line($"[bold]{Screen.Escape(explained.Kind)}[/], {Screen.Escape(explained.Platform)}");
        int width = explained.Fields.Max(field => field.Name.Length);
        foreach (ExplainedField field in explained.Fields)
        {
            string meaning = field.Meaning.Length > 0 ? $"  ({field.Meaning})" : "";
            screen.Verbatim($"  {field.Name.PadRight(width)}  {field.Value}{meaning}");
        }

        screen.Line("[yellow]Nothing of this is verified: ./curia attestation verify does that.[/]");
        return ExitCode.Done;
    }

    private static string InFolder(string folder)
    {
        string[] names = ["hcl-report.bin", "report.bin", "quote.bin", AttesterEvidence.VirtualFile];
        return names.Select(name => Path.Combine(folder, name)).FirstOrDefault(Path.Exists)
            ?? throw CommandFailure.Environment($"{folder} has none of {string.Join(", ", names)}.");
    }
}
