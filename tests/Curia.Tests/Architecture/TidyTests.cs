using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Curia.Tests.Architecture;

/// <summary>What otherwise creeps in one line at a time.</summary>
public sealed partial class TidyTests
{
    private sealed record Excess(string Entry, string Message);

    private const int LineWidthMax = 120;
    private const int MethodLinesMax = 70;
    private const int FileLinesMax = 600;
    private const string ExceptionsFile = "tests/Curia.Tests/Architecture/tidy-exceptions.txt";

    [Fact]
    public void Lines_methods_and_files_are_short_or_listed()
    {
        Excess[] found = [.. TooWide().Concat(TooLong())];
        string[] listed = [.. Repository.Lines(ExceptionsFile).Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => string.Join(" | ", line.Split(" | ")[..2]))];
        Problems.None(found.Where(excess => !listed.Contains(excess.Entry)).Select(excess => excess.Message)
            .Concat(listed.Except(found.Select(excess => excess.Entry))
                .Select(entry => $"{entry}: no longer needed in {ExceptionsFile}")));
    }

    [Fact]
    public void What_is_left_to_do_has_an_issue_number()
    {
        Problems.None(Matches(Sources(), LeftToDo()));
    }

    [Fact]
    public void Names_say_what_a_thing_is()
    {
        IEnumerable<string> files = Repository.Files.SelectMany(file => file.Split('/'))
            .Where(part => NameThatSaysNothing().IsMatch(Path.GetFileNameWithoutExtension(part)));
        IEnumerable<string> types = Repository.CSharpFiles.SelectMany(SourceMembers.Of)
            .Where(member => member.IsType && NameThatSaysNothing().IsMatch(member.Name)).Select(member => member.Name);
        Problems.None(files.Concat(types).Distinct());
    }

    [Fact]
    public void No_path_of_a_machine_is_written_anywhere()
    {
        Problems.None(Matches(Sources().Concat(Repository.Pages), MachinePath()));
    }

    [Fact]
    public void Pages_that_comments_point_to_exist()
    {
        IEnumerable<string> broken =
            from file in Sources()
            from Match match in PageInComment().Matches(Repository.Read(file))
            let page = match.Value.StartsWith("docs/", StringComparison.Ordinal) ? match.Value : $"docs/{match.Value}"
            where !PageExists(page)
            select $"{file}: {match.Value}";
        Problems.None(broken);
    }

    private static bool PageExists(string page) => Repository.Exists(page)
        || Repository.Files.Any(file => file.StartsWith($"{page}-", StringComparison.Ordinal));

    private static IEnumerable<string> Sources() => Repository.CSharpFiles.Concat(Repository.Scripts)
        .Concat(Repository.Files.Where(file => Path.GetExtension(file) is ".csproj" or ".props" or ".targets"));

    private static IEnumerable<Excess> TooWide() =>
        from file in Repository.CSharpFiles.Concat(Repository.Scripts)
        from line in Repository.Lines(file).Select((text, index) => (text.Length, Number: index + 1))
        where line.Length > LineWidthMax
        select new Excess(
            $"{file} | line", $"{file}({line.Number}): {line.Length} columns, {LineWidthMax} is the most");

    private static IEnumerable<Excess> TooLong()
    {
        foreach (string file in Repository.CSharpFiles)
        {
            int lines = Repository.Lines(file).Length;
            if (lines > FileLinesMax) yield return new Excess(
                $"{file} | file", $"{file}: {lines} lines, {FileLinesMax} is the most");
            foreach (SourceMember member in SourceMembers.Of(file).Where(one => one.IsBody
                && one.Lines > MethodLinesMax))
            {
                yield return new Excess(
                    $"{file} | {member.Name}",
                    $"{file}({member.Line}): {member.Name} has {member.Lines} lines, {MethodLinesMax} is the most");
            }
        }
    }

    private static IEnumerable<string> Matches(IEnumerable<string> files, Regex pattern) =>
        from file in files
        from numbered in Repository.Lines(file).Select((line, index) => (Line: line, Number: index + 1))
        where pattern.IsMatch(numbered.Line)
        select $"{file}:{numbered.Number}: {numbered.Line.Trim()}";

    // The patterns are written so that they do not match themselves.
    [GeneratedRegex(@"\b(TO[D]O|FIX[M]E|HA[C]K)\b(?!\(#\d+\))")]
    private static partial Regex LeftToDo();

    [GeneratedRegex(@"(Util(s|ity|ities)?|Helpers?|Managers?|Common|Misc)(?=$|[A-Z_.])")]
    private static partial Regex NameThatSaysNothing();

    [GeneratedRegex(@"(?<![\w.])(/(hom[e]|roo[t]|wor[k]|User[s])/\w|[A-Z]:\\\\?\w)")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\b(docs/[\w/-]+\.md|(docs/)?decisions/\d{4})")]
    private static partial Regex PageInComment();
}
