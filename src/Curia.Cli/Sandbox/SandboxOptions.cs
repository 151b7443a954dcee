namespace Curia.Cli.Sandbox;

/// <summary>What a sandbox is to be; null where nothing was said, which an earlier sandbox answers.</summary>
internal sealed record SandboxOptions(string Folder, int? Nodes, int? Members, int? Users, string? App, int? Port)
{
    public const int NodesUsual = 3;
    public const int NodesMax = 9;
    public const int MembersUsual = 3;
    public const int UsersUsual = 1;
    public const int PortUsual = 8000;
    public const int ElectionTimeoutMillisecondsMin = 50; // of node.json (docs/configuration.md)
    public const int ElectionTimeoutMillisecondsMax = 60_000; // who waits longer does not look at a sandbox
    public const string AppUsual = "logging";

    /// <summary>Without a word of the primary until another node stands.</summary>
    public int? ElectionTimeoutMilliseconds { get; init; }

    /// <summary>Whether all files are written and nothing is started.</summary>
    public bool IsPrepared { get; init; }

    /// <summary>Whether the command returns while the network goes on.</summary>
    public bool IsDetached { get; init; }
}
