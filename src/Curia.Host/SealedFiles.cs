using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Node;

namespace Curia.Host;

/// <summary>The folder of sealed secrets: one file for each epoch that may still have to be continued.</summary>
/// <remarks>The host owns it. What it takes away, changes or puts back is found when the ledger is opened with it: at
/// worst nobody can go on.</remarks>
internal sealed class SealedFiles
{
    // Two at most are of use: the epoch on disk, and one whose first block was not stored. More than this is not ours.
    private const int FilesMax = 64;

    private readonly string folder;
    private string? own;

    private SealedFiles(string folder) => this.folder = folder;

    /// <summary>Makes the folder, and finds out whether it can be written.</summary>
    /// <exception cref="StartFailure">It cannot be used.</exception>
    public static SealedFiles Prepare(string folder)
    {
        StartChecks.WritableFolder("sealed secrets", folder);
        return new SealedFiles(folder);
    }

    /// <summary>Opens whatever can be opened.</summary>
    /// <exception cref="StartFailure">The folder cannot be read.</exception>
    public IReadOnlyList<SealedSecrets> Read(SecretBytes sealingKey)
    {
        List<SealedSecrets> opened = [];
        try
        {
            foreach (string path in Paths().Take(FilesMax))
            {
                if (new FileInfo(path).Length > SealedSecrets.BytesMax) continue;
                if (SealedSecrets.TryOpen(File.ReadAllBytes(path), sealingKey, out SealedSecrets? secrets))
                    opened.Add(secrets);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"The sealed secrets in {folder} cannot be read", e.Message.TrimEnd('.'),
                "Correct the path or its permissions");
        }

        return opened;
    }

    /// <summary>Writes the secrets of an epoch, whole and durable.</summary>
    /// <exception cref="StartFailure">The disk is full or broken.</exception>
    public void Write(Effect.StoreSecrets secrets)
    {
        own = Path.Combine(folder, secrets.FileName);
        try
        {
            DurableFiles.Replace(own, secrets.Bytes.Span, isSecret: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"The sealed secrets cannot be written in {folder}", e.Message.TrimEnd('.'),
                "Make room, or correct the path or its permissions");
        }
    }

    /// <summary>The epoch is on disk: those before it are of no more use.</summary>
    public void RemoveOlder()
    {
        if (own is null) return;
        foreach (string path in Paths().Where(path => path != own).ToArray()) DurableFiles.Remove(path);
    }

    /// <summary>The epoch did not come to be.</summary>
    public void Withdraw()
    {
        if (own is not null) DurableFiles.Remove(own);
    }

    private IEnumerable<string> Paths() => !Directory.Exists(folder)
        ? []
        : Directory.EnumerateFiles(folder).Where(path => SealedSecrets.IsFileName(Path.GetFileName(path)))
            .OrderDescending(StringComparer.Ordinal);
}
