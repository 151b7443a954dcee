using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Curia.Endpoints;

namespace Curia.Tests.Endpoints;

/// <summary>What an application must not be able to say (no endpoint without a policy, no writing reader).</summary>
public sealed partial class PolicyIsRequiredTests
{
    private const string Header = """
        using Curia.Endpoints;
        using Curia.KeyValue;
        static class C
        {
            static Map<ulong, string> Map = new("records", Codecs.UInt64, Codecs.Utf8);
            static AuthenticationPolicy All = AuthenticationPolicy.None;
            static void Write(EndpointTableBuilder table) => table
        """;

    [Fact]
    public async Task Forgetting_the_policy_or_writing_in_a_reader_does_not_compile()
    {
        Dictionary<string, string> snippets = new()
        {
            // The same with a policy and without writing compiles, so the others fail for the reason that we think.
            ["good"] = """.MapGet("/a", All, (Request r, ReadOnlyTransaction t) => t.Map(Map).Count)""",
            ["get"] = """.MapGet("/a", (Request r, ReadOnlyTransaction t) => t.Map(Map).Count)""",
            ["post"] = """.MapPost("/a", (Request r, Transaction t) => true)""",
            ["put"] = """.MapPut("/a", (Request r, Transaction t) => true)""",
            ["patch"] = """.MapPatch("/a", (Request r, Transaction t) => true)""",
            ["delete"] = """.MapDelete("/a", (Request r, Transaction t) => true)""",
            ["add"] = """.Add(new Endpoint(HttpVerb.Get, "/a", new EndpointHandler.ReadOnly((r, t) => null)))""",
            ["write"] = """.MapGet("/a", All, (ReadOnlyTransaction t) => t.Map(Map).Put(1, ""))""",
            ["reader"] = """.MapGet("/a", All, (Request r, Transaction t) => true)""",
        };
        ILookup<string, string> errors = await CompileAsync(snippets);
        Assert.Empty(errors["good"]);
        Assert.Equal(snippets.Keys.Where(name => name != "good").Order(), errors.Select(file => file.Key).Order());
        Assert.Contains("CS1061", errors["write"]); // no such member: Put
    }

    [Fact]
    public void Every_way_to_map_a_path_takes_a_policy()
    {
        IEnumerable<MethodBase> ways = typeof(EndpointTableBuilder).GetMethods().Cast<MethodBase>()
            .Concat(typeof(Endpoint).GetConstructors())
            .Where(way => way.GetParameters().Any(parameter => parameter.Name == "path"));
        Assert.NotEmpty(ways);
        Assert.All(ways, way => Assert.Single(
            way.GetParameters().Where(parameter => !parameter.IsOptional),
            parameter => parameter.ParameterType == typeof(AuthenticationPolicy)));
    }

    private static async Task<ILookup<string, string>> CompileAsync(Dictionary<string, string> snippets)
    {
        string compiler = FindCompiler();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("curia-policy-");
        try
        {
            foreach ((string name, string snippet) in snippets)
            {
                string unique = Header.Replace("class C", $"class {name}_", StringComparison.Ordinal);
                await File.WriteAllTextAsync($"{folder}/{name}.cs", $"{unique}\n{snippet};\n}}\n");
            }

            IEnumerable<string> libraries = Directory.GetFiles(RuntimeEnvironment.GetRuntimeDirectory(), "System*.dll")
                .Where(library => !library.EndsWith(".Native.dll", StringComparison.Ordinal))
                .Concat(Directory.GetFiles(AppContext.BaseDirectory, "Curia.*.dll"));
            IEnumerable<string> arguments = libraries.Select(library => $"\"-r:{library}\"").Concat(
                ["-nologo", "-nostdlib", "-target:library", $"\"-out:{folder}/out.dll\"", $"\"{folder}/*.cs\""]);
            string response = Path.Combine(folder.FullName, "arguments.rsp");
            await File.WriteAllLinesAsync(response, arguments);
            ProcessStartInfo start = new("dotnet", ["exec", compiler, "-noconfig", "@" + response])
            {
                RedirectStandardOutput = true,
            };
            using Process process = Process.Start(start)!;
            string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return ErrorLine().Matches(output).ToLookup(line => line.Groups[1].Value, line => line.Groups[2].Value);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // The compiler of the SDK that built this test; a machine that only runs tests has none.
    private static string FindCompiler()
    {
        string sdks = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../sdk"));
        string? found = Directory.Exists(sdks)
            ? Directory.GetDirectories(sdks).Select(sdk => Path.Combine(sdk, "Roslyn", "bincore", "csc.dll"))
                .LastOrDefault(File.Exists)
            : null;
        Assert.SkipWhen(found is null, "The .NET SDK is not beside the runtime, so there is no compiler to ask.");
        return found!;
    }

    [GeneratedRegex(@"([a-z]+)\.cs\(\d+,\d+\): error (CS\d+)")]
    private static partial Regex ErrorLine();
}
