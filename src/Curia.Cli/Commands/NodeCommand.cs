using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Sandbox;

namespace Curia.Cli.Commands;

/// <summary><c>curia node start</c>: the node program in the foreground.</summary>
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
            RunAsync(parsed.GetValue(config)!, parsed.GetValue(app), parsed.GetValue(disclose), cancel));
        return new Command("node", "Nodes: those that keep the ledger.") { start };
    }

    private static async Task<int> RunAsync(string config, string? app, string? disclose, CancellationToken cancel)
    {
        if (!File.Exists(config)) throw CommandFailure.Environment($"cannot read {config}: it is not there.");
        string image = app is null ? ProgramFiles.Node : ProgramFiles.ApplicationImage(app);
        using NodeProcess node = NodeProcess.StartInForeground(
            image, config, disclose is null ? [] : ["--disclose-data-keys", disclose]);
        using CancellationTokenRegistration stop = cancel.Register(node.AskToStop);
        int exitCode = await node.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        if (exitCode is >= ExitCode.Done and <= ExitCode.EnvironmentFailed) return exitCode;
        throw CommandFailure.Environment($"the node ended with exit code {exitCode}; its last lines say why.");
    }
}
