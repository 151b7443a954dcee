using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading;

namespace Curia.Fuzz.Commands;

/// <summary><c>hunt TARGET SECONDS FROM TO</c>: a small fuzzer of our own in one process, guided by the same map of
/// edges. It wants the instrumented program.</summary>
/// <remarks>For machines without AFL++, and for busy ones: AFL++ changes processes twice for each input, and each time
/// waits for its turn. The seconds are those of the processor. A full stack ends it without a word.</remarks>
internal sealed class HuntCommand(FuzzTarget target, string folder, Mutations mutations)
{
    private static readonly TimeSpan InputTimeMax = TimeSpan.FromSeconds(10);

    private readonly CoverageMap seen = new();
    private readonly List<byte[]> pool = [];
    private readonly HashSet<string> findings = new(StringComparer.Ordinal);
    private long executions;
    private byte[] current = [];

    public static int Execute(FuzzTarget target, string seconds, string source, string folder)
    {
        int seed = Environment.ProcessId;
        TimeSpan end = Environment.CpuUsage.TotalTime
            + TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        HuntCommand hunt = new(target, folder, new Mutations(new Random(seed), Dictionary.Of(target)));
        new Thread(hunt.Watch) { IsBackground = true }.Start();
        hunt.Begin(source);
        while (Environment.CpuUsage.TotalTime < end) hunt.Round();
        Console.WriteLine(
            $"{target.Name,-14} {hunt.executions,10} executions, {hunt.pool.Count,5} paths, "
            + $"{hunt.seen.Edges} edges, {hunt.findings.Count} crashes");
        return hunt.findings.Count == 0 ? 0 : 1;
    }

    private void Begin(string source)
    {
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            byte[] input = File.ReadAllBytes(file);
            pool.Add(input);
            Run(input); // twice: the first run of a piece of code also runs what is run once in a process
            Run(input);
        }
    }

    // One input of the pool and many changes of it, so that the clock is looked at seldom.
    private void Round()
    {
        byte[] parent = mutations.Choose(pool);
        for (int i = 0; i < 200; i++)
        {
            byte[] child = mutations.Change(parent, pool);
            if (Run(child)) Keep(child);
        }
    }

    private bool Run(byte[] input)
    {
        executions++;
        current = input;
        seen.Clear();
        try
        {
            target.Run(input);
        }
        catch (Exception e)
        {
            Find(input, e);
            return false;
        }

        return seen.HasNew();
    }

    // An input that takes so long is as bad as one that breaks a rule, and may never end.
    private void Watch()
    {
        long before = -1;
        TimeSpan since = TimeSpan.Zero;
        while (true)
        {
            Thread.Sleep(TimeSpan.FromSeconds(1));
            long now = Volatile.Read(ref executions);
            TimeSpan used = Environment.CpuUsage.TotalTime;
            if (now != before) (before, since) = (now, used);
            if (used - since < InputTimeMax) continue;
            string file = Path.Combine(folder, $"hang-{Environment.ProcessId}");
            File.WriteAllBytes(file, current);
            Console.WriteLine($"{target.Name}: {file}: one input takes more than {InputTimeMax.TotalSeconds} s");
            Environment.Exit(1);
        }
    }

    private void Keep(byte[] input)
    {
        pool.Add(input);
        File.WriteAllBytes(Path.Combine(folder, $"id-{Environment.ProcessId}-{pool.Count:D5}"), input);
    }

    // One input for each place and reason.
    private void Find(byte[] input, Exception exception)
    {
        string[] lines = exception.ToString().Split('\n');
        if (!findings.Add(string.Join('\n', lines[..Math.Min(3, lines.Length)]))) return;
        string file = Path.Combine(folder, $"crash-{Environment.ProcessId}-{findings.Count:D2}");
        File.WriteAllBytes(file, input);
        Console.WriteLine($"{target.Name}: {file}: {lines[0]}");
    }
}
