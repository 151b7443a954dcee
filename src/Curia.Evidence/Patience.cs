using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Evidence;

/// <summary>How long a device that is busy is waited for: ten attempts, half a minute in all.</summary>
internal static class Patience
{
    /// <summary>The most attempts. A host may limit a guest to a request every two seconds.</summary>
    public const int AttemptsMax = 10;

    private const int FirstWaitMs = 100;
    private const int WaitMsMax = 5000;

    // Linux, errno.h: what passes by itself.
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int DeviceBusy = 16;

    /// <summary>Whether an error number says that the same may work later.</summary>
    public static bool IsBusy(int error) => error is Interrupted or TryAgain or DeviceBusy;

    /// <summary>Whether a file operation failed in that way: such an exception carries the error number.</summary>
    public static bool IsBusy(IOException e) => IsBusy(e.HResult);

    /// <summary>Waits before the next attempt, each time twice as long.</summary>
    public static Task WaitAsync(int attempt, TimeProvider time, CancellationToken cancel) => Task.Delay(
        TimeSpan.FromMilliseconds(Math.Min(FirstWaitMs << Math.Min(attempt, 16), WaitMsMax)), time, cancel);
}
