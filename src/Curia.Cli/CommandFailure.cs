using System;
using System.Text.Json.Nodes;

namespace Curia.Cli;

/// <summary>A command that cannot go on. Its message is one line: what, why, and what to do.</summary>
internal sealed class CommandFailure : Exception
{
    private CommandFailure(int exitCode, string code, string message, Exception? inner = null) : base(message, inner)
    {
        ExitCode = exitCode;
        Code = code;
    }

    /// <summary>One of <see cref="Cli.ExitCode"/>.</summary>
    public int ExitCode { get; }

    /// <summary>The same for programs, PascalCase as in the errors of the HTTP surface.</summary>
    public string Code { get; }

    /// <summary>The JSON document to print instead of one that holds the error alone.</summary>
    public JsonObject? Document { get; private init; }

    /// <summary>The command line makes no sense.</summary>
    public static CommandFailure WrongUsage(string message) => Of(Cli.ExitCode.WrongUsage, message);

    /// <summary>The command line asks for something that a later version brings.</summary>
    public static CommandFailure NotYet(string name) => new(
        Cli.ExitCode.WrongUsage,
        "NotYet",
        $"{name} comes with a later version of Curia. See docs/commands.md for what is there.");

    /// <summary>Something that is there is not what it must be.</summary>
    public static CommandFailure Refused(string message) => Of(Cli.ExitCode.Refused, message);

    /// <summary>Something around the command failed.</summary>
    public static CommandFailure Environment(string message, Exception? inner = null) =>
        Of(Cli.ExitCode.EnvironmentFailed, message, inner);

    /// <summary>What an exit code is called in a document.</summary>
    public static string CodeOf(int exitCode) => exitCode switch
    {
        Cli.ExitCode.Refused => "Refused",
        Cli.ExitCode.WrongUsage => "WrongUsage",
        _ => "EnvironmentFailed",
    };

    /// <summary>A failure with the step in which it happened and what the node said last.</summary>
    public static CommandFailure InStep(Exception failure, string step, string lastWords, JsonObject? document)
    {
        string message = step.Length == 0 ? failure.Message : $"step “{step}” failed: {failure.Message.TrimEnd('.')}.";
        if (!message.Contains(lastWords, StringComparison.Ordinal)) message = $"{message} {lastWords}";
        (int exitCode, string code) = failure is CommandFailure own
            ? (own.ExitCode, own.Code)
            : (Cli.ExitCode.EnvironmentFailed, "EnvironmentFailed");
        return new CommandFailure(exitCode, code, message, failure) { Document = document };
    }

    private static CommandFailure Of(int exitCode, string message, Exception? inner = null) =>
        new(exitCode, CodeOf(exitCode), message, inner);

    /// <summary>A file that cannot be read or written, in words of the operating system.</summary>
    public static CommandFailure File(string what, string path, Exception e)
    {
        // To open a folder as a file is refused like a file of somebody else.
        string reason = System.IO.Directory.Exists(path) ? "it is a folder" : Reason(e);
        return Environment($"cannot {what} {path}: {reason}", e);
    }

    /// <summary>A folder that cannot be read or written, in words of the operating system.</summary>
    public static CommandFailure Folder(string what, string path, Exception e) => Environment(
        $"cannot {what} {path}: {Reason(e)}", e);

    /// <summary>The reason of a file error without the path, which the message names already.</summary>
    public static string Reason(Exception e) => e switch
    {
        System.IO.FileNotFoundException or System.IO.DirectoryNotFoundException => "it is not there",
        UnauthorizedAccessException => "this user may not",
        _ => e.Message.TrimEnd('.'),
    };
}
