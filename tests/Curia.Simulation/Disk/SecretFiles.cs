using System.Collections.Generic;
using System.Linq;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Node;

namespace Curia.Simulation;

/// <summary>The part of the shell that keeps sealed secrets: written whole and durable before the first block of their
/// epoch, removed when a newer epoch is durable.</summary>
internal sealed class SecretFiles(World world, WriteGate gate)
{
    private string? own;

    private VirtualFolder Folder => world.Disk.Secrets;

    /// <summary>Whatever the platform opens.</summary>
    public static IReadOnlyList<SealedSecrets> Open(VirtualFolder folder, SecretBytes sealingKey)
    {
        List<SealedSecrets> opened = [];
        foreach (string name in folder.Names.Where(SealedSecrets.IsFileName))
        {
            if (SealedSecrets.TryOpen(folder[name].ReadAll(), sealingKey, out SealedSecrets? secrets))
                opened.Add(secrets);
        }

        return opened;
    }

    public void Write(Effect.StoreSecrets secrets)
    {
        own = secrets.FileName;
        string temporary = own + ".tmp";
        VirtualFile file = gate.Create(WritePoint.SecretsWrite, Folder, temporary);
        gate.Append(WritePoint.SecretsWrite, file, secrets.Bytes);
        gate.Sync(WritePoint.SecretsSync, file);
        gate.Rename(WritePoint.SecretsRename, Folder, temporary, own);
        gate.Flush(WritePoint.SecretsFlush, Folder);
    }

    /// <summary>The epoch is durable: those before it are of no more use.</summary>
    public void RemoveOthers(string kept)
    {
        foreach (string name in Folder.Names.Where(name => name != kept).ToArray()) TryRemove(name);
    }

    /// <summary>The epoch is durable.</summary>
    public void RemoveOlder()
    {
        if (own is not null) RemoveOthers(own);
    }

    /// <summary>The epoch did not come to be.</summary>
    public void Withdraw()
    {
        if (own is not null && Folder.Has(own)) TryRemove(own);
    }

    // It stays behind, and is of no harm.
    private void TryRemove(string name)
    {
        try
        {
            gate.Remove(WritePoint.SecretsRemove, Folder, name);
        }
        catch (DiskError)
        {
            world.Situations.Reached("secrets stay behind");
        }
    }
}
