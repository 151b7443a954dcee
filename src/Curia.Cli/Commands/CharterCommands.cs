using System.CommandLine;

namespace Curia.Cli.Commands;

/// <summary><c>curia charter</c>: what founding members agree on, before there is a network.</summary>
internal static class CharterCommands
{
    public static Command Build() => new("charter", "Charters: what the founding members of a network agree on.")
    {
        CharterNewCommand.Build(), CharterSignCommand.Build(), CharterShowCommand.Build(), CharterDiffCommand.Build(),
    };

    /// <summary>The charter that a command is about.</summary>
    public static Argument<string> Charter(string name = "CHARTER") =>
        new(name) { Description = "A charter: charter.cbor, or its readable form charter.json." };
}
