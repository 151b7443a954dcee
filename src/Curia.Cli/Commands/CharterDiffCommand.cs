using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Cli.Charters;
using Curia.Cli.Terminal;
using Curia.Governance;

namespace Curia.Cli.Commands;

/// <summary><c>curia charter diff</c>: the fields in which two charters differ.</summary>
internal static class CharterDiffCommand
{
    public static Command Build()
    {
        Argument<string> left = CharterCommands.Charter("A");
        Argument<string> right = CharterCommands.Charter("B");
        Command diff = new("diff", "Show the fields in which two charters differ.") { left, right };
        diff.SetAction(parsed => Compare(
            Screen.For(parsed), CharterFile.Read(parsed.GetValue(left)!), CharterFile.Read(parsed.GetValue(right)!)));
        return diff;
    }

    private static int Compare(Screen screen, Charter left, Charter right)
    {
        IReadOnlyList<CharterDifference> differences = CharterDifference.Between(left, right);
        if (screen.Json)
        {
            Screen.Document(new JsonObject
            {
                ["equal"] = differences.Count == 0,
                ["left"] = left.Digest.ToString(),
                ["right"] = right.Digest.ToString(),
                ["differences"] = new JsonArray([.. differences.Select(one => new JsonObject
                {
                    ["path"] = one.Path,
                    ["left"] = one.Left,
                    ["right"] = one.Right,
                })]),
            });
        }
        else
        {
            foreach (CharterDifference one in differences)
            {
                screen.Verbatim(one.Path, style: "1");
                screen.Verbatim($"  A  {Screen.Visible(one.Left ?? "is not there")}");
                screen.Verbatim($"  B  {Screen.Visible(one.Right ?? "is not there")}");
            }

            screen.Line(differences.Count == 0
                ? $"[green]The same charter:[/] {left.Digest}"
                : $"[red]{differences.Count} {(differences.Count == 1 ? "field differs" : "fields differ")}.[/]");
        }

        return differences.Count == 0 ? ExitCode.Done : ExitCode.Refused;
    }
}
