using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Cli.Files;
using Curia.Cli.Networks;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Cli.Ledgers;

/// <summary>The chunk files of a folder, in the order of the ledger.</summary>
internal sealed class LedgerFolder
{
    // A chunk is closed after the block that brings it over its size, so it is never longer than both together.
    private const long ChunkBytesMax = (long)Block.BytesMax + LedgerChunk.BytesToClose + LedgerChunk.HeaderSize;

    private readonly string folder;

    private LedgerFolder(string folder, IReadOnlyList<string> names)
    {
        this.folder = folder;
        Names = names;
    }

    /// <summary>The names of the files.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Looks into a folder: that of a ledger, or that of a sandbox, whose first node is meant then.</summary>
    public static LedgerFolder Open(string folder)
    {
        if (SandboxFile.ExistsIn(folder))
        {
            SandboxFile sandbox = SandboxFile.Read(folder);
            if (sandbox.Nodes.Count > 0) folder = sandbox.PathOf(sandbox.Nodes[0].Ledger);
        }

        try
        {
            return new LedgerFolder(
                folder, LedgerChunk.InOrder(Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Folder("read the ledger in", folder, e);
        }
    }

    /// <summary>The whole content of one of the files.</summary>
    public byte[] Read(string name) => InputFile.Read(Path.Combine(folder, name), ChunkBytesMax);

    /// <summary>Verifies the genesis block and nothing behind it.</summary>
    public AuditReport AuditGenesis(AuditOptions options)
    {
        LedgerAudit audit = new(options);
        string first = LedgerChunk.OpenName(new SeqNo(1));
        byte[] file = Names.Count == 0 ? [] : Read(Names[0]);
        int length = file.Length;
        if (length > LedgerChunk.HeaderSize
            && BlockHeader.TryDecode(file.AsSpan(LedgerChunk.HeaderSize), out BlockHeader header, out _))
        {
            length = (int)long.Min(length, (long)LedgerChunk.HeaderSize + header.Length);
        }

        // The name of a closed file says where it ends, which is not looked at here.
        if (Names.Count > 0) audit.AddChunk(first, file.AsMemory(0, length));
        AuditReport report = audit.Finish();
        return report with
        {
            Problems =
                [.. report.Problems.Select(one => one.File == first ? one with { File = Names[0] } : one)],
        };
    }

    /// <summary>Verifies all files.</summary>
    public AuditReport Audit(AuditOptions options)
    {
        LedgerAudit audit = new(options);
        foreach (string name in Names) audit.AddChunk(name, Read(name));
        return audit.Finish();
    }
}
