using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Curia.Endpoints;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>What this disk was to the network, for a cold restart: as which nodes it stored blocks, and which
/// view it was promised to (docs/consensus.md, "Cold restart").</summary>
/// <remarks>It stands beside the sealed secrets. A host that changes it can make a network fork that comes back from
/// its disks, as by putting back an older copy of the disk: nobody can prevent that, only see it (DESIGN 6,
/// "Epochs").</remarks>
internal sealed class DiskFile
{
    private const string Name = "disk.json";

    // Each start adds one; so many processes of one disk, each of which still counts somewhere, there are never.
    private const int NodesMax = 64;
    private const int BytesMax = 1 << 20;

    private readonly string path;
    private Content content;

    private DiskFile(string path, Content content)
    {
        this.path = path;
        this.content = content;
    }

    /// <summary>As which nodes the disk stored blocks.</summary>
    public IReadOnlyList<NodeId> Nodes => content.Nodes;

    /// <summary>The highest view that the disk was promised to.</summary>
    public View Promised => content.Promised;

    /// <summary>Reads the file; an empty one when there is none.</summary>
    /// <param name="folder">That of the sealed secrets.</param>
    /// <exception cref="StartFailure">It cannot be read.</exception>
    public static DiskFile Read(string folder)
    {
        string path = Path.Combine(folder, Name);
        try
        {
            if (!File.Exists(path)) return new DiskFile(path, new Content([], default));
            if (new FileInfo(path).Length > BytesMax) throw new JsonException("it is too large");
            Content? read = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path), JsonFormat.Options);
            return new DiskFile(path, read ?? throw new JsonException("it is empty"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartFailure($"{path} cannot be read", e.Message.TrimEnd('.'),
                "Put it back as it was written; without it the disk does not count in a cold restart");
        }
    }

    /// <summary>From here on the disk stores blocks as this node too.</summary>
    public void Add(NodeId node) => Write(content with { Nodes = With(node) });

    /// <summary>The disk begins anew: what it had stored as other nodes is not all there any more.</summary>
    public void Reset(NodeId node) => Write(new Content([node], content.Promised));

    /// <summary>The disk takes part in a formation of this view, and in none of the same or a lower one.</summary>
    public void Promise(NodeId node, View view) => Write(new Content(With(node), view));

    private NodeId[] With(NodeId node) => [.. content.Nodes.Where(one => one != node).TakeLast(NodesMax - 1), node];

    private void Write(Content changed)
    {
        try
        {
            DurableFiles.Replace(path, JsonSerializer.SerializeToUtf8Bytes(changed, JsonFormat.Options));
            content = changed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"{path} cannot be written", e.Message.TrimEnd('.'),
                "Make room, or correct the path or its permissions");
        }
    }

    private sealed record Content(IReadOnlyList<NodeId> Nodes, View Promised);
}
