using System;
using System.Threading.Tasks;

namespace Curia.ShellTests;

/// <summary>How long a test waits for what comes in any case: far above what anything here takes.</summary>
internal static class Patience
{
    public static TimeSpan Time { get; } = TimeSpan.FromSeconds(30);

    public static Task InTimeAsync(this Task task) => task.WaitAsync(Time);

    public static Task<T> InTimeAsync<T>(this Task<T> task) => task.WaitAsync(Time);
}
