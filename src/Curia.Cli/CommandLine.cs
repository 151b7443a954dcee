using System;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Commands;
using Curia.Cli.Terminal;
using Curia.Client;

namespace Curia.Cli;

/// <summary>From the words of the command line to an exit code; every error becomes one line here.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        ParseResult parsed = Build().Parse(args, new ParserConfiguration
        {
            ResponseFileTokenReplacer = null, // @FILE is a body of `call`, not further arguments
            EnablePosixBundling = false,
        });
        using CancellationTokenSource interrupted = new();
        using PosixSignalRegistration onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using PosixSignalRegistration onHangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Interrupt);
        using PosixSignalRegistration onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        try
        {
            return await InvokeAsync(parsed, interrupted.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return Report(e, args);
        }

        void Interrupt(PosixSignalContext context)
        {
            context.Cancel = !interrupted.IsCancellationRequested; // a second one ends the program at once
            interrupted.Cancel();
        }
    }

    /// <summary>All commands, with the options that they have.</summary>
    public static RootCommand Build()
    {
        RootCommand root = new("Curia: a confidential consortium ledger.")
        {
            SandboxCommand.Build(),
            CharterCommands.Build(),
            EstablishCommands.Build(),
            CallCommand.Build(),
            NodeCommand.Build(),
            KeygenCommands.BuildUser(),
            KeygenCommands.BuildMember(),
            ReceiptCommands.Build(),
            LedgerCommands.Build(),
            AttestationCommands.Build(),
            BenchCommand.Build(),
            GlobalOptions.Json,
            GlobalOptions.Verbose,
        };
        LaterMilestones.AddTo(root);
        return root;
    }

    private static async Task<int> InvokeAsync(ParseResult parsed, CancellationToken cancel)
    {
        LaterMilestones.Refuse(parsed); // also where help is asked for: there is none of what is not there
        if (parsed.Action is not HelpAction)
        {
            Command command = parsed.CommandResult.Command;
            if (parsed.Errors.Count > 0) throw Wrong(parsed, command);
        }

        InvocationConfiguration configuration = new()
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // signals are handled above
        };
        return await parsed.InvokeAsync(configuration, cancel).ConfigureAwait(false);
    }

    private static CommandFailure Wrong(ParseResult parsed, Command command)
    {
        string name = NameOf(parsed.CommandResult);
        bool isGroup = command.Action is null && command.Subcommands.Count > 0;
        if (isGroup && parsed.UnmatchedTokens.Count == 0)
        {
            string names = string.Join(", ", command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name));
            return CommandFailure.WrongUsage($"{name} needs a command: {names}. Try {name} --help.");
        }

        if (parsed.UnmatchedTokens.Count > 0)
        {
            string kind = isGroup ? "command" : "argument or option";
            return CommandFailure.WrongUsage($"{name} has no {kind} {parsed.UnmatchedTokens[0]}. Try {name} --help.");
        }

        return CommandFailure.WrongUsage($"{MessageOf(parsed.Errors[0])}. Try {name} --help.");
    }

    // The parser names types of the framework, and lists choices on indented lines.
    private static string MessageOf(ParseError error)
    {
        if (error.SymbolResult is OptionResult { Tokens: [Token token], Option: { } option } && IsNumber(option))
            return $"{option.Name} {token.Value}: give a number in range";
        string[] words = error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', words).TrimEnd('.');
    }

    private static bool IsNumber(Option option)
    {
        Type type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        return type == typeof(int) || type == typeof(ulong);
    }

    private static string NameOf(CommandResult result)
    {
        string own = result.Command is RootCommand ? "curia" : result.Command.Name;
        return result.Parent is CommandResult parent ? $"{NameOf(parent)} {own}" : own;
    }

    private static int Report(Exception e, string[] args)
    {
        (int exitCode, string code) = e switch
        {
            CommandFailure failure => (failure.ExitCode, failure.Code),
            CuriaClientException client => (ExitCode.EnvironmentFailed, client.Failure.ToString()),
            OperationCanceledException => (ExitCode.EnvironmentFailed, "Interrupted"),
            _ => (ExitCode.EnvironmentFailed, "Unexpected"),
        };
        string message = e switch
        {
            CommandFailure => e.Message,
            CuriaClientException client => Advise(client),
            OperationCanceledException => "interrupted before the end.",
            IOException or UnauthorizedAccessException => e.Message,
            _ => $"something unexpected happened: {e.Message} Run it again with --verbose and report what it prints.",
        };
        message = OnOneLine(message);
        bool verbose = args.Contains("--verbose");
        Console.Error.WriteLine($"curia: {message}");
        if (verbose) Console.Error.WriteLine(e);
        if (args.Contains("--json"))
            Screen.Document((e as CommandFailure)?.Document ?? Screen.Error(code, message));

        return exitCode;
    }

    private static string OnOneLine(string text) =>
        string.Concat(text.ReplaceLineEndings(" ").Select(c => char.IsControl(c) ? ' ' : c));

    private static string Advise(CuriaClientException e)
    {
        if (e.MayHaveWritten)
        {
            string where = e.TxId is null ? "look for it" : $"ask for /app/tx?transaction_id={e.TxId}";
            return $"{e.Message}. A write may have happened: {where} before you repeat it.";
        }

        return e.Failure switch
        {
            ClientFailure.Unreachable =>
                $"{e.Message}. Nothing was sent. Is the node running? ./curia sandbox starts one.",
            ClientFailure.WrongService =>
                $"{e.Message}. Nothing was sent; give the certificate of the service you mean with --service-cert.",
            ClientFailure.Interrupted or ClientFailure.TimedOut =>
                $"{e.Message}. It was a read, which you can repeat; the log of the node may say more.",
            _ => $"{e.Message}. Is this a Curia node?",
        };
    }
}
