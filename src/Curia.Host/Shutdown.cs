using System;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Host;

/// <summary>SIGTERM and SIGINT: the first one drains the node, the second one ends the process at once.</summary>
internal sealed class Shutdown : IDisposable
{
    private readonly TaskCompletionSource requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource token = new();
    private readonly PosixSignalRegistration terminate;
    private readonly PosixSignalRegistration interrupt;

    /// <summary>Takes the signals from here on.</summary>
    public Shutdown()
    {
        terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Receive(context, 143));
        interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Receive(context, 130));
    }

    /// <summary>Done at the first signal.</summary>
    public Task Requested => requested.Task;

    /// <summary>Cancelled at the first signal.</summary>
    public CancellationToken Token => token.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        terminate.Dispose();
        interrupt.Dispose();
        token.Dispose();
    }

    // 128 plus the number of the signal, as shells report it.
    private void Receive(PosixSignalContext context, int exitCode)
    {
        context.Cancel = true;
        if (!requested.TrySetResult()) Environment.Exit(exitCode);
        token.Cancel();
    }
}
