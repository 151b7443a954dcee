using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Simulation;

/// <summary>Names of files behind a write cache: a file that is made, renamed or removed is so after a crash only when
/// the folder was flushed (fsync(2), NOTES).</summary>
internal sealed class VirtualFolder(string name)
{
    private readonly SortedDictionary<string, VirtualFile> durable = new(StringComparer.Ordinal);
    private readonly List<Change> unflushed = [];
    private readonly SortedDictionary<string, VirtualFile> files = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    public IEnumerable<string> Names => files.Keys;

    public IEnumerable<VirtualFile> Files => files.Values;

    public VirtualFile this[string file] => files[file];

    public VirtualFolder Copy()
    {
        VirtualFolder copy = new(Name);
        foreach ((string file, VirtualFile content) in files) copy.files[file] = copy.durable[file] = content.Copy();
        return copy;
    }

    public bool Has(string file) => files.ContainsKey(file);

    /// <summary>Makes a file where there is none.</summary>
    public VirtualFile Create(string file)
    {
        VirtualFile created = new();
        files.Add(file, created);
        unflushed.Add(new Change(null, file, created));
        return created;
    }

    /// <summary>Renames, over another file if there is one.</summary>
    public void Rename(string from, string to)
    {
        Do(new Change(from, to, null));
    }

    public void Remove(string file) => Do(new Change(file, null, null));

    public void Flush()
    {
        foreach (Change change in unflushed) change.Apply(durable);
        unflushed.Clear();
    }

    /// <summary>Whether a crash leaves this file under some name.</summary>
    public bool IsDurable(VirtualFile file) => durable.Values.Any(kept => ReferenceEquals(kept, file));

    /// <summary>Power fails: of the names that were not flushed some are as they were.</summary>
    public void Crash(SeededRandom random, Situations situations)
    {
        if (unflushed.Count > 0)
        {
            bool[] kept = [.. unflushed.Select(_ => random.Percent(50))];
            if (kept.Any(survives => !survives)) situations.Reached($"crash loses names of the {Name} folder");
            for (int i = 0; i < kept.Length; i++)
            {
                if (kept[i]) unflushed[i].Apply(durable);
            }
        }

        unflushed.Clear();
        files.Clear();
        foreach ((string file, VirtualFile content) in durable)
        {
            files[file] = content;
            content.Crash(random, situations);
        }
    }

    private void Do(Change change)
    {
        change.Apply(files);
        unflushed.Add(change);
    }

    /// <summary>A file is made (no From), renamed, or removed (no To).</summary>
    private sealed record Change(string? From, string? To, VirtualFile? Made)
    {
        public void Apply(SortedDictionary<string, VirtualFile> names)
        {
            VirtualFile? file = Made;
            if (From is not null && !names.Remove(From, out file)) return;
            if (To is not null) names[To] = file!;
        }
    }
}
