using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace Curia.Tests.Architecture;

/// <summary>docs/consensus.md is a specification: each of its rules names the tests that hold the code to it.</summary>
public sealed partial class ConsensusRuleTests
{
    private const string Page = "docs/consensus.md";

    [Fact]
    public void Every_rule_has_its_tests()
    {
        string[] rules = [.. Repository.Lines(Page).SelectMany(line => Rule().Matches(line))
            .Select(match => match.Groups[1].Value)];
        string[] tested = [.. Rows().Select(row => row["Rule"])];
        Assert.NotEmpty(rules);
        Problems.None(rules.Except(tested).Select(rule => $"{rule} has no row in the table of tests")
            .Concat(tested.Except(rules).Select(rule => $"{rule} is tested and no rule"))
            .Concat(Rows().Where(row => !MarkdownTable.Code(row["Tests"]).Any())
                .Select(row => $"{row["Rule"]} names no test")));
    }

    [Fact]
    public void Every_test_that_a_rule_names_exists()
    {
        HashSet<string> tests = [.. Repository.CSharpFiles
            .Where(file => file.StartsWith("tests/Curia.Tests/Consensus/", StringComparison.Ordinal)
                || file.StartsWith("tests/Curia.Tests/Node/", StringComparison.Ordinal))
            .SelectMany(SourceMembers.Of).Where(member => member.IsBody)
            .Select(member => $"{member.Type}.{member.Name}")];
        Problems.None(Rows().SelectMany(row => MarkdownTable.Code(row["Tests"])).Where(test => !tests.Contains(test)));
    }

    private static IReadOnlyList<IReadOnlyDictionary<string, string>> Rows() =>
        MarkdownTable.Read(Page, "Rule", "Tests");

    // Where a rule is set down its name comes first; elsewhere it stands in brackets.
    [GeneratedRegex(@"^(?:\d+\. )?\*\*([A-Z]\d)\*\*")]
    private static partial Regex Rule();
}
