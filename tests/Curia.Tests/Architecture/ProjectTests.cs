using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Curia.Tests.Architecture;

/// <summary>The table of docs/architecture.md is the rule, the project files follow it (decisions/0005).</summary>
public sealed class ProjectTests
{
    private const string Page = "docs/architecture.md";

    private sealed record Listed(string Name, int Level, string Layer, string[] References, string[] Packages);

    [Fact]
    public void Every_project_references_what_the_table_lists_and_nothing_else()
    {
        Dictionary<string, Listed> table = Table().ToDictionary(row => row.Name, StringComparer.Ordinal);
        List<string> problems = [];
        foreach (string project in Ruled())
        {
            string name = NameOf(project);
            if (!table.Remove(name, out Listed? row))
            {
                problems.Add($"{name} is not in the table of {Page}");
                continue;
            }

            Compare(problems, $"{name} references", row.References, References(project));
            Compare(problems, $"{name} uses the packages", row.Packages, Packages(project));
            if (Property(project, "CuriaLayer") != row.Layer) problems.Add(
                $"{name} does not say CuriaLayer {row.Layer}");
        }

        problems.AddRange(table.Keys.Select(name => $"{name} is in the table of {Page} and has no project file"));
        Problems.None(problems);
    }

    [Fact]
    public void A_project_references_lower_layers_only_and_the_core_no_shell()
    {
        Dictionary<string, Listed> table = Table().ToDictionary(row => row.Name, StringComparer.Ordinal);
        IEnumerable<string> problems =
            from row in table.Values
            from reference in row.References
            let target = table[reference]
            where target.Level >= row.Level || (row.Layer == "core" && target.Layer != "core")
            select $"{row.Name} (layer {row.Level}) references {target.Name} (layer {target.Level})";
        Problems.None(problems);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = Repository.Read("Curia.slnx");
        IEnumerable<string> listed = Regex.Matches(solution, "Path=\"([^\"]+)\"").Select(
            match => match.Groups[1].Value);
        Assert.Equal(Repository.Projects.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Versions_of_packages_are_central_locked_and_explained()
    {
        List<string> problems = [];
        foreach (string project in Repository.Projects)
        {
            problems.AddRange(Elements(project, "PackageReference")
                .Where(package => package.Attribute("Version") is not null
                    || package.Attribute("VersionOverride") is not null)
                .Select(package => $"{project} sets the version of {package.Attribute("Include")?.Value} itself"));
            string locked = project[..(project.LastIndexOf('/') + 1)] + "packages.lock.json";
            if (!Repository.Exists(locked)) problems.Add($"{locked} is missing");
        }

        string reasons = Repository.Read("docs/decisions/0006-choose-dependencies.md");
        string[] used = [.. Repository.Projects.Append("Directory.Build.targets").SelectMany(Packages).Distinct()];
        string[] central = [.. Elements("Directory.Packages.props", "PackageVersion").Select(Included)];
        problems.AddRange(central.Except(used).Select(package => $"{package} has a version and no project uses it"));
        problems.AddRange(central.Where(package => !reasons.Contains($"`{package}`", StringComparison.Ordinal))
            .Select(package => $"{package} has no reason in decisions/0006"));
        Problems.None(problems);
    }

    [Fact]
    public void Every_project_of_src_says_its_job_its_door_and_its_tests_in_a_README()
    {
        IEnumerable<string> missing = Repository.Projects.Where(
            project => project.StartsWith("src/", StringComparison.Ordinal))
            .Select(project => Path.GetDirectoryName(project)!.Replace('\\', '/') + "/README.md")
            .Where(page => !Repository.Exists(page));
        Problems.None(missing);
    }

    private static IEnumerable<string> Ruled() => Repository.Projects.Where(project =>
        project.StartsWith("src/", StringComparison.Ordinal) || project.StartsWith("apps/", StringComparison.Ordinal));

    private static IEnumerable<Listed> Table()
    {
        foreach (IReadOnlyDictionary<string, string> row in MarkdownTable.Read(
            Page, "Project", "Layer", "May reference", "Packages"))
        {
            string[] layer = row["Layer"].Split(' ');
            yield return new Listed(
                row["Project"], int.Parse(layer[0]), layer[1], [.. Names(row["May reference"]).Select(FullName)],
                [.. Names(row["Packages"])]);
        }
    }

    private static string FullName(string name) => char.IsUpper(name[0]) ? $"Curia.{name}" : name;

    private static string[] Names(string cell) => cell == "–" ? [] : cell.Split(", ");

    private static void Compare(
        List<string> problems, string what, IEnumerable<string> listed, IEnumerable<string> found)
    {
        string[] missing = [.. listed.Except(found)];
        string[] extra = [.. found.Except(listed)];
        if (missing.Length > 0) problems.Add($"{what} not {string.Join(", ", missing)}, which the table lists");
        if (extra.Length > 0) problems.Add($"{what} {string.Join(", ", extra)}, which the table does not list");
    }

    private static string NameOf(string project) => Path.GetFileNameWithoutExtension(project);

    private static IEnumerable<string> References(string project) =>
        Elements(project, "ProjectReference").Select(Included).Select(NameOf);

    private static IEnumerable<string> Packages(string project) =>
        Elements(project, "PackageReference").Select(Included);

    private static string Included(XElement element) => element.Attribute("Include")!.Value;

    private static string? Property(string project, string name) => Elements(project, name).SingleOrDefault()?.Value;

    private static IEnumerable<XElement> Elements(string project, string name) =>
        XDocument.Parse(Repository.Read(project)).Descendants(name);
}
