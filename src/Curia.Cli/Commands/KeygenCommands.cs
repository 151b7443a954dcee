using System;
using System.CommandLine;
using System.IO;
using System.Text.Json.Nodes;
using Curia.Cli.Sandbox;
using Curia.Cli.Terminal;
using Curia.Vocabulary;

namespace Curia.Cli.Commands;

/// <summary><c>curia user keygen</c> and <c>curia member keygen</c>.</summary>
internal static class KeygenCommands
{
    private const int DaysMax = 36525; // a hundred years; beyond that the date of a certificate has no use

    public static Command BuildUser() => new("user", "Users: those who call applications.")
    {
        BuildKeygen("Make a user's key and certificate.", "user0", isMember: false),
    };

    public static Command BuildMember() => new("member", "Members: those who govern the network.")
    {
        BuildKeygen("Make a member's key, certificate and encryption key.", "member0", isMember: true),
    };

    private static Command BuildKeygen(string description, string defaultName, bool isMember)
    {
        Option<string> name = new("--name")
        {
            Description = "The common name, and the beginning of the file names.",
            HelpName = "NAME",
            DefaultValueFactory = _ => defaultName,
        };
        Option<string> folder = new("--out")
        {
            Description = "The folder to write to.",
            HelpName = "DIR",
            DefaultValueFactory = _ => ".",
        };
        Option<int> days = new("--days")
        {
            Description = "How long the certificate is valid.",
            HelpName = "DAYS",
            DefaultValueFactory = _ => 365,
        };
        Command keygen = new("keygen", description) { name, folder, days };
        keygen.SetAction(parsed => Run(
            Screen.For(parsed), parsed.GetValue(name)!, parsed.GetValue(folder)!, parsed.GetValue(days), isMember));
        return keygen;
    }

    private static int Run(Screen screen, string name, string folder, int days, bool isMember)
    {
        if (name.Length is 0 or > 64 || name.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0
            || name.IndexOfAny(['/', '\\']) >= 0)
            throw CommandFailure.WrongUsage("--name has 1 to 64 printable ASCII characters, no spaces and no slashes.");
        if (days is < 1 or > DaysMax) throw CommandFailure.WrongUsage($"--days is a number from 1 to {DaysMax}.");
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Folder("write to", folder, e);
        }

        Digest id = KeyFiles.Make(
            folder, name, isMember ? KeyFiles.EncryptionKeyBits : 0, TimeSpan.FromDays(days));
        JsonObject made = new()
        {
            ["id"] = id.ToString(),
            ["certificate"] = Path.Combine(folder, KeyFiles.CertificateOf(name)),
            ["key"] = Path.Combine(folder, KeyFiles.KeyOf(name)),
        };
        if (isMember)
        {
            made["encryption_key"] = Path.Combine(folder, KeyFiles.EncryptionKeyOf(name));
            made["encryption_public_key"] = Path.Combine(folder, KeyFiles.EncryptionPublicKeyOf(name));
        }

        if (screen.Json)
        {
            Screen.Document(made);
            return ExitCode.Done;
        }

        foreach ((string field, JsonNode? value) in made)
            Console.Out.WriteLine($"{field.Replace('_', ' '),-22}{value}");
        return ExitCode.Done;
    }
}
