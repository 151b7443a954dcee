namespace Curia.Host;

/// <summary>The command line of a node.</summary>
/// <param name="Config">The path of node.json.</param>
/// <param name="DiscloseDataKeys">Where to write the keys of the ledger's private parts; null: nowhere.</param>
internal sealed record HostArguments(string Config, string? DiscloseDataKeys)
{
    /// <summary>What the program says when it is used wrongly.</summary>
    public const string Usage = "usage: curiad --config node.json [--disclose-data-keys FILE]";

    /// <summary>Reads the arguments.</summary>
    /// <param name="args">As given to the program.</param>
    /// <param name="arguments">What they mean; null when false is returned.</param>
    /// <param name="wrong">The argument that was not understood.</param>
    public static bool TryParse(string[] args, out HostArguments? arguments, out string wrong)
    {
        arguments = null;
        string? config = null;
        string? disclose = null;
        for (int at = 0; at < args.Length; at += 2)
        {
            wrong = args[at];
            if (at + 1 == args.Length) return false;
            if (wrong == "--config" && config is null) config = args[at + 1];
            else if (wrong == "--disclose-data-keys" && disclose is null) disclose = args[at + 1];
            else return false;
        }

        wrong = config is null ? "--config is missing" : "";
        if (config is not null) arguments = new HostArguments(config, disclose);
        return config is not null;
    }
}
