using System.Threading;

namespace Curia.Cli.Benchmark.Load;

/// <summary>What is sent, one request after the other, over all connections.</summary>
/// <param name="Write">The request that writes; null when nothing is written.</param>
/// <param name="Read">The request that reads; null when nothing is read.</param>
/// <param name="NumbersWritten">How many messages are written over and over.</param>
/// <param name="NumbersRead">How many are read over and over.</param>
internal sealed record RequestMix(RequestForm? Write, RequestForm? Read, int NumbersWritten, int NumbersRead)
{
    private const int ReadsForOneWrite = 9;

    // A prime beyond all numbers: the turns go through every one of them before one comes again, in no order.
    private const long Stride = 15_485_863;

    private long turns = -1;

    /// <summary>The next request. Safe from any thread.</summary>
    public RequestForm Next(out int number)
    {
        long turn = Interlocked.Increment(ref turns);
        if (Read is null)
        {
            number = Scattered(turn, NumbersWritten);
            return Write!;
        }

        (long round, long place) = System.Math.DivRem(turn, ReadsForOneWrite + 1);
        bool isWrite = Write is not null && place == 0;
        number = isWrite ? Scattered(round, NumbersWritten) : Scattered(turn, NumbersRead);
        return isWrite ? Write! : Read;
    }

    private static int Scattered(long turn, int numbers) =>
        LoadRequest.FirstNumber + (int)(unchecked((ulong)turn * Stride) % (ulong)numbers);
}
