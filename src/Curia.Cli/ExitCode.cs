namespace Curia.Cli;

/// <summary>What the exit code of a command says (DESIGN 7).</summary>
internal static class ExitCode
{
    /// <summary>Done, or valid.</summary>
    public const int Done = 0;

    /// <summary>Refused, or invalid.</summary>
    public const int Refused = 1;

    /// <summary>The command line makes no sense, or asks for what is not there yet.</summary>
    public const int WrongUsage = 2;

    /// <summary>A file, a port, a network, a program: something around the command failed.</summary>
    public const int EnvironmentFailed = 3;
}
