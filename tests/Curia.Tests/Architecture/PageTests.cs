using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Curia.Tests.Architecture;

/// <summary>The pages lead somewhere, and have the parts that a reader expects of them.</summary>
public sealed partial class PageTests
{
    private static readonly string[] DecisionHeadings =
        ["Problem", "Choice", "What we gave up", "How we would notice that it was wrong"];

    [Fact]
    public void Every_link_of_a_page_resolves()
    {
        IEnumerable<string> broken =
            from page in Repository.Pages
            from Match match in Link().Matches(Repository.Read(page))
            let target = match.Groups["target"].Value
            where !target.Contains("://", StringComparison.Ordinal) && !Resolves(page, target)
            select $"{page}: {target}";
        Problems.None(broken);
    }

    [Fact]
    public void Decisions_are_numbered_without_gaps_and_say_what_would_prove_them_wrong()
    {
        string[] pages = [.. Repository.Pages.Where(
            page => page.StartsWith("docs/decisions/", StringComparison.Ordinal))];
        Assert.NotEmpty(pages);
        for (int index = 0; index < pages.Length; index++)
        {
            Assert.StartsWith($"docs/decisions/{index + 1:0000}-", pages[index], StringComparison.Ordinal);
            Assert.Equal(DecisionHeadings, Headings(pages[index]).Where(heading => heading.Level == 2).Select(
                heading => heading.Text));
        }
    }

    [Fact]
    public void The_README_names_two_commands_to_begin_with()
    {
        string[] commands = [.. Regex.Matches(Repository.Read("README.md"), "(?m)^(\\./\\w+.*)$").Select(
            match => match.Groups[1].Value)];
        Assert.Equal(["./curia sandbox", "./check"], commands.Select(command => command.Split('#')[0].Trim()));
    }

    private static bool Resolves(string page, string target)
    {
        string[] parts = target.Split('#', 2);
        string folder = Path.GetDirectoryName(page) ?? "";
        string path = parts[0].Length == 0
            ? page
            : Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, folder, parts[0])));
        if (!Repository.Exists(path)) return false;
        return parts.Length == 1 || Headings(path).Any(heading => Anchor(heading.Text) == parts[1]);
    }

    private static IEnumerable<(int Level, string Text)> Headings(string page)
    {
        bool inBlock = false;
        foreach (string line in Repository.Lines(page))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) inBlock = !inBlock;
            int level = line.TakeWhile(letter => letter == '#').Count();
            if (!inBlock && level > 0 && line.Length > level
                && line[level] == ' ') yield return (level, line[level..].Trim());
        }
    }

    private static string Anchor(string heading) =>
        NotInAnchor().Replace(heading.ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\((?<target>[^()\s]+)\)|(?:src|srcset)=""(?<target>[^""]+)""")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
