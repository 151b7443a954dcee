using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Tests.Architecture;

/// <summary>One word, one type, one home (docs/glossary.md).</summary>
public sealed class GlossaryTests
{
    private const string Coming = "coming";

    [Fact]
    public void Every_term_has_its_type_in_its_home()
    {
        List<string> problems = [];
        foreach (IReadOnlyDictionary<string, string> row in MarkdownTable.Read(
            "docs/glossary.md", "Term", "Type", "Home"))
        {
            if (row["Home"] == Coming) continue;
            string home = $"src/Curia.{row["Home"]}/";
            HashSet<string> declared = [.. TypesUnder(home)];
            string[] types = [.. MarkdownTable.Code(row["Type"])];
            if (types.Length == 0) problems.Add($"{row["Term"]} names no type");
            problems.AddRange(types.Where(type => !declared.Contains(type.Split('<')[0]))
                .Select(type => $"{row["Term"]}: no type {type} in {home}"));
        }

        Problems.None(problems);
    }

    [Fact]
    public void A_type_of_the_glossary_is_declared_in_one_place()
    {
        ILookup<string, string> homes = Repository.CSharpFiles
            .Where(file => file.StartsWith("src/", StringComparison.Ordinal))
            .SelectMany(file => SourceMembers.Of(file).Where(member => member.IsType && member.Type.Length == 0)
                .Select(member => (member.Name, Home: file.Split('/')[1])))
            .Distinct().ToLookup(pair => pair.Name, pair => pair.Home);
        IEnumerable<string> twice =
            from row in MarkdownTable.Read("docs/glossary.md", "Term", "Type", "Home")
            from type in MarkdownTable.Code(row["Type"])
            let name = type.Split('<')[0]
            where homes[name].Count() > 1
            select $"{name} is declared in {string.Join(" and ", homes[name])}";
        Problems.None(twice);
    }

    private static IEnumerable<string> TypesUnder(string home) => Repository.CSharpFiles
        .Where(file => file.StartsWith(home, StringComparison.Ordinal))
        .SelectMany(SourceMembers.Of).Where(member => member.IsType).Select(member => member.Name);
}
