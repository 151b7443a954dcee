using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Curia.Tests.Architecture;

namespace Curia.Tests.Attestation;

/// <summary>The reasons for which evidence is refused are a promise to those who read them: the page has them all, and
/// no others (docs/attestation.md, "Reasons").</summary>
public sealed partial class ReasonTests
{
    private const string Call = ".Require(";
    private const int ReasonArgument = 3;

    [Fact]
    public void The_page_has_every_reason_of_the_program_and_no_other()
    {
        string[] sources = [.. Repository.CSharpFiles
            .Where(file => file.StartsWith("src/Curia.Attestation/", StringComparison.Ordinal))
            .Select(Repository.Read)];
        string[] inProgram = [.. sources.SelectMany(ReasonsOf).Distinct().Order(StringComparer.Ordinal)];
        string[] onPage = [.. MarkdownTable.Read("docs/attestation.md", "Reason", "Of", "Means")
            .SelectMany(row => MarkdownTable.Code(row["Reason"])).Order(StringComparer.Ordinal)];
        Assert.Equal(onPage.Distinct(), onPage);
        Problems.None(inProgram.Except(onPage).Select(reason => $"{reason} is not on the page"));
        Problems.None(onPage.Except(inProgram).Select(reason => $"{reason} is not in the program"));
    }

    // The fourth argument of each check; and where that is a name, the texts that it may stand for.
    private static IEnumerable<string> ReasonsOf(string source)
    {
        for (int at = source.IndexOf(Call, StringComparison.Ordinal); at >= 0;
            at = source.IndexOf(Call, at + 1, StringComparison.Ordinal))
        {
            string[] arguments = Arguments(source, at + Call.Length);
            if (arguments.Length > ReasonArgument && arguments[ReasonArgument].StartsWith('"'))
                yield return arguments[ReasonArgument].Trim('"');
        }

        foreach (Match match in NamedElsewhere().Matches(source)) yield return match.Groups[1].Value;
    }

    private static string[] Arguments(string source, int start)
    {
        List<string> arguments = [];
        int depth = 0;
        bool inText = false;
        int begin = start;
        for (int i = start; i < source.Length; i++)
        {
            char letter = source[i];
            if (inText && letter == '\\') i++;
            else if (letter == '"') inText = !inText;
            else if (!inText && letter is '(' or '[' or '{') depth++;
            else if (!inText && letter is ')' or ']' or '}' && --depth < 0)
                return [.. arguments, source[begin..i].Trim()];
            if (inText || letter != ',' || depth != 0) continue;
            arguments.Add(source[begin..i].Trim());
            begin = i + 1;
        }

        return [.. arguments];
    }

    [GeneratedRegex("\"(tcb-status-[a-z-]+|(?:qe-identity|tcb-info)-(?:malformed|signature-invalid))\"")]
    private static partial Regex NamedElsewhere();
}
