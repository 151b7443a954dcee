// Each line that ends with an entry of build/BannedSymbols.*.txt breaks that ban and no other one.
// forbidden/check.sh compiles this file and expects error RS0030 on each of these lines.
using System;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace Forbidden;

internal static class Banned
{
    private static object? Use(object? value) => value;

    private static void All()
    {
        Use(RandomNumberGenerator.GetInt32(2)); // T:System.Security.Cryptography.RandomNumberGenerator
        Use(ECDsa.Create()); // M:System.Security.Cryptography.ECDsa.Create
        Use(ECDsa.Create(ECCurve.NamedCurves.nistP256)); // M:System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve)
        Use(ECDsa.Create(default(ECParameters))); // M:System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECParameters)
    }

    private static void Core()
    {
        Use(System.IO.File.Exists("a")); // N:System.IO
        Use(System.Net.IPAddress.Loopback); // N:System.Net
        Use(Task.CompletedTask); // T:System.Threading.Tasks.Task
        Use(typeof(Task<int>)); // T:System.Threading.Tasks.Task`1
        Use(ValueTask.CompletedTask); // T:System.Threading.Tasks.ValueTask
        Use(typeof(ValueTask<int>)); // T:System.Threading.Tasks.ValueTask`1
        Parallel.Invoke(); // T:System.Threading.Tasks.Parallel
        Thread.Yield(); // T:System.Threading.Thread
        Use(ThreadPool.ThreadCount); // T:System.Threading.ThreadPool
        Use(Timer.ActiveCount); // T:System.Threading.Timer
        Use(typeof(PeriodicTimer)); // T:System.Threading.PeriodicTimer
        Use(new Random(1)); // T:System.Random
        Use(typeof(Process)); // T:System.Diagnostics.Process
        Use(Stopwatch.Frequency); // T:System.Diagnostics.Stopwatch
        Console.Beep(); // T:System.Console
        Use(DateTime.UtcNow); // P:System.DateTime.UtcNow
        Use(DateTime.Now); // P:System.DateTime.Now
        Use(DateTime.Today); // P:System.DateTime.Today
        Use(DateTimeOffset.UtcNow); // P:System.DateTimeOffset.UtcNow
        Use(DateTimeOffset.Now); // P:System.DateTimeOffset.Now
        Use(TimeProvider.System); // P:System.TimeProvider.System
        Use(Environment.TickCount); // P:System.Environment.TickCount
        Use(Environment.TickCount64); // P:System.Environment.TickCount64
        Use(Environment.GetEnvironmentVariable("A")); // M:System.Environment.GetEnvironmentVariable(System.String)
        Use(Guid.NewGuid()); // M:System.Guid.NewGuid
        Use(Guid.CreateVersion7()); // M:System.Guid.CreateVersion7
        Use(Guid.CreateVersion7(default)); // M:System.Guid.CreateVersion7(System.DateTimeOffset)
    }
}
