using System;

namespace Curia.Fuzz.Commands;

/// <summary><c>list</c>: the names of the targets, one a line.</summary>
internal static class ListCommand
{
    public static int Execute()
    {
        foreach (FuzzTarget target in FuzzTargets.All) Console.WriteLine(target.Name);
        return 0;
    }
}
