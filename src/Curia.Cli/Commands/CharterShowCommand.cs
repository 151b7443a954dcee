using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Cli.Charters;
using Curia.Cli.Files;
using Curia.Cli.Terminal;
using Curia.Governance;

namespace Curia.Cli.Commands;

/// <summary><c>curia charter show</c>: what a charter says, what that means, and who has signed it.</summary>
internal static class CharterShowCommand
{
    private const long SignatureBytesMax = 64 << 10;

    public static Command Build()
    {
        Argument<string> file = CharterCommands.Charter();
        Option<string[]> signature = new("--signature")
        {
            Description = "A member's signature to verify; may be given several times.",
            HelpName = "FILE",
        };
        Option<bool> constitution = new("--constitution")
        {
            Description = "Print the constitution too.",
        };
        Command show = new("show", "Say what a charter says, and what it means to sign it.")
        {
            file, signature, constitution,
        };
        show.SetAction(parsed =>
        {
            Charter charter = CharterFile.Read(parsed.GetValue(file)!);
            Signed[] signed = [.. (parsed.GetValue(signature) ?? []).Select(path => Verify(charter, path))];
            return Show(Screen.For(parsed), charter, signed, parsed.GetValue(constitution));
        });
        return show;
    }

    private static Signed Verify(Charter charter, string path)
    {
        byte[] bytes = InputFile.Read(path, SignatureBytesMax);
        return CharterSignature.TryVerify(charter, bytes, out CharterSignature? valid, out CharterSignatureFault? fault)
            ? new Signed(path, valid, null)
            : new Signed(path, null, fault);
    }

    private static int Show(Screen screen, Charter charter, Signed[] signed, bool withConstitution)
    {
        string[] missing =
            [.. charter.Content.Members.Keys.Except(signed.Select(one => one.Valid?.MemberName!)).Order()];
        if (screen.Json)
        {
            Screen.Document(new JsonObject
            {
                ["digest"] = charter.Digest.ToString(),
                ["bytes"] = charter.Encoded.Length,
                ["charter"] = charter.ToJson(),
                ["cheating_founders_max"] = charter.CheatingFoundersMax,
                ["meaning"] = new JsonArray([.. CharterMeaning.Of(charter).Select(one => new JsonObject
                {
                    ["topic"] = one.Topic,
                    ["text"] = one.Text,
                    ["warning"] = one.IsWarning,
                })]),
                ["signatures"] = new JsonArray([.. signed.Select(one => one.ToJson())]),
                ["unsigned"] = new JsonArray([.. missing.Select(name => (JsonNode)name!)]),
            });
        }
        else
        {
            CharterPicture.Draw(screen, charter);
            if (withConstitution) screen.Verbatim(Screen.Visible(charter.Content.Constitution));
            DrawMeaning(screen, charter);
            DrawSignatures(screen, signed, missing);
        }

        return signed.All(one => one.Valid is not null) ? ExitCode.Done : ExitCode.Refused;
    }

    private static void DrawMeaning(Screen screen, Charter charter)
    {
        screen.Line("[bold]Who signs it agrees to this[/]");
        IReadOnlyList<CharterMeaning> all = CharterMeaning.Of(charter);
        foreach ((string topic, string heading) in CharterMeaning.Topics)
        {
            screen.Line($"{heading}:");
            foreach (CharterMeaning one in all.Where(one => one.Topic == topic))
            {
                string text = Screen.Escape(one.Text);
                screen.Line(one.IsWarning ? $"  [yellow]! {text}[/]" : $"  - {text}");
            }
        }
    }

    private static void DrawSignatures(Screen screen, Signed[] signed, string[] missing)
    {
        foreach (Signed one in signed)
        {
            screen.Line(one.Valid is { } valid
                ? $"[green]signed by {valid.MemberName}[/]  {Screen.Escape(one.File)}"
                : $"[red]no signature of this charter: {one.Fault}[/]  {Screen.Escape(one.File)}");
        }

        screen.Line(missing.Length == 0
            ? "[green]All members have signed.[/]"
            : $"No signature was given of: {string.Join(", ", missing)}");
    }

    private sealed record Signed(string File, CharterSignature? Valid, CharterSignatureFault? Fault)
    {
        public JsonObject ToJson() => Valid is null
            ? new JsonObject { ["file"] = File, ["valid"] = false, ["reason"] = Fault.ToString() }
            : new JsonObject
            {
                ["file"] = File,
                ["valid"] = true,
                ["member"] = Valid.MemberName,
                ["id"] = Valid.Member.ToString(),
            };
    }
}
