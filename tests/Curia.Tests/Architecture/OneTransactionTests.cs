using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace Curia.Tests.Architecture;

/// <summary>docs/one-transaction.md is a map of the code: each step is one file and its members, reached from an
/// earlier step.</summary>
public sealed class OneTransactionTests
{
    private const string Page = "docs/one-transaction.md";

    private sealed record Step(int Number, string Where, string File, string[] Members, int[] From);

    [Fact]
    public void Steps_are_numbered_in_order_and_come_from_earlier_ones()
    {
        Step[] steps = [.. Steps()];
        Assert.Equal(Enumerable.Range(1, steps.Length), steps.Select(step => step.Number));

        // The way begins at a socket, passes through an application that the node only knows as values, and ends with a
        // client.
        Assert.All(
            steps.Skip(1).Where(step => !step.Where.StartsWith("application", StringComparison.Ordinal)
                && step.Where != "client"),
            step => Assert.NotEmpty(step.From));
        Assert.All(steps, step => Assert.All(step.From, from => Assert.InRange(from, 1, step.Number - 1)));
    }

    [Fact]
    public void Every_file_exists_and_declares_the_members_that_the_page_names()
    {
        List<string> problems = [];
        foreach (Step step in Steps())
        {
            if (!Repository.Exists(step.File))
            {
                problems.Add($"step {step.Number}: no file {step.File}");
                continue;
            }

            HashSet<string> declared = [.. SourceMembers.Of(step.File).Select(
                member => $"{member.Type}.{member.Name}")];
            if (step.Members.Length == 0) problems.Add($"step {step.Number} names no member");
            problems.AddRange(step.Members.Where(member => !declared.Contains(member))
                .Select(member => $"step {step.Number}: {step.File} declares no {member}"));
        }

        Problems.None(problems);
    }

    [Fact]
    public void Each_step_is_called_by_the_step_that_the_page_says_it_comes_from()
    {
        Step[] steps = [.. Steps()];
        IEnumerable<string> problems =
            from step in steps
            from number in step.From
            let caller = steps[number - 1]
            where Repository.Exists(caller.File) && !step.Members.Any(member => Calls(caller.File, member))
            select $"step {step.Number}: {caller.File} calls none of {string.Join(", ", step.Members)}";
        Problems.None(problems);
    }

    /// <summary>Whether the code names the member where it does not declare it.</summary>
    private static bool Calls(string file, string member)
    {
        string[] parts = member.Split('.');
        int mentions = Regex.Count(SourceText.CodeOf(Repository.Read(file)), $@"\b{Regex.Escape(parts[1])}\b");
        int declared = SourceMembers.Of(file).Count(one => one.Name == parts[1]);
        return mentions > declared;
    }

    private static IEnumerable<Step> Steps()
    {
        foreach (IReadOnlyDictionary<string, string> row in MarkdownTable.Read(
            Page, "Step", "Where", "File", "Members", "From"))
        {
            Match link = Regex.Match(row["File"], @"\]\(\.\./(?<path>[^)]+)\)");
            Assert.True(link.Success, $"{Page}: step {row["Step"]} has no link to its file");
            int[] from = [.. Regex.Matches(row["From"], @"\d+").Select(match => int.Parse(match.Value))];
            yield return new Step(
                int.Parse(row["Step"]), row["Where"], link.Groups["path"].Value,
                    [.. MarkdownTable.Code(row["Members"])], from);
        }
    }
}
