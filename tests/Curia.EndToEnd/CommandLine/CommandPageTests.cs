using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>Holds docs/commands.md to what the program says of itself.</summary>
public sealed partial class CommandPageTests
{
    [Fact]
    public async Task Every_command_and_option_stands_on_the_page_and_the_other_way_round()
    {
        SortedDictionary<string, SortedSet<string>> program = [];
        await ReadAsync([], program);
        SortedDictionary<string, SortedSet<string>> page = ReadPage();
        Assert.Equal(program.Keys, page.Keys);
        foreach ((string command, SortedSet<string> options) in program)
            Assert.Equal($"{command} {string.Join(' ', options)}", $"{command} {string.Join(' ', page[command])}");
    }

    private static async Task ReadAsync(string[] path, SortedDictionary<string, SortedSet<string>> commands)
    {
        string help = (await CuriaProgram.RunAsync(CuriaProgram.Repository, [.. path, "--help"])).Expect(0).Output;
        string[] subcommands = [.. Section(help, "Commands:").Select(line => line.Trim().Split(' ')[0])];
        bool isGroup = subcommands.Length > 0 && !help.Contains("[command]", StringComparison.Ordinal);
        IEnumerable<string> options = Section(help, "Options:")
            .SelectMany(line => OptionName().Matches(line.Split("  ", 3)[1]).Select(match => match.Value));
        string[] everywhere = ["--help", "--json", "--verbose", "--version"];
        SortedSet<string> own = [.. options.Except(everywhere)];
        if (path.Length > 0 && (own.Count > 0 || subcommands.Length == 0)) commands[string.Join(' ', path)] = own;
        Assert.False(isGroup && own.Count > 0, $"{string.Join(' ', path)} has options and is only a group");
        foreach (string subcommand in subcommands) await ReadAsync([.. path, subcommand], commands);
    }

    private static IEnumerable<string> Section(string help, string title) => help.Split('\n')
        .SkipWhile(line => line.Trim() != title).Skip(1)
        .TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal));

    // A command is a heading of the page, its options begin lines of the table below.
    private static SortedDictionary<string, SortedSet<string>> ReadPage()
    {
        SortedDictionary<string, SortedSet<string>> commands = [];
        string command = "";
        foreach (string line in File.ReadLines(Path.Combine(CuriaProgram.Repository, "docs/commands.md")))
        {
            if (line.StartsWith('#')) command = "";
            if (line.StartsWith("## `curia ", StringComparison.Ordinal))
            {
                command = CommandName().Match(line).Groups[1].Value;
                commands[command] = [];
            }

            if (command.Length > 0 && line.StartsWith("| `--", StringComparison.Ordinal))
                commands[command].Add(OptionName().Match(line).Value);
        }

        return commands;
    }

    [GeneratedRegex("--[a-z][a-z-]*")]
    private static partial Regex OptionName();

    [GeneratedRegex("^## `curia ([a-z ]+)`$")]
    private static partial Regex CommandName();
}
