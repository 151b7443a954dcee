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
    // The one of the newest epoch is of use. Others stay for a while: of a start that did not get to its first block,
    // and of a ledger that is put back, when this start was on a folder that was not mounted or on an older copy.
    private const int FilesKept = 32;

    private readonly string folder;

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
            foreach (string path in Newest().Take(FilesKept))
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
        try
        {
            DurableFiles.Replace(Path.Combine(folder, secrets.FileName), secrets.Bytes.Span, isSecret: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"The sealed secrets cannot be written in {folder}", e.Message.TrimEnd('.'),
                "Make room, or correct the path or its permissions");
        }
    }

    /// <summary>The epoch is on disk: those that nobody will come back to are removed.</summary>
    public void RemoveOld()
    {
        foreach (string path in Newest().Skip(FilesKept).ToArray()) DurableFiles.Remove(path);
    }

    /// <summary>There is no ledger that they belong to: keys of a network that never came to be are removed.</summary>
    public void RemoveAll()
    {
        foreach (string path in Newest().ToArray()) DurableFiles.Remove(path);
    }

    private IEnumerable<string> Newest() =>
        Directory.EnumerateFiles(folder).Where(path => SealedSecrets.IsFileName(Path.GetFileName(path)))
            .OrderByDescending(File.GetLastWriteTimeUtc).ThenByDescending(path => path, StringComparer.Ordinal);
}
