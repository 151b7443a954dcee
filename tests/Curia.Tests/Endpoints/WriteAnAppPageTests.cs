using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Tests.Architecture;

namespace Curia.Tests.Endpoints;

/// <summary>docs/write-an-app.md cannot drift from the code: what it shows is compiled and run.</summary>
public sealed class WriteAnAppPageTests
{
    private const string Page = "docs/write-an-app.md";
    private const string Compiled = "tests/Curia.Tests/Endpoints/WriteAnApp";
    private const string ImageOfLogging = "apps/logging.Image/Program.cs";

    [Fact]
    public void Every_block_of_CSharp_on_the_page_is_in_a_compiled_file()
    {
        string[] files = Directory.GetFiles(Path.Combine(Repository.Root, Compiled), "*.cs");
        string[] image = [.. Repository.Lines(ImageOfLogging).Select(AsAccounts)];
        string[][] sources = [.. files.Select(File.ReadAllLines), image];
        string[][] blocks = [.. Blocks()];
        Assert.True(blocks.Length >= 3, "The page shows the application, its program and a test.");
        Assert.All(blocks, block => Assert.True(
            sources.Any(source => Contains(source, block)), "Not compiled:\n" + string.Join('\n', block)));
    }

    [Fact]
    public void The_page_shows_the_whole_application()
    {
        string[] application = Repository.Lines(Compiled + "/AccountsApp.cs");
        Assert.Contains(Blocks(), block => block.SequenceEqual(application));
    }

    // The same line starts both images; only the name of the application differs.
    private static string AsAccounts(string line) => line.Replace("Logging", "Accounts", StringComparison.Ordinal);

    private static IEnumerable<string[]> Blocks()
    {
        List<string>? block = null;
        foreach (string line in Repository.Lines(Page))
        {
            if (block is null && line.StartsWith("```csharp", StringComparison.Ordinal)) block = [];
            else if (block is not null && line == "```")
            {
                yield return [.. block];
                block = null;
            }
            else block?.Add(line);
        }
    }

    private static bool Contains(string[] source, string[] block)
    {
        int last = source.Length - block.Length;
        return block.Length > 0 && Enumerable.Range(0, Math.Max(0, last + 1)).Any(start =>
        {
            int indent = source[start].Length - source[start].TrimStart().Length;
            return block.Index().All(line => Unindented(source[start + line.Index], indent) == line.Item);
        });
    }

    private static string Unindented(string line, int indent) =>
        line.Length >= indent && string.IsNullOrWhiteSpace(line[..indent]) ? line[indent..] : line;
}
