using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace Curia.Simulation;

/// <summary>A change of the sources of Curia.Consensus that breaks one of its promises.</summary>
/// <param name="File">The file, in the folder of the project.</param>
/// <param name="Text">What is replaced; occurs there exactly once, or the mutant itself has failed.</param>
/// <param name="Replacement">What stands there instead.</param>
internal sealed record CoreEdit(string File, string Text, string Replacement);

/// <summary>A mutant of the core, and the rules one of which must notice.</summary>
/// <param name="Name">What it does wrongly.</param>
/// <param name="Rules">The rules that it breaks.</param>
/// <param name="Edits">The changes, most often one.</param>
internal sealed record CoreMutant(string Name, string[] Rules, params CoreEdit[] Edits)
{
    private const string Project = "Curia.Consensus";

    /// <summary>Compiles it, and loads the simulation anew beside it: so the core has no door for tests.</summary>
    /// <exception cref="InvalidOperationException">It does not fit the sources, or does not compile.</exception>
    public AssemblyLoadContext Load()
    {
        using MemoryStream image = new();
        CSharpCompilation compilation = CSharpCompilation.Create(
            Project, Sources(), References(), new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                optimizationLevel: OptimizationLevel.Release,
                nullableContextOptions: NullableContextOptions.Enable));
        EmitResult result = compilation.Emit(image);
        if (!result.Success)
        {
            Diagnostic first = result.Diagnostics.First(one => one.Severity == DiagnosticSeverity.Error);
            throw new InvalidOperationException($"does not compile: {first}");
        }

        return new Beside(image.ToArray());
    }

    private IEnumerable<SyntaxTree> Sources()
    {
        string folder = Regressions.Folder($"src/{Project}");
        CSharpParseOptions options = new(LanguageVersion.CSharp14);
        foreach (string file in Directory.GetFiles(folder, "*.cs").Order(StringComparer.Ordinal))
        {
            string source = File.ReadAllText(file);
            foreach (CoreEdit edit in Edits.Where(edit => edit.File == Path.GetFileName(file)))
                source = Change(source, edit);
            yield return CSharpSyntaxTree.ParseText(SourceText.From(source), options, file);
        }
    }

    private static string Change(string source, CoreEdit edit)
    {
        int at = source.IndexOf(edit.Text, StringComparison.Ordinal);
        if (at < 0 || source.IndexOf(edit.Text, at + 1, StringComparison.Ordinal) >= 0)
            throw new InvalidOperationException($"{edit.File} does not have exactly once: {edit.Text}");
        return source.Replace(edit.Text, edit.Replacement, StringComparison.Ordinal);
    }

    private static IEnumerable<MetadataReference> References() =>
        from path in ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        where Path.GetFileNameWithoutExtension(path) != Project
        select MetadataReference.CreateFromFile(path);

    // Only these two are loaded anew; all else is shared.
    private sealed class Beside(byte[] core) : AssemblyLoadContext(isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            if (assemblyName.Name == Project)
            {
                using MemoryStream image = new(core);
                return LoadFromStream(image);
            }

            Assembly simulation = typeof(CoreMutant).Assembly;
            return assemblyName.Name == simulation.GetName().Name ? LoadFromAssemblyPath(simulation.Location) : null;
        }
    }
}
