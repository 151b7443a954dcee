using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;
using Curia.Ledger;
using Curia.Node;

namespace Curia.Host;

/// <summary>Applies verified blocks while the next file is read and verified.</summary>
internal sealed class ReplayThread : IDisposable
{
    // A file decoded has some 10 MiB; two that wait keep the thread busy, and more would only be memory.
    private const int FilesWaitingMax = 2;

    private readonly BlockingCollection<IReadOnlyList<Block>> waiting = new(FilesWaitingMax);
    private readonly LedgerReplay replay;
    private readonly Thread thread;
    private ExceptionDispatchInfo? failure;

    /// <summary>Starts the thread.</summary>
    public ReplayThread(LedgerReplay replay)
    {
        this.replay = replay;
        thread = new Thread(Apply) { IsBackground = true, Name = "ledger replay" };
        thread.Start();
    }

    /// <summary>Hands over the blocks of the next file; waits while too many are ahead.</summary>
    public void Add(IReadOnlyList<Block> blocks) => waiting.Add(blocks);

    /// <summary>Waits until everything is applied.</summary>
    /// <exception cref="Curia.Vocabulary.InvariantException">And whatever else applying threw.</exception>
    public void Finish()
    {
        waiting.CompleteAdding();
        thread.Join();
        failure?.Throw();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!waiting.IsAddingCompleted) waiting.CompleteAdding();
        thread.Join();
        waiting.Dispose();
    }

    private void Apply()
    {
        foreach (IReadOnlyList<Block> blocks in waiting.GetConsumingEnumerable())
        {
            if (failure is not null) continue; // so that whoever adds does not wait for ever
            try
            {
                replay.Apply(blocks);
            }
#pragma warning disable CA1031 // It is thrown again where the blocks come from.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }
    }
}
