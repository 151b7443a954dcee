using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Looks at what a process seals for the next one: it must hold just what is needed to go on, and open on this
/// machine alone.</summary>
internal sealed class SecretsChecker(BlockChecker blocks, KeyUses uses, Situations situations)
{
    /// <summary>The epoch of the last secrets that were sealed.</summary>
    public KnownEpoch? Newest { get; private set; }

    public void Check(Effect.StoreSecrets store)
    {
        Require(!SealedSecrets.TryOpen(store.Bytes.Span, Platform.OtherSealingKey, out _), "open on another machine");
        if (!SealedSecrets.TryOpen(store.Bytes.Span, Platform.SealingKey, out SealedSecrets? secrets))
            throw new Violation(Rules.SecretsAreSealed, "they do not open where they were sealed");
        using (secrets)
        {
            SecretPeriod newest = secrets.Periods[^1];
            Require(store.FileName == SealedSecrets.FileName(newest.From, newest.ServiceKeyId), "have a wrong name");
            Require(newest.From.Value == (ulong)blocks.Entries.Count + 1, "are for an epoch elsewhere");
            Older(secrets);
            using SeededSigner serviceKey = new(secrets.ServiceKey);
            Require(
                Digest.Of(serviceKey.SubjectPublicKeyInfo.Span) == newest.ServiceKeyId, "hold another service key");
            uses.Born("node", secrets.NodeId.Value);
            uses.Born("service key", newest.ServiceKeyId);
            uses.Born("ledger secret", Digest.Of(newest.Secret.Reveal()));
            Newest = new KnownEpoch(newest.From, newest.ServiceKeyId, secrets.NodeId, newest.Secret);
            blocks.Hide(newest.Secret.Reveal().ToArray());
            blocks.Hide(secrets.ServiceKey.Reveal().ToArray());
            blocks.NothingPrivate(store.Bytes.Span, store.FileName);
        }
    }

    /// <summary>Looks for anything in clear on a disk.</summary>
    public void CheckDisk(VirtualDisk disk)
    {
        foreach (VirtualFolder folder in disk.Folders)
        {
            foreach ((string name, byte[] bytes) in VirtualDisk.Read(folder)) blocks.NothingPrivate(bytes, name);
            situations.Reached($"{folder.Name} folder searched for secrets");
        }
    }

    private void Older(SealedSecrets secrets)
    {
        IEnumerable<(SeqNo, Digest, Digest)> known = blocks.Epochs.Select(
            epoch => (epoch.First, epoch.ServiceKeyId, Digest.Of(epoch.SecretBytes)));
        IEnumerable<(SeqNo, Digest, Digest)> found = secrets.Periods.SkipLast(1).Select(
            period => (period.From, period.ServiceKeyId, Digest.Of(period.Secret.Reveal())));
        Require(known.SequenceEqual(found), "do not hold the secrets of the epochs before");
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds) throw new Violation(Rules.SecretsAreSealed, $"sealed secrets {problem}");
    }
}
