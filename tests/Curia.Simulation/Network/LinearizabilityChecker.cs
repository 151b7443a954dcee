using System;
using System.Collections.Generic;

namespace Curia.Simulation.Network;

/// <summary>An operation on one key, as its client saw it.</summary>
/// <param name="Asked">When it was asked for.</param>
/// <param name="Told">When its outcome was told; <see cref="long.MaxValue"/> when it never was.</param>
/// <param name="Step">What it does to the value: the value after it, or null where it cannot have happened to that
/// value with the answer that was given.</param>
/// <param name="Name">For people.</param>
internal sealed record KeyOperation(long Asked, long Told, Func<string?, KeyStep?> Step, string Name);

/// <summary>The value after an operation; null for a key that is not there.</summary>
internal readonly record struct KeyStep(string? Value);

/// <summary>Whether a history of operations on one key can be put in an order in which each is right, and none comes
/// before one that was over when it began (Wing and Gong 1993; Lowe 2017: a configuration that was seen is not tried
/// again).</summary>
internal static class LinearizabilityChecker
{
    // A history that takes more than this is too concurrent to be decided; none of a run comes near it.
    private const int ConfigurationsMax = 200_000;

    /// <returns>True when there is such an order; null when the search was given up.</returns>
    public static bool? IsLinearizable(IReadOnlyList<KeyOperation> operations, string? start = null)
    {
        ArgumentNullException.ThrowIfNull(operations);
        KeyOperation[] byStart = [.. operations];
        Array.Sort(byStart, (one, other) => one.Asked.CompareTo(other.Asked));
        Search search = new(byStart, start);
        return search.Run();
    }

    private sealed class Search(KeyOperation[] operations, string? start)
    {
        private readonly bool[] done = new bool[operations.Length];
        private readonly HashSet<Configuration> seen = [];
        private readonly Stack<(int Operation, string? Before, int From)> chosen = new();

        public bool? Run()
        {
            string? value = start;
            int candidate = 0;
            int first = 0; // all before it are done
            while (true)
            {
                while (first < operations.Length && done[first]) first++;
                if (first == operations.Length) return true;
                int next = Find(candidate, first, value, out KeyStep step);
                if (seen.Count > ConfigurationsMax) return null;
                if (next >= 0)
                {
                    chosen.Push((next, value, next + 1));
                    value = step.Value;
                    candidate = first = 0;
                    continue;
                }

                if (chosen.Count == 0) return false;
                (int undone, value, candidate) = chosen.Pop();
                done[undone] = false;
                first = 0;
            }
        }

        // The next operation that may be the first of those that are left, and leads to something new.
        private int Find(int from, int first, string? value, out KeyStep step)
        {
            long earliestEnd = long.MaxValue;
            for (int index = first; index < operations.Length && operations[index].Asked < earliestEnd; index++)
            {
                if (!done[index]) earliestEnd = Math.Min(earliestEnd, operations[index].Told);
            }

            for (int index = Math.Max(from, first); index < operations.Length; index++)
            {
                if (done[index]) continue;
                if (operations[index].Asked > earliestEnd) break;
                if (operations[index].Step(value) is not { } possible) continue;
                done[index] = true;
                if (seen.Add(Configuration.Of(done, possible.Value)))
                {
                    step = possible;
                    return index;
                }

                done[index] = false;
            }

            step = default;
            return -1;
        }
    }

    private readonly struct Configuration : IEquatable<Configuration>
    {
        private readonly ulong[] done;
        private readonly string? value;
        private readonly int hash;

        private Configuration(ulong[] done, string? value)
        {
            this.done = done;
            this.value = value;
            HashCode code = default;
            foreach (ulong word in done) code.Add(word);
            code.Add(value, StringComparer.Ordinal);
            hash = code.ToHashCode();
        }

        public static Configuration Of(bool[] done, string? value)
        {
            ulong[] words = new ulong[(done.Length + 63) / 64];
            for (int index = 0; index < done.Length; index++)
            {
                if (done[index]) words[index / 64] |= 1UL << (index % 64);
            }

            return new Configuration(words, value);
        }

        public bool Equals(Configuration other) =>
            hash == other.hash && value == other.value && done.AsSpan().SequenceEqual(other.done);

        public override bool Equals(object? obj) => obj is Configuration other && Equals(other);

        public override int GetHashCode() => hash;
    }
}
