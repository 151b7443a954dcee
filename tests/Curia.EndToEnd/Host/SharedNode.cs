using System;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Host;

/// <summary>One node for all tests that leave it as it was; a process takes about a second to start.</summary>
public sealed class SharedNode : IAsyncLifetime
{
    internal NodeFolder Folder { get; } = new();

    internal NodeProcess Node { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Folder.Listeners.Add(NodeFolder.Listener("operator", "/node/state", "/metrics"));
        Folder.Listeners.Add(NodeFolder.Listener("messages", "/app/log"));
        Node = await NodeProcess.OpenAsync(Folder);
    }

    public ValueTask DisposeAsync()
    {
        Node.Dispose();
        Folder.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>The tests that share it, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SharedNodeTests : ICollectionFixture<SharedNode>
{
    public const string Name = "one node";
}
