using System.Collections.Generic;
using System.CommandLine;
using System.Linq;

namespace Curia.Cli;

/// <summary>Commands and options that the design names and this version has not: refused by name, never ignored, not
/// shown.</summary>
internal static class LaterMilestones
{
    private static readonly string[] Commands =
        ["proposal", "recovery"];

    private static readonly Dictionary<string, string[]> Options = new()
    {
        ["sandbox"] = ["--js-app", "--constitution"],
        ["verify"] = ["--platforms", "--operators"],
    };

    private static readonly Dictionary<Symbol, string> Known = [];

    /// <summary>Adds them, hidden, so that they are recognised wherever they stand.</summary>
    public static void AddTo(RootCommand root)
    {
        foreach (string[] path in Commands.Select(name => name.Split(' ')))
        {
            Command command = new(path[^1]) { Hidden = true, TreatUnmatchedTokensAsErrors = false };
            command.SetAction(_ => ExitCode.WrongUsage);
            Known.Add(command, string.Join(' ', path));
            Command parent = path[..^1].Aggregate((Command)root, (at, name) => at.Subcommands.Single(
                one => one.Name == name));
            parent.Add(command);
        }

        AddOptions(root);
    }

    /// <summary>Refuses the first of them that the command line uses.</summary>
    public static void Refuse(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (Known.TryGetValue(command, out string? name)) throw CommandFailure.NotYet($"The command {name}");
        foreach (Option option in command.Options)
        {
            if (Known.ContainsKey(option) && parsed.GetResult(option) is { Implicit: false })
            {
                throw CommandFailure.NotYet($"The option {option.Name} of {command.Name}");
            }
        }
    }

    private static void AddOptions(Command command)
    {
        if (Options.TryGetValue(command.Name, out string[]? names) && command.Parents is not null)
        {
            foreach (string name in names)
            {
                Option<string[]> option = new(name)
                {
                    Hidden = true,
                    Arity = ArgumentArity.ZeroOrMore,
                    AllowMultipleArgumentsPerToken = true,
                };
                Known.Add(option, name);
                command.Add(option);
            }
        }

        foreach (Command sub in command.Subcommands) AddOptions(sub);
    }
}
