using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Establishment;
using Curia.Cli.Networks;
using Curia.Cli.Terminal;
using Spectre.Console;

namespace Curia.Cli.Commands;

/// <summary><c>curia establish status</c>: who has verified whom, and what is in the way.</summary>
internal static class EstablishStatusCommand
{
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(500);

    public static Command Build()
    {
        Option<string[]> nodes = new("--node")
        {
            Description = "The address of a node; may be given several times. The others are asked as it knows them.",
            HelpName = "URL",
        };
        Option<string> dir = new("--dir")
        {
            Description = "A sandbox, whose nodes are asked. [default: sandbox]",
            HelpName = "DIR",
        };
        Option<bool> watch = new("--watch") { Description = "Show each change, until the network is open." };
        Command status = new("status", "Show which founders have verified each other, and which differ in what.")
        {
            nodes, dir, watch,
        };
        status.SetAction((parsed, cancel) =>
        {
            string[] urls = parsed.GetValue(nodes) ?? [];
            if (urls.Length > 0 && parsed.GetValue(dir) is not null)
                throw CommandFailure.WrongUsage("--node and --dir both name nodes: give one of them.");
            if (urls.FirstOrDefault(url => !Uri.TryCreate(url, UriKind.Absolute, out Uri? address)
                || address.Scheme != Uri.UriSchemeHttps) is { } wrong)
            {
                throw CommandFailure.WrongUsage($"--node {wrong}: give an address like https://127.0.0.1:8000.");
            }

            if (urls.Length == 0)
            {
                SandboxFile sandbox = SandboxFile.Read(parsed.GetValue(dir) ?? NetworkOptions.SandboxFolder);
                urls = [.. sandbox.Nodes.Select(node => node.Url)];
            }

            Screen screen = Screen.For(parsed);
            return parsed.GetValue(watch) ? WatchAsync(screen, urls, cancel) : ShowAsync(screen, urls, cancel);
        });
        return status;
    }

    private static async Task<int> ShowAsync(Screen screen, IReadOnlyList<string> urls, CancellationToken cancel)
    {
        FounderViews views = await FounderViews.TakeAsync(urls, cancel).ConfigureAwait(false);
        if (screen.Json) Screen.Document(views.ToJson());
        else screen.Console.Write(EstablishmentPicture.Draw(views));
        return CodeOf(views);
    }

    private static async Task<int> WatchAsync(Screen screen, IReadOnlyList<string> urls, CancellationToken cancel)
    {
        FounderViews views = new([], []);
        if (screen is { IsLive: true, Json: false })
        {
            await screen.Console.Live(new Text("Asking the nodes")).StartAsync(async live => views = await FollowAsync(
                urls,
                now =>
                {
                    live.UpdateTarget(EstablishmentPicture.Draw(now));
                    live.Refresh();
                },
                everyTime: true, cancel).ConfigureAwait(false)).ConfigureAwait(false);
        }
        else
        {
            views = await FollowAsync(
                urls, now => screen.Console.Write(EstablishmentPicture.Draw(now)), everyTime: false, cancel)
                .ConfigureAwait(false);
        }

        if (screen.Json) Screen.Document(views.ToJson());
        return CodeOf(views);
    }

    // Until the network is open, nobody is left who answered before, or the time of whoever watches is over.
    private static async Task<FounderViews> FollowAsync(
        IReadOnlyList<string> urls, Action<FounderViews> show, bool everyTime, CancellationToken cancel)
    {
        string shown = "";
        FounderViews last = new([], []);
        while (true)
        {
            try
            {
                FounderViews now = await FounderViews.TakeAsync(urls, cancel).ConfigureAwait(false);
                if (now.Views.Count == 0 && last.Views.Count > 0) return last;
                last = now;
                string state = StateOf(now);
                if (everyTime || state != shown) show(now);
                shown = state;
                if (now.IsOpen) return now;
                await Task.Delay(pause, cancel).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return last;
            }
        }
    }

    // What a change is: not that a second less is left.
    private static string StateOf(FounderViews views) => string.Join('\n',
    [
        .. views.Views.Select(view => $"{view.NodeId} {view.State} {view.Network}"),
        .. views.Slots().SelectMany(row => views.Slots().Select(column => views.Cell(row.Slot, column.Slot))),
        .. views.Problems().Select(problem => $"{problem.Of} {problem.About} {problem.Reason} "
            + $"{problem.Differences.Count}"),
        .. views.Silent.Select(one => one.Url),
    ]);

    private static int CodeOf(FounderViews views) => views.Views.Count == 0 ? ExitCode.EnvironmentFailed
        : views.HasRefusal ? ExitCode.Refused
        : ExitCode.Done;
}
