using System.Globalization;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary>Which seeds, and how.</summary>
/// <param name="Seeds">So many new ones, after those that once failed.</param>
/// <param name="From">The first of them.</param>
/// <param name="Nodes">Nodes that vote at first; null: each seed chooses.</param>
/// <param name="WithFaults">Whether anything goes wrong.</param>
/// <param name="Lines">How much of the trace of a failure is printed, from its end.</param>
internal sealed record SeedOptions(int Seeds, ulong From, int? Nodes, bool WithFaults, int Lines)
{
    public const string Usage = "[--seeds N] [--from N] [--nodes 1..7] [--faults all|none] [--lines N]";

    // With fewer seeds a rare situation may honestly not come up.
    private const int SeedsToReachAll = 200;

    /// <summary>Whether so many seeds run that every rare situation must be reached. Networks of one size reach only
    /// some of them.</summary>
    public bool MustReachAll => Seeds >= SeedsToReachAll && Nodes is null or 1;

    /// <returns>False, and what is wrong, for anything else than known options with values.</returns>
    public static bool TryParse(string[] options, out SeedOptions parsed, out string problem)
    {
        parsed = new SeedOptions(200, 1, null, true, Trace.LinesKept);
        problem = "";
        for (int at = 0; at < options.Length; at += 2)
        {
            string value = at + 1 < options.Length ? options[at + 1] : "";
            bool isNumber = ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number);
            SeedOptions? next = options[at] switch
            {
                "--seeds" when isNumber && number is > 0 and <= int.MaxValue => parsed with { Seeds = (int)number },
                "--from" when isNumber => parsed with { From = number },
                "--nodes" when isNumber && number is > 0 and <= 7 => parsed with { Nodes = (int)number },
                "--lines" when isNumber && number is > 0 and <= int.MaxValue => parsed with { Lines = (int)number },
                "--faults" when value is "all" or "none" => parsed with { WithFaults = value == "all" },
                _ => null,
            };
            if (next is null)
            {
                problem = $"{options[at]} {value} is not an option.";
                return false;
            }

            parsed = next;
        }

        return true;
    }

    /// <summary>What repeats one seed.</summary>
    public string Repeat(string command, ulong seed) =>
        Invariant($"repeat it: {command} --from {seed} --seeds 1")
        + (Nodes is { } nodes ? Invariant($" --nodes {nodes}") : "")
        + $" --faults {(WithFaults ? "all" : "none")}";
}
