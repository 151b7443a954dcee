using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Curia.Cli.Terminal;

/// <summary>Where a command speaks: results on stdout; with --json they are one document, and what people read moves to
/// stderr.</summary>
internal sealed class Screen(bool json)
{
    private static readonly JsonSerializerOptions Compact =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    private IAnsiConsole? console;

    /// <summary>Whether the result goes to a program.</summary>
    public bool Json { get; } = json;

    /// <summary>Whether people watch: then progress moves, otherwise it is plain lines.</summary>
    public bool IsLive => Json ? !System.Console.IsErrorRedirected : !System.Console.IsOutputRedirected;

    /// <summary>For people. Made when first used, because a command for programs should not pay for it.</summary>
    public IAnsiConsole Console => console ??= Open(Json ? System.Console.Error : System.Console.Out);

    /// <summary>The screen that the command line asks for.</summary>
    public static Screen For(ParseResult parsed) => new(parsed.GetValue(GlobalOptions.Json));

    /// <summary>A line of Spectre markup for people.</summary>
    public void Line(string markup = "") => Console.MarkupLine(markup);

    /// <summary>A line for people that must stay one line, to be copied: no word wrap, no markup.</summary>
    public void Verbatim(string line, string style = "")
    {
        // Spectre breaks long lines into several, which would break a command; the terminal itself wraps without harm.
        bool ansi = Console.Profile.Capabilities.Ansi && style.Length > 0;
        TextWriter writer = Json ? System.Console.Error : System.Console.Out;
        writer.WriteLine(ansi ? $"\e[{style}m{line}\e[0m" : line);
    }

    /// <summary>The one document of a command.</summary>
    public static void Document(JsonNode document, bool indented = false) =>
        System.Console.Out.WriteLine(document.ToJsonString(indented ? Indented : Compact));

    /// <summary>The document of a command that failed.</summary>
    public static JsonObject Error(string code, string message) =>
        new() { ["error"] = new JsonObject { ["code"] = code, ["message"] = message } };

    /// <summary>A document in the shortest or a readable spelling.</summary>
    public static string Text(JsonNode? document, bool indented = false) =>
        document?.ToJsonString(indented ? Indented : Compact) ?? "null";

    /// <summary>What somebody else wrote, with a sign in place of each character that a terminal would obey, or that
    /// shows text in another order than it has.</summary>
    public static string Visible(string text) => string.Concat(text.Select(one => one is '\n' or '\t'
        || char.GetUnicodeCategory(one) is not (UnicodeCategory.Control or UnicodeCategory.Format) ? one : '\uFFFD'));

    /// <summary>Text that is not markup.</summary>
    public static string Escape(string text) => Markup.Escape(text);

    private static IAnsiConsole Open(TextWriter writer)
    {
        IAnsiConsole opened = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });

        // A pipe has no width; lines must not be broken for it.
        if (!opened.Profile.Out.IsTerminal) opened.Profile.Width = 1 << 20;
        return opened;
    }
}
