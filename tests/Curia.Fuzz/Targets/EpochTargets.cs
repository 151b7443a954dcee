using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Fuzz.Targets;

/// <summary>What a process reads to go on from a ledger on disk: the entry that opens an epoch, and sealed
/// secrets.</summary>
internal static class EpochTargets
{
    private const string SealingLabel = "curia sealed secrets";
    private const int SaltSize = 32;

    private static readonly TxId txId = new(new View(6), new SeqNo(12));
    private static readonly SecretBytes sealingKey = new(new byte[32]);

    public static IEnumerable<FuzzTarget> All =>
    [
        new("epoch",
            ["EpochBlock.TryDecodePublic", "EpochBlock.TryFindWrites", "ServiceEndorsement.TryDecode"], TryEpoch),
        new("sealed", ["SealedSecrets.TryOpen", "SealedSecrets.TryImport", "LedgerSecret.TryUnwrap"], TrySealed),
    ];

    private static void TryEpoch(ReadOnlyMemory<byte> input)
    {
        if (ServiceEndorsement.TryDecode(input, out ServiceEndorsement? alone)) CheckEndorsement(alone, input);
        bool found = EpochBlock.TryFindWrites(input, out ReadOnlyMemory<byte> writes);
        if (!EpochBlock.TryDecodePublic(txId, input, out EpochBlock? epoch)) return;
        Must.Hold(found && writes.Span.SequenceEqual(epoch.PublicWrites.Span), "both ways to the writes lead there");
        Must.BeSame(Encode(epoch), input.Span, "epoch");
        CheckEndorsement(epoch.Endorsement, epoch.Endorsement.Bytes);
        Must.Hold(!epoch.Endorsement.IsFor(Reference.ServiceCertificate, epoch.ServiceCertificate),
            "the key of the reference ledger has endorsed nobody");
        Must.Hold(epoch.FindProblem(Reference.ServiceCertificate, Reference.Last, Reference.Blocks[^1].Signature.Root)
            is { Length: > 0 }, "no epoch goes on from the reference ledger");
        if (epoch.Endorsement.Continues != epoch.Continues || epoch.Endorsement.Root != epoch.Root) return;
        byte[] encoded = EpochBlock.EncodePublic(epoch.ServiceCertificate.Der.Span, epoch.Endorsement,
            epoch.PreviousCertificate.Der.Span, epoch.PublicWrites.Span);
        Must.BeSame(encoded, input.Span, "epoch that says one thing");
    }

    private static void CheckEndorsement(ServiceEndorsement endorsement, ReadOnlyMemory<byte> input)
    {
        Must.BeSame(endorsement.Bytes.Span, input.Span, "endorsement");
        Must.Hold(CoseSign1.TryDecode(input, out CoseSign1? cose) && cose!.Unprotected.Count == 0
            && cose.Payload is null, "an endorsement has a detached payload and nothing unprotected");
    }

    // docs/ledger-format.md, "Epoch", written down a second time.
    private static byte[] Encode(EpochBlock epoch)
    {
        using MemoryStream stream = new();
        Write(stream, sizeof(uint), (ulong)epoch.ServiceCertificate.Der.Length);
        stream.Write(epoch.ServiceCertificate.Der.Span);
        Write(stream, sizeof(ulong), epoch.Continues.View.Value);
        Write(stream, sizeof(ulong), epoch.Continues.SeqNo.Value);
        stream.Write(epoch.Root.ToArray());
        Write(stream, sizeof(ushort), (ulong)epoch.Endorsement.Bytes.Length);
        stream.Write(epoch.Endorsement.Bytes.Span);
        Write(stream, sizeof(ushort), (ulong)epoch.PreviousCertificate.Der.Length);
        stream.Write(epoch.PreviousCertificate.Der.Span);
        stream.Write(epoch.PublicWrites.Span);
        return stream.ToArray();
    }

    private static void Write(MemoryStream stream, int size, ulong number)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
        stream.Write(bytes.AsSpan(^size..));
    }

    // Only the platform can seal, so the input is sealed first: what is inside is read after a file was found genuine.
    private static void TrySealed(ReadOnlyMemory<byte> input)
    {
        Must.Hold(!SealedSecrets.TryOpen(input.Span, sealingKey, out _), "what was not sealed is not opened");
        Must.Hold(
            !Reference.Secret.TryUnwrap(new SeqNo(1), input.Span, out _), "what was not wrapped is not unwrapped");
        bool imported = SealedSecrets.TryImport(input.Span, out SealedSecrets? told);
        byte[] file = Seal(input.Span);
        bool opened = SealedSecrets.TryOpen(file, sealingKey, out SealedSecrets? secrets);
        Must.Hold(opened == imported, "what may stand inside of sealed secrets is what another node may tell");
        if (!opened || !imported) return;
        using (told)
        using (secrets)
        {
            using SecretBytes exported = told!.Export();
            Must.BeSame(exported.Reveal(), input.Span, "secrets that were told");
            Must.BeSame(secrets!.Seal(sealingKey, new NoEntropy()), file, "sealed secrets");
            Must.Hold(secrets.Periods.Count > 0, "sealed secrets are of a period");
            SeqNo[] starts = [.. secrets.Periods.Select(period => period.From)];
            Must.Hold(starts[0] > SeqNo.Zero && starts.Zip(starts.Skip(1)).All(pair => pair.First < pair.Second),
                "periods are in order");
            if (EcdsaSigner.TryOpen(secrets.ServiceKey, out EcdsaSigner? signer)) signer!.Dispose();
        }

        file[^1] ^= 1;
        Must.Hold(!SealedSecrets.TryOpen(file, sealingKey, out _), "what was changed is not opened");
    }

    private static byte[] Seal(ReadOnlySpan<byte> clear)
    {
        byte[] header = [.. SealedSecrets.Magic, SealedSecrets.FormatVersion, .. new byte[SaltSize]];
        byte[] file = new byte[header.Length + clear.Length + AeadKey.TagSize];
        header.CopyTo(file, 0);
        using SecretBytes derived = KeyDerivation.Derive(sealingKey, SealingLabel, header.AsSpan(^SaltSize..));
        using AeadKey key = new(derived);
        key.Seal(new byte[AeadKey.NonceSize], clear, header, file.AsSpan(header.Length, clear.Length),
            file.AsSpan(header.Length + clear.Length));
        return file;
    }

    private sealed class NoEntropy : Entropy
    {
        public override void Fill(Span<byte> target) => target.Clear();
    }
}
