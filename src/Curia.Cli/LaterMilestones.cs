using System.Collections.Generic;
using System.CommandLine;

namespace Curia.Cli;

/// <summary>Commands and options that the design names and this version has not: refused by name, never ignored, not
/// shown.</summary>
internal static class LaterMilestones
{
    private static readonly string[] Commands = ["charter", "establish", "proposal", "recovery", "attestation"];

    private static readonly Dictionary<string, string[]> Options = new()
    {
        ["sandbox"] = ["--js-app", "--constitution", "--prepare"],
        ["verify"] = ["--platforms", "--operators"],
    };

    private static readonly HashSet<Symbol> Known = [];

    /// <summary>Adds them, hidden, so that they are recognised wherever they stand.</summary>
    public static void AddTo(RootCommand root)
    {
        foreach (string name in Commands)
        {
            Command command = new(name) { Hidden = true, TreatUnmatchedTokensAsErrors = false };
            command.SetAction(_ => ExitCode.WrongUsage);
            Known.Add(command);
            root.Add(command);
        }

        AddOptions(root);
    }

    /// <summary>Refuses the first of them that the command line uses.</summary>
    public static void Refuse(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (Known.Contains(command)) throw CommandFailure.NotYet($"The command {command.Name}");
        foreach (Option option in command.Options)
        {
            if (Known.Contains(option) && parsed.GetResult(option) is { Implicit: false })
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
                Known.Add(option);
                command.Add(option);
            }
        }

        foreach (Command sub in command.Subcommands) AddOptions(sub);
    }
}
