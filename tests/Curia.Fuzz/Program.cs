using System;
using Curia.Fuzz;
using Curia.Fuzz.Commands;

return args switch
{
    ["list"] => ListCommand.Execute(),
    ["replay"] => ReplayCommand.ExecuteAll(),
    ["replay", string name] when FuzzTargets.TryFind(name, out FuzzTarget? target) => ReplayCommand.Execute(target!),
    ["replay", string name, string path] when FuzzTargets.TryFind(name, out FuzzTarget? target) =>
        ReplayCommand.Execute(target!, path),
    ["run", string name] when FuzzTargets.TryFind(name, out FuzzTarget? target) => RunCommand.Execute(target!),
    ["minimise", string name, string source, string folder] when FuzzTargets.TryFind(name, out FuzzTarget? target) =>
        MinimiseCommand.Execute(target!, source, folder),
    ["hunt", string name, string seconds, string source, string folder]
        when FuzzTargets.TryFind(name, out FuzzTarget? target) =>
        HuntCommand.Execute(target!, seconds, source, folder),
    ["seed", string folder] => SeedCommand.Execute(folder),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        "Usage: list | replay [TARGET [FILE|FOLDER]] | run TARGET | hunt TARGET SECONDS FROM TO | "
        + "minimise TARGET FROM TO | seed FOLDER");
    return 2;
}
