using System.Collections.Generic;
using System.Linq;
using Curia.Cli.Terminal;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Curia.Cli.Establishment;

/// <summary>Who has verified whom, as a matrix, and what is in the way.</summary>
internal static class EstablishmentPicture
{
    /// <summary>All of it.</summary>
    public static IRenderable Draw(FounderViews views)
    {
        List<IRenderable> parts = [.. Heads(views).Select(line => new Text(line))];
        if (views.Slots().Count > 0) parts.Add(Matrix(views));
        foreach ((string of, string about, string reason, IReadOnlyList<ChartersDiffer> differences)
            in views.Problems())
        {
            parts.Add(new Markup($"[red]{Screen.Escape(of)} refuses {Screen.Escape(about)}:[/] "
                + Screen.Escape(reason)));
            parts.AddRange(differences.Select(one => new Markup(
                $"  [bold]{Screen.Escape(one.Field)}[/] is {Screen.Escape(one.Here ?? "not there")} for "
                + $"{Screen.Escape(of)}, and {Screen.Escape(one.There ?? "not there")} for {Screen.Escape(about)}")));
        }

        parts.AddRange(views.Silent.Select(one => new Markup(
            $"[yellow]{Screen.Escape(one.Url)} does not tell:[/] {Screen.Escape(Screen.Visible(one.Reason))}")));
        return new Rows(parts);
    }

    private static IEnumerable<string> Heads(FounderViews views) => views.Views
        .GroupBy(view => (view.Name, view.Charter, view.Attempt, view.Network))
        .Select(group => $"{group.Key.Name}, charter {group.Key.Charter}, attempt {group.Key.Attempt}: "
            + (group.Key.Network.Length > 0 ? $"open, network {group.Key.Network}" : string.Join(", ", group.Select(
                view => $"{view.Slot} {Progress(view)}"))));

    private static string Progress(FounderView view) => view.State switch
    {
        "AwaitingEndorsement" => "waits for its owner",
        "Verifying" => "verifies",
        "Agreed" => "has agreed",
        _ => view.State,
    } + (view.SecondsLeft is { } left ? $" ({left} s left)" : "");

    /// <summary>Who has verified whom.</summary>
    public static Table Matrix(FounderViews views)
    {
        IReadOnlyList<(string Slot, string Owner)> slots = views.Slots();
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumn("");
        foreach ((string slot, _) in slots) table.AddColumn(new TableColumn(new Text($"sees {slot}")));
        foreach ((string slot, string owner) in slots)
        {
            table.AddRow(
            [
                new Text($"{slot} ({owner})"),
                .. slots.Select(other => (IRenderable)new Markup(
                    Shown(views.Cell(slot, other.Slot), slot == other.Slot))),
            ]);
        }

        return table;
    }

    private static string Shown(string? state, bool isOwn) => state switch
    {
        FounderView.Agreed when isOwn => "[green]has signed[/]",
        FounderView.Verified when isOwn => "[grey]endorsed[/]",
        FounderView.Missing when isOwn => "[grey]not endorsed[/]",
        FounderView.Agreed => "[green]✓ agreed[/]",
        FounderView.Verified => "[green]✓ verified[/]",
        FounderView.Refused => "[red]✗ refused[/]",
        FounderView.Missing => "[grey]· not yet[/]",
        null => "[grey]?[/]",
        _ => Screen.Escape(state),
    };
}
