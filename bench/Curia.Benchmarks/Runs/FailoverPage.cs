using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Curia.Cli.Benchmark;

namespace Curia.Benchmarks.Runs;

/// <summary>The page of a failover run.</summary>
internal static class FailoverPage
{
    private const double StandardMedianMax = 2000;
    private const double FastMedianMax = 500;
    private const double StopPauseMax = 100;
    private const string Loud = ": **other programs were running, so these figures compare with nothing.**";

    private static readonly CultureInfo plain = CultureInfo.InvariantCulture;

    /// <summary>All of it, in Markdown.</summary>
    public static string Write(
        FailoverSettings settings, KillFigures standard, KillFigures fast, StopFigures stops, string loadBefore,
        string loadAfter)
    {
        StringBuilder page = new();
        page.Append(plain, $"""
            # When the primary of three nodes ends, commit {MachineDescription.Commit()}

            `bench/failover.sh`. Clients and all nodes share the machine: {MachineDescription.Machine()}.
            Load average {loadBefore} before, {loadAfter} after{(Comparison.IsQuiet(loadBefore) ? "." : Loud)}
            *Kill*: kill -9 of the primary while a client at each of the other nodes sends writes and tries again 2 ms
            after a refusal; from the kill to the first write of a later view that is answered with 200, and committed.
            *Stop*: SIGTERM to the primary while {settings.Clients} clients write through the other nodes, each write
            with an `Idempotency-Key` and again until it is answered; the longest pause between two accepted writes from
            the signal to half a second after the end of the process, beside that of the second before the signal.
            After each round a new node is added and the ended one retired. The fast profile is
            `--election-timeout-ms {settings.FastMilliseconds}`.

            | ms | rounds | median | p90 | max |
            |---|---|---|---|---|

            """);
        page.AppendLine(Row("kill, default settings", standard.Waits));
        page.AppendLine(Row("kill, fast profile", fast.Waits));
        page.AppendLine(Row("stop, longest pause", stops.Rounds.Select(round => round.Pause)));
        page.AppendLine(Row("longest pause before the stop", stops.Rounds.Select(round => round.PauseBefore)));
        page.AppendLine(Row("from SIGTERM to the end of the process", stops.Rounds.Select(round => round.Ended)));
        page.Append("\n| What is aimed at | measured | |\n|---|---|---|\n");
        page.AppendLine(Aim("kill, default settings: median", Figures.MedianOf(standard.Waits), StandardMedianMax));
        page.AppendLine(Aim("kill, fast profile: median", Figures.MedianOf(fast.Waits), FastMedianMax));
        page.AppendLine(Aim("stop: every pause", stops.Rounds.Max(round => round.Pause), StopPauseMax));
        KeyFigures keys = stops.Keys;
        page.AppendLine(
            plain,
            $"| every key answered exactly once | {keys.Sent:N0} keys answered, each repeated at two nodes: "
            + $"{keys.OtherTxIds} other TxIDs; {keys.InLedger:N0} messages in the ledger, {keys.WrittenOnce:N0} "
            + $"of them written exactly once | {ComparisonPage.Verdict(keys.AreAnsweredOnce)} |");
        page.AppendLine(plain, $"\nElections between the rounds, which no kill asked for: {standard.OtherElections} at "
            + $"default settings, {fast.OtherElections} with the fast profile.");
        page.Append("\nRounds, ms:\n\n");
        page.AppendLine(plain, $"- kill, default settings: {Join(standard.Waits)}");
        page.AppendLine(plain, $"- kill, fast profile: {Join(fast.Waits)}");
        page.AppendLine(plain, $"- stop, longest pause: {Join(stops.Rounds.Select(round => round.Pause))}");
        page.AppendLine(
            plain, $"- longest pause before the stop: {Join(stops.Rounds.Select(round => round.PauseBefore))}");
        page.AppendLine(
            plain, $"- from SIGTERM to the end of the process: {Join(stops.Rounds.Select(round => round.Ended))}");
        return page.ToString();
    }

    private static string Row(string name, IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];

        // The least value that nine tenths of the rounds do not exceed.
        double p90 = sorted[(int)Math.Ceiling(0.9 * sorted.Length) - 1];
        return string.Create(
            plain,
            $"| {name} | {sorted.Length} | {Figures.MedianOf(sorted):N0} | {p90:N0} | {sorted[^1]:N0} |");
    }

    private static string Aim(string aim, double measured, double most) => string.Create(
        plain, $"| {aim} at most {most:N0} ms | {measured:N0} ms | {ComparisonPage.Verdict(measured <= most)} |");

    private static string Join(IEnumerable<double> values) =>
        string.Join(", ", values.Select(value => value.ToString("N0", plain)));
}
