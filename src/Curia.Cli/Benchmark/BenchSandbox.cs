using System;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Networks;
using Curia.Cli.Sandbox;

namespace Curia.Cli.Benchmark;

/// <summary>A network for one measurement, removed afterwards.</summary>
internal sealed class BenchSandbox : IAsyncDisposable
{
    private readonly SandboxSetup setup;

    private BenchSandbox(SandboxSetup setup, SandboxFile sandbox)
    {
        this.setup = setup;
        Sandbox = sandbox;
    }

    public SandboxFile Sandbox { get; }

    /// <summary>Makes and opens it.</summary>
    public static async Task<BenchSandbox> OpenAsync(int nodes, CancellationToken cancel)
    {
        // In the current folder: a temporary folder is often in memory, and what fsync costs is part of the figure.
        string folder = $"curia-bench-{Environment.ProcessId}";
        SandboxSetup setup =
            SandboxSetup.Prepare(new SandboxOptions(folder, nodes, Members: 1, Users: 1, "logging", Port: 0));
        try
        {
            await setup.MakeKeysAsync().ConfigureAwait(false);
            setup.MakeCharter();
            setup.WriteSettings();
            await setup.StartAsync(cancel).ConfigureAwait(false);
            await setup.Founding.EndorseAsync(cancel).ConfigureAwait(false);
            await setup.Founding.FoundAsync(cancel).ConfigureAwait(false);
            return new BenchSandbox(setup, await setup.OpenAsync(cancel).ConfigureAwait(false));
        }
        catch (Exception)
        {
            await setup.CleanUpAsync().ConfigureAwait(false);
            setup.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await setup.CleanUpAsync().ConfigureAwait(false);
        setup.RemoveFolder();
        setup.Dispose();
    }
}
