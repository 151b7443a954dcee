using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Curia.Cli.Terminal;
using Curia.Client;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Curia.Cli.Sandbox;

/// <summary>What a step of the tour found, and the command that repeats it; empty where there is none.</summary>
internal sealed record StepResult(string Detail, string Command = "")
{
    /// <summary>What people see instead of the detail, which then is for programs; null for the detail.</summary>
    public IRenderable? Picture { get; init; }
}

/// <summary>Runs steps one after the other, shows each as it happens, and remembers them for the JSON
/// document.</summary>
internal sealed partial class TourSteps(Screen screen)
{
    private const string Cyan = "36";

    private readonly List<(string Name, bool Ok, string Detail, TimeSpan Elapsed)> done = [];

    /// <summary>The steps so far, as <c>sandbox --json</c> prints them.</summary>
    public JsonArray ToJson()
    {
        JsonArray steps = [];
        foreach ((string name, bool ok, string detail, TimeSpan elapsed) in done)
        {
            steps.Add(new JsonObject
            {
                ["name"] = name,
                ["ok"] = ok,
                ["detail"] = detail,
                ["ms"] = (long)elapsed.TotalMilliseconds,
            });
        }

        return steps;
    }

    /// <summary>The title of the step that failed; empty while none has.</summary>
    public string Failed { get; private set; } = "";

    /// <summary>Runs one step.</summary>
    /// <param name="name">For programs, for example <c>receipt-json</c>.</param>
    /// <param name="title">For people: what happens.</param>
    /// <param name="proves">For people: what it proves; empty where it proves nothing.</param>
    /// <param name="work">The step itself.</param>
    public async Task RunAsync(string name, string title, string proves, Func<Task<StepResult>> work)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            StepResult result = await ShowWhileAsync(title, work).ConfigureAwait(false);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            done.Add((name, true, result.Detail, elapsed));
            Show(title, proves, result, elapsed);
        }
        catch (Exception e) when (e is CommandFailure or CuriaClientException)
        {
            done.Add((name, false, e.Message, Stopwatch.GetElapsedTime(start)));
            Failed = title;
            screen.Line($"[red]✗ {Screen.Escape(title)}[/]");
            throw;
        }
    }

    /// <summary>Shows how far a step has come.</summary>
    public void Progress(string line) => Indented($"[grey]{Screen.Escape(line)}[/]");

    private async Task<StepResult> ShowWhileAsync(string title, Func<Task<StepResult>> work)
    {
        if (!screen.IsLive) return await work().ConfigureAwait(false);
        StepResult? result = null;
        await screen.Console.Status().Spinner(Spinner.Known.Dots).StartAsync(
            Screen.Escape(title), async _ => result = await work().ConfigureAwait(false)).ConfigureAwait(false);
        return result!;
    }

    private void Show(string title, string proves, StepResult result, TimeSpan elapsed)
    {
        string time = elapsed.TotalMilliseconds < 1000
            ? string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalMilliseconds:0} ms")
            : string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds:0.0} s");
        screen.Line($"[green]✓[/] [bold]{Screen.Escape(title)}[/] [grey]{time}[/]");
        if (result.Picture is { } picture) screen.Console.Write(new Padder(picture, new Padding(2, 0, 0, 0)));
        else if (result.Detail.Length > 0) Indented(Screen.Escape(Digests().Replace(result.Detail, "$1…")));
        if (proves.Length > 0) Indented($"[grey]{Screen.Escape(proves)}[/]");
        if (result.Command.Length > 0) screen.Verbatim($"  $ {result.Command}", Cyan);
    }

    // A person tells digests apart by their beginning; the JSON document has them whole.
    [GeneratedRegex("\\b([0-9a-f]{12})[0-9a-f]{52}\\b")]
    private static partial Regex Digests();

    private void Indented(string markup) =>
        screen.Console.Write(new Padder(new Markup(markup), new Padding(2, 0, 0, 0)));
}
