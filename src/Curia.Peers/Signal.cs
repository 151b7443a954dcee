using System;
using System.Threading;
using System.Threading.Tasks;
using System.Threading.Tasks.Sources;

namespace Curia.Peers;

/// <summary>Wakes one task that waits, on a worker or, for what takes little, on the thread of whoever wakes it. Woken
/// while it does not wait, it does not wait the next time.</summary>
internal sealed class Signal : IValueTaskSource
{
    private readonly Lock gate = new();
    private ManualResetValueTaskSourceCore<bool> wait;
    private CancellationTokenRegistration cancelling;
    private bool isSet;
    private bool isWaiting;

    /// <summary>Whether the task was last woken on the thread of whoever woke it.</summary>
    public bool HasRunHere { get; private set; }

    /// <summary>Waits until it is set since the last time. One task at a time.</summary>
    /// <exception cref="OperationCanceledException">It is cancelled.</exception>
    public ValueTask WaitAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (gate)
        {
            if (isSet)
            {
                isSet = false;
                return ValueTask.CompletedTask;
            }

            wait.Reset();
            isWaiting = true;
        }

        cancelling = cancellation.UnsafeRegister(static (state, token) => ((Signal)state!).Cancel(token), this);
        return new ValueTask(this, wait.Version);
    }

    /// <summary>Wakes the task.</summary>
    /// <param name="mayRunHere">Whether it may go on before this returns.</param>
    public void Set(bool mayRunHere)
    {
        lock (gate)
        {
            if (!isWaiting)
            {
                isSet = true;
                return;
            }

            isWaiting = false;
            HasRunHere = mayRunHere;
            wait.RunContinuationsAsynchronously = !mayRunHere;
        }

        wait.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token)
    {
        cancelling.Dispose();
        wait.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        wait.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token)
    {
        lock (gate)
        {
            if (!isWaiting) return;
            isWaiting = false;
            wait.RunContinuationsAsynchronously = true;
        }

        wait.SetException(new OperationCanceledException(token));
    }
}
