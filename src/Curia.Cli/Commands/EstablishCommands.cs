using System.CommandLine;

namespace Curia.Cli.Commands;

/// <summary><c>curia establish</c>: how founders that do not trust each other began a network.</summary>
internal static class EstablishCommands
{
    public static Command Build() => new("establish", "Establishments: how the founders began a network together.")
    {
        EstablishVerifyCommand.Build(),
    };
}
