using System;
using System.Threading;
using System.Threading.Tasks;
using Curia.Peers;

namespace Curia.ShellTests.Peers;

/// <summary>Who wakes a task may run it (docs/decisions/0019).</summary>
public sealed class SignalTests
{
    [Fact]
    public void Set_before_it_is_waited_for_it_ends_one_wait()
    {
        Signal signal = new();
        signal.Set(mayRunHere: true);
        signal.Set(mayRunHere: true);
        Assert.True(signal.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
        Assert.False(signal.WaitAsync(CancellationToken.None).AsTask().IsCompleted);
        Assert.False(signal.HasRunHere);
    }

    [Fact]
    public async Task Who_waits_goes_on_on_the_thread_of_who_sets_it_and_before_that_returns()
    {
        Signal signal = new();
        Task<Thread> waiting = WaitAsync(signal, CancellationToken.None);
        bool hasRun = false;
        Thread setter = Run(() =>
        {
            signal.Set(mayRunHere: true);
            hasRun = waiting.IsCompleted;
        });
        Assert.True(hasRun);
        Assert.Same(setter, await waiting);
        Assert.True(signal.HasRunHere);
    }

    [Fact]
    public async Task Who_waits_goes_on_elsewhere_when_it_must_not_run_there()
    {
        Signal signal = new();
        Task<Thread> waiting = WaitAsync(signal, CancellationToken.None);
        Thread setter = Run(() => signal.Set(mayRunHere: false));
        Assert.NotSame(setter, await waiting.InTimeAsync());
        Assert.False(signal.HasRunHere);
    }

    [Fact]
    public async Task Each_wait_says_anew_where_it_went_on()
    {
        Signal signal = new();
        foreach (bool mayRunHere in (bool[])[true, false, true, true, false])
        {
            Task<Thread> waiting = WaitAsync(signal, CancellationToken.None);
            Thread setter = Run(() => signal.Set(mayRunHere));
            Assert.Equal(mayRunHere, ReferenceEquals(setter, await waiting.InTimeAsync()));
            Assert.Equal(mayRunHere, signal.HasRunHere);
        }
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_takes_nothing_from_the_next_one()
    {
        Signal signal = new();
        using CancellationTokenSource enough = new();
        Task<Thread> waiting = WaitAsync(signal, enough.Token);
        await enough.CancelAsync();
        OperationCanceledException ended =
            await Assert.ThrowsAsync<OperationCanceledException>(() => waiting.InTimeAsync());
        Assert.Equal(enough.Token, ended.CancellationToken);
        signal.Set(mayRunHere: true);
        Assert.True(signal.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Who_is_cancelled_already_does_not_wait_and_leaves_what_was_set()
    {
        Signal signal = new();
        signal.Set(mayRunHere: false);
        await Assert.ThrowsAsync<OperationCanceledException>(
            async () => await signal.WaitAsync(new CancellationToken(canceled: true)));
        Assert.True(signal.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
    }

    // Whichever comes first, it is neither lost nor seen twice.
    [Fact]
    public async Task Set_and_cancelled_at_once_it_is_one_of_both()
    {
        Signal signal = new();
        int set = 0;
        for (int round = 0; round < 2000; round++)
        {
            using CancellationTokenSource enough = new();
            Task<Thread> waiting = WaitAsync(signal, enough.Token);
            bool mayRunHere = round % 2 == 0;
            Parallel.Invoke(() => signal.Set(mayRunHere), enough.Cancel);
            Task ended = await Task.WhenAny(waiting, Task.Delay(Patience.Time, CancellationToken.None));
            Assert.Same(waiting, ended);
            if (waiting.IsCompletedSuccessfully) set++;
            else Assert.True(signal.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully);
        }

        Assert.InRange(set, 1, 2000);
    }

    private static async Task<Thread> WaitAsync(Signal signal, CancellationToken cancellation)
    {
        await signal.WaitAsync(cancellation).ConfigureAwait(false);
        return Thread.CurrentThread;
    }

    // A thread that is nobody else's.
    private static Thread Run(Action work)
    {
        Thread thread = new(() => work());
        thread.Start();
        thread.Join();
        return thread;
    }
}
