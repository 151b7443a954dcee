using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using Curia.Cli.Charters;
using Curia.Cli.Files;
using Curia.Cli.Terminal;
using Curia.Governance;

namespace Curia.Cli.Commands;

/// <summary><c>curia charter new</c>: from what a team has written down to a charter.</summary>
internal static class CharterNewCommand
{
    public static Command Build()
    {
        Argument<string> description = new("DESCRIPTION")
        {
            Description = "What the charter is to say, as JSON.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> template = new("--template")
        {
            Description = "Write a description to begin with, and the files that it names, in place of a charter.",
        };
        Option<string> folder = new("--out")
        {
            Description = "The folder to write to.",
            HelpName = "DIR",
            DefaultValueFactory = _ => ".",
        };
        Command made = new("new", "Make a charter of a description.") { description, template, folder };
        made.SetAction(parsed =>
        {
            Screen screen = Screen.For(parsed);
            string? path = parsed.GetValue(description);
            bool isTemplate = parsed.GetValue(template);
            if (path is null == !isTemplate)
                throw CommandFailure.WrongUsage("give a DESCRIPTION, or --template for one to begin with.");
            return isTemplate
                ? MakeTemplate(screen, parsed.GetValue(folder)!)
                : Make(screen, path!, parsed.GetValue(folder)!);
        });
        return made;
    }

    private static int MakeTemplate(Screen screen, string folder)
    {
        IReadOnlyList<string> files = CharterTemplate.Write(folder);
        if (screen.Json)
        {
            Screen.Document(new JsonObject { ["files"] = new JsonArray([.. files.Select(one => (JsonNode)one!)]) });
            return ExitCode.Done;
        }

        foreach (string file in files) screen.Verbatim($"wrote  {file}");
        screen.Line("Put in the certificates of the members, and what else is yours; then:");
        screen.Verbatim($"  ./curia charter new {files[0]}");
        return ExitCode.Done;
    }

    private static int Make(Screen screen, string path, string folder)
    {
        Charter charter = CharterDescription.Read(path);
        string readable = Screen.Text(charter.ToJson(), indented: true) + "\n";
        IReadOnlyList<string> files = OutputFiles.WriteNew(
            folder, (CharterFile.Encoded, charter.Encoded.ToArray()),
            (CharterFile.Readable, Encoding.UTF8.GetBytes(readable)));
        if (screen.Json)
        {
            Screen.Document(new JsonObject
            {
                ["digest"] = charter.Digest.ToString(),
                ["charter"] = files[0],
                ["readable"] = files[1],
            });
            return ExitCode.Done;
        }

        screen.Verbatim($"digest    {charter.Digest}");
        screen.Verbatim($"charter   {files[0]}");
        screen.Verbatim($"readable  {files[1]}");
        screen.Line("Give the charter to every member. Each reads it, compares the digest, and signs its own copy:");
        screen.Verbatim($"  ./curia charter show {files[0]}");
        screen.Verbatim($"  ./curia charter sign {files[0]} --cert PEM --key PEM");
        return ExitCode.Done;
    }
}
