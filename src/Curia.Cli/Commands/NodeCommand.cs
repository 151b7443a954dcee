using System;
using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Sandbox;
using Curia.Cli.Terminal;

namespace Curia.Cli.Commands;

/// <summary><c>curia node</c>, and <c>curia node start</c>: the node program in the foreground.</summary>
internal static class NodeCommand
{
    public static Command Build()
    {
        Option<string> config = new("--config")
        {
            Description = "The settings of the node.",
            HelpName = "FILE",
            Required = true,
        };
        Option<string> app = new("--app")
        {
            Description = "The application to serve: logging. [default: none]",
            HelpName = "NAME",
        };
        Option<string> disclose = new("--disclose-data-keys")
        {
            Description = "Write the keys of private writes to a file, for ledger show; on the virtual platform only.",
            HelpName = "FILE",
        };
        Command start = new("start", "Start a node in the foreground; Ctrl-C stops it gracefully.")
        {
            config, app, disclose,
        };
        start.SetAction((parsed, cancel) =>
        {
            string image = parsed.GetValue(app) is string name
                ? ProgramFiles.ApplicationImage(name)
                : ProgramFiles.Node;
            string[] further = parsed.GetValue(disclose) is string file ? ["--disclose-data-keys", file] : [];
            return RunAsync(Screen.For(parsed), image, parsed.GetValue(config)!, further, cancel);
        });
        return new Command("node", "Nodes: those that keep the ledger.")
        {
            start, NodeMembershipCommands.BuildAdd(), NodeMembershipCommands.BuildRetire(), NodeEndorseCommand.Build(),
        };
    }

    private static async Task<int> RunAsync(
        Screen screen, string image, string config, string[] further, CancellationToken cancel)
    {
        if (!File.Exists(config)) throw CommandFailure.Environment($"cannot read {config}: it is not there.");

        // The node itself says on stderr why it ends; for a program that becomes the document.
        string last = "";
        using NodeProcess node = NodeProcess.StartInForeground(image, config, screen.Json ? Hear : null, further);
        using CancellationTokenRegistration stop = cancel.Register(node.AskToStop);
        int exitCode = await node.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        if (exitCode is < ExitCode.Done or > ExitCode.EnvironmentFailed)
            throw CommandFailure.Environment($"the node ended with exit code {exitCode}; its last lines say why.");
        if (screen.Json && exitCode != ExitCode.Done)
            Screen.Document(Screen.Error(CommandFailure.CodeOf(exitCode), LogLine.Readable(last)));
        return exitCode;

        void Hear(string line)
        {
            Console.Error.WriteLine(line);
            if (!string.IsNullOrWhiteSpace(line)) last = line.Trim();
        }
    }
}
