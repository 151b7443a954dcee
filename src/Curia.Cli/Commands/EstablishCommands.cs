using System.CommandLine;

namespace Curia.Cli.Commands;

/// <summary><c>curia establish</c>: how founders that do not trust each other have started, or start, a
/// network.</summary>
internal static class EstablishCommands
{
    public static Command Build() => new("establish", "Establishment: how founders start a network together.")
    {
        EstablishStatusCommand.Build(),
        EstablishVerifyCommand.Build(),
    };
}
