using System;
using System.CommandLine;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Networks;
using Curia.Cli.Sandbox;
using Curia.Cli.Terminal;
using Curia.Client;

namespace Curia.Cli.Commands;

/// <summary><c>curia sandbox</c> and <c>curia sandbox stop</c>.</summary>
internal static class SandboxCommand
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    /// <summary>How long the sandbox stays.</summary>
    private enum Stay
    {
        UntilInterrupted,
        Once,
        Detached,
        Prepared,
    }

    public static Command Build()
    {
        Option<int?> nodes = Maybe("--nodes", "How many nodes. [default: 3]");
        Option<int?> members = Maybe("--members", "How many members. [default: 3]");
        Option<int?> users = Maybe("--users", "How many users. [default: 1]");
        Option<int?> port = Maybe(
            "--port", "The port of the first node, the others follow; 0 for any free ones. [default: 8000]");
        Option<int?> electionTimeout = Maybe(
            "--election-timeout-ms",
            "Without a word of the primary until another node stands; a heartbeat each fifth of it. [default: 800]");
        Option<string> app = new("--app") { Description = "The application. [default: logging]", HelpName = "NAME" };
        Option<string> dir = Folder();
        Option<bool> once = new("--once") { Description = "Stop after the tour, and audit the ledgers." };
        Option<bool> detach = new("--detach")
        {
            Description = "Return when the network is open; sandbox stop ends it.",
        };
        Option<bool> prepare = new("--prepare")
        {
            Description = "Write keys, charters and settings, start nothing, and print how it is done by hand.",
        };
        Command sandbox = new("sandbox", "Run a network on this machine, and show what it does.")
        {
            nodes, members, users, app, dir, port, electionTimeout, once, detach, prepare, BuildStop(),
        };
        sandbox.SetAction((parsed, cancel) =>
        {
            if (new[] { once, detach, prepare }.Count(parsed.GetValue) > 1)
                throw CommandFailure.WrongUsage("--once, --detach and --prepare exclude each other: give one of them.");
            SandboxOptions options = new(
                parsed.GetValue(dir)!,
                parsed.GetValue(nodes),
                parsed.GetValue(members),
                parsed.GetValue(users),
                parsed.GetValue(app),
                parsed.GetValue(port))
            {
                ElectionTimeoutMilliseconds = parsed.GetValue(electionTimeout),
                IsDetached = parsed.GetValue(detach),
                IsPrepared = parsed.GetValue(prepare),
            };
            Stay stay = parsed.GetValue(once) ? Stay.Once
                : parsed.GetValue(detach) ? Stay.Detached
                : parsed.GetValue(prepare) ? Stay.Prepared
                : Stay.UntilInterrupted;
            return RunAsync(Screen.For(parsed), options, stay, cancel);
        });
        return sandbox;
    }

    // Without a default of its own: what was not said, an earlier sandbox in the folder answers.
    private static Option<int?> Maybe(string name, string description) =>
        new(name) { Description = description, HelpName = "N" };

    private static Option<string> Folder() => new("--dir")
    {
        Description = "The folder of the sandbox; one that holds a sandbox is gone on with.",
        HelpName = "DIR",
        DefaultValueFactory = _ => NetworkOptions.SandboxFolder,
    };

    private static Command BuildStop()
    {
        Option<string> dir = Folder();
        Command stop = new("stop", "Stop a sandbox gracefully.") { dir };
        stop.SetAction((parsed, _) => StopAsync(Screen.For(parsed), parsed.GetValue(dir)!));
        return stop;
    }

    private static async Task<int> RunAsync(Screen screen, SandboxOptions options, Stay stay, CancellationToken cancel)
    {
        using SandboxSetup setup = SandboxSetup.Prepare(options);
        TourSteps steps = new(screen);
        SandboxOpening opening = new(setup, steps, cancel);
        Welcome(screen, setup, options);
        SandboxTour? tour = null;
        bool documented = false;
        try
        {
            if (stay == Stay.Prepared) return await PrepareAsync(screen, setup, opening, steps, options)
                .ConfigureAwait(false);
            SandboxFile sandbox = setup.Earlier is { } earlier
                ? await opening.GoOnAsync(earlier).ConfigureAwait(false)
                : await opening.OpenAsync().ConfigureAwait(false);
            tour = new SandboxTour(setup, sandbox, steps, cancel);
            await steps.RunAsync(
                "identity", "Meet the service",
                "From here on every connection, receipt and audit is held against this one service certificate.",
                tour.IdentifyAsync).ConfigureAwait(false);
            if (setup.Earlier is not null) await tour.GoOnAsync().ConfigureAwait(false);
            else if (stay != Stay.Detached) await tour.RunAsync().ConfigureAwait(false);
            SandboxWatch watch = new(setup, options.Folder, Dir(options), line => screen.Line(Screen.Escape(line)));
            if (stay != Stay.Once)
            {
                documented = true;
                Document(screen, steps, options);
                Farewell(screen, options, stay, tour.IsLogging);
                if (stay == Stay.Detached) return ExitCode.Done;
                await watch.UntilEndAsync(cancel).ConfigureAwait(false);
            }

            watch.TakeUpChanges();
            await CloseAsync(setup, steps, tour).ConfigureAwait(false);
            if (!documented) Document(screen, steps, options);
            return ExitCode.Done;
        }
        catch (Exception e)
        {
            string lastWords = setup.LastWords(); // cleaning up takes the logs away
            await setup.CleanUpAsync().ConfigureAwait(false);
            if (e is not (CommandFailure or CuriaClientException)) throw;
            throw CommandFailure.InStep(e, steps.Failed, lastWords, documented ? null : DocumentOf(steps, options));
        }
        finally
        {
            tour?.Dispose();
        }
    }

    private static async Task<int> PrepareAsync(
        Screen screen, SandboxSetup setup, SandboxOpening opening, TourSteps steps, SandboxOptions options)
    {
        if (setup.Earlier is not null)
        {
            throw CommandFailure.WrongUsage(
                $"--prepare: there is a sandbox in {options.Folder}. Choose another folder with --dir.");
        }

        await opening.PrepareAsync().ConfigureAwait(false);
        setup.RememberPrepared();
        screen.Line();
        screen.Line("[bold]Nothing runs yet.[/] In life each command is somebody else's; give each node a terminal:");
        (string About, string Command)[] commands = [.. setup.Founding.ByHand(setup.App)];
        foreach ((string about, string command) in commands)
        {
            screen.Line($"[grey]{Screen.Escape(about)}[/]");
            screen.Verbatim($"  $ {command}", "36");
        }

        if (!screen.Json) return ExitCode.Done;
        JsonObject document = DocumentOf(steps, options);
        document["commands"] = new JsonArray(
            [.. commands.Select(one => new JsonObject { ["about"] = one.About, ["command"] = one.Command })]);
        Screen.Document(document);
        return ExitCode.Done;
    }

    private static async Task CloseAsync(SandboxSetup setup, TourSteps steps, SandboxTour tour)
    {
        bool isOne = setup.Nodes.Count == 1;
        await steps.RunAsync(
            "stop",
            isOne ? "Stop the node" : "Stop the nodes",
            isOne
                ? "It finishes what it has begun; from here on the files must speak for themselves."
                : "They finish what they have begun; from here on the files must speak for themselves.",
            async () =>
            {
                await setup.StopNodesAsync().ConfigureAwait(false);
                return new StepResult("stopped gracefully");
            }).ConfigureAwait(false);
        await steps.RunAsync(
            "audit",
            isOne ? "Audit the ledger offline" : "Audit the ledgers offline",
            "Held against receipts, genesis block and service certificate: nothing was cut, changed or forked.",
            () => Task.FromResult(tour.Audit())).ConfigureAwait(false);
    }

    private static void Welcome(Screen screen, SandboxSetup setup, SandboxOptions options)
    {
        string who =
            $"{Count(setup.Nodes.Count, "node")}, {Count(setup.Members, "member")}, {Count(setup.Users, "user")}";
        string again = setup.Earlier is null ? "" : ", going on with what it holds";
        screen.Line($"[bold]Curia sandbox[/] in {Screen.Escape(options.Folder)}: {who}{again}");
        if (setup.EndedPids is [int ended])
            screen.Line($"The command that started it was killed: its node, process {ended}, was stopped first.");
        else if (setup.EndedPids.Count > 1)
            screen.Line("The command that started it was killed: its nodes, processes "
                + $"{string.Join(", ", setup.EndedPids)}, were stopped first.");
        screen.Line("[yellow]INSECURE: the TEE is simulated (platform virtual). For learning and development only.[/]");
        screen.Line();
    }

    private static void Farewell(Screen screen, SandboxOptions options, Stay stay, bool isLogging)
    {
        string dir = Dir(options);
        screen.Line();
        screen.Line(stay == Stay.Detached
            ? "[bold]The network is open.[/] Try:"
            : "[bold]The network stays open until Ctrl-C.[/] In another terminal, try:");
        const string data = """'{"id":1,"msg":"hello"}'""";
        string[] calls = isLogging
            ?
            [
                $"./curia call POST /app/log/private --data {data} --as user0 --wait committed{dir}",
                $"./curia call GET '/app/log/private?id=1' --as user0{dir}",
                $"./curia bench --target {options.Folder}",
            ]
            : [$"./curia call GET /app/api{dir}"]; // what the application has, in its own words
        string[] commands =
        [
            .. calls,
            $"./curia node add{dir}",
            .. stay == Stay.Detached ? (string[])[$"./curia sandbox stop{dir}"] : [],
        ];
        foreach (string command in commands) screen.Verbatim($"  $ {command}", "36");

        screen.Line();
    }

    // How commands are told of the sandbox; the one that they find by themselves needs no words.
    private static string Dir(SandboxOptions options) =>
        options.Folder == NetworkOptions.SandboxFolder ? "" : $" --dir {options.Folder}";

    private static string Count(int number, string what) => number == 1 ? $"one {what}" : $"{number} {what}s";

    private static JsonObject DocumentOf(TourSteps steps, SandboxOptions options) =>
        new() { ["steps"] = steps.ToJson(), ["sandbox"] = options.Folder };

    private static void Document(Screen screen, TourSteps steps, SandboxOptions options)
    {
        if (screen.Json) Screen.Document(DocumentOf(steps, options));
    }

    private static async Task<int> StopAsync(Screen screen, string folder)
    {
        SandboxFile sandbox = SandboxFile.Read(folder);
        JsonArray stopped = [];
        NodeProcess?[] processes =
            [.. sandbox.Nodes.Select(node => NodeProcess.Find(node.Pid, sandbox.PathOf(node.Config), ""))];
        bool[] inTime = await Task.WhenAll(
            processes.Select(process => process?.StopAsync(StopTimeout) ?? Task.FromResult(true)))
            .ConfigureAwait(false);
        foreach ((int index, SandboxNode node) in sandbox.Nodes.Index())
        {
            bool wasRunning = processes[index] is not null;
            processes[index]?.Dispose();
            if (!inTime[index])
                throw CommandFailure.Environment(
                    $"{node.Name}, process {node.Pid}, did not stop within {StopTimeout.TotalSeconds:0} s and was "
                    + "killed.");
            stopped.Add(new JsonObject { ["id"] = node.Id, ["pid"] = node.Pid, ["was_running"] = wasRunning });
            screen.Line(wasRunning
                ? $"{node.Name}, process {node.Pid}, has stopped."
                : $"{node.Name}, process {node.Pid}, was not running any more.");
        }

        if (screen.Json) Screen.Document(new JsonObject { ["sandbox"] = folder, ["stopped"] = stopped });
        return ExitCode.Done;
    }
}
