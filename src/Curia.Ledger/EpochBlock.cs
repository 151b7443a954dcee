using System;
using System.Diagnostics.CodeAnalysis;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The first block of a process that goes on from a ledger on disk: the new service identity, where it goes
/// on, and what older and newer key say of each other. Entry of type 3 and signature transaction, nothing
/// else.</summary>
/// <remarks>Immutable; any thread. DESIGN 6, "Epochs"; docs/ledger-format.md, "Epoch".</remarks>
public sealed class EpochBlock
{
    private EpochBlock(
        TxId txId, Certificate service, TxId continues, Digest root, ServiceEndorsement endorsement,
        Certificate previous, ReadOnlyMemory<byte> publicWrites)
    {
        TxId = txId;
        ServiceCertificate = service;
        Continues = continues;
        Root = root;
        Endorsement = endorsement;
        PreviousCertificate = previous;
        PublicWrites = publicWrites;
    }

    /// <summary>The views of an epoch begin so much above the last view of the epoch before, so that a view shows where
    /// it belongs (as after a recovery in CCF); or a multiple of it, where an attempt to open one came to
    /// nothing.</summary>
    public const ulong ViewStep = 2;

    /// <summary>Whether an epoch may begin in a view.</summary>
    /// <param name="view">The view.</param>
    /// <param name="last">The last view before it.</param>
    public static bool MayBegin(View view, View last) =>
        view > last && (view.Value - last.Value) % ViewStep == 0;

    /// <summary>The epoch's first transaction.</summary>
    public TxId TxId { get; }

    /// <summary>The service identity from here on.</summary>
    public Certificate ServiceCertificate { get; }

    /// <summary>The signature transaction that the epoch goes on from.</summary>
    public TxId Continues { get; }

    /// <summary>The root that it signs.</summary>
    public Digest Root { get; }

    /// <summary>The older service key speaks for the newer one.</summary>
    public ServiceEndorsement Endorsement { get; }

    /// <summary>The newer service key speaks for the older one: the older key, certified by the newer.</summary>
    public Certificate PreviousCertificate { get; }

    /// <summary>The public part of the epoch's write set.</summary>
    public ReadOnlyMemory<byte> PublicWrites { get; }

    /// <summary>The public part of an epoch entry.</summary>
    /// <param name="serviceCertificateDer">The certificate of the new service key.</param>
    /// <param name="endorsement">Made by the older key; it names where the epoch goes on.</param>
    /// <param name="previousCertificateDer">The older key, certified by the newer one.</param>
    /// <param name="publicWrites">The public part of the write set.</param>
    public static byte[] EncodePublic(
        ReadOnlySpan<byte> serviceCertificateDer, ServiceEndorsement endorsement,
        ReadOnlySpan<byte> previousCertificateDer, ReadOnlySpan<byte> publicWrites)
    {
        ArgumentNullException.ThrowIfNull(endorsement);
        byte[] bytes = new byte[sizeof(uint) + serviceCertificateDer.Length + 2 * sizeof(ulong) + Digest.Size
            + 2 * sizeof(ushort) + endorsement.Bytes.Length + previousCertificateDer.Length + publicWrites.Length];
        ByteWriter writer = new(bytes);
        writer.U32((uint)serviceCertificateDer.Length);
        writer.Bytes(serviceCertificateDer);
        writer.U64(endorsement.Continues.View.Value);
        writer.U64(endorsement.Continues.SeqNo.Value);
        writer.Digest(endorsement.Root);
        writer.U16(checked((ushort)endorsement.Bytes.Length));
        writer.Bytes(endorsement.Bytes.Span);
        writer.U16(checked((ushort)previousCertificateDer.Length));
        writer.Bytes(previousCertificateDer);
        writer.Bytes(publicWrites);
        return bytes;
    }

    /// <summary>Finds the write set in the public part of an epoch entry, without looking at the rest.</summary>
    public static bool TryFindWrites(ReadOnlyMemory<byte> bytes, out ReadOnlyMemory<byte> publicWrites)
    {
        ByteReader reader = new(bytes.Span);
        reader.Bytes((int)Math.Min(reader.U32(), int.MaxValue));
        reader.Bytes(2 * sizeof(ulong) + Digest.Size);
        reader.Bytes(reader.U16());
        reader.Bytes(reader.U16());
        publicWrites = reader.Failed ? default : bytes[reader.Offset..];
        return !reader.Failed;
    }

    /// <summary>Reads a block that opens an epoch. Verifies no signature.</summary>
    /// <returns>False for any other block.</returns>
    public static bool TryRead(Block block, [NotNullWhen(true)] out EpochBlock? epoch)
    {
        ArgumentNullException.ThrowIfNull(block);
        epoch = null;
        LedgerEntry entry = block.Entries[0];
        return entry.Type == EntryType.Epoch && TryDecodePublic(entry.TxId, entry.Public, out epoch);
    }

    /// <summary>Reads the public part of an epoch entry. Verifies no signature.</summary>
    /// <param name="txId">The entry's place.</param>
    /// <param name="bytes">Its public part; kept.</param>
    /// <param name="epoch">The epoch, or null.</param>
    public static bool TryDecodePublic(
        TxId txId, ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out EpochBlock? epoch)
    {
        epoch = null;
        ByteReader reader = new(bytes.Span);
        ReadOnlySpan<byte> service = reader.Bytes((int)Math.Min(reader.U32(), int.MaxValue));
        TxId continues = new(new View(reader.U64()), new SeqNo(reader.U64()));
        Digest root = reader.Digest();
        int endorsementLength = reader.U16();
        ReadOnlyMemory<byte> endorsementBytes = reader.Bytes(endorsementLength).Length == endorsementLength
            ? bytes.Slice(reader.Offset - endorsementLength, endorsementLength)
            : default;
        ReadOnlySpan<byte> previous = reader.Bytes(reader.U16());
        if (reader.Failed || !Certificate.TryFromDer(service, out Certificate? newer)
            || !Certificate.TryFromDer(previous, out Certificate? older)
            || !ServiceEndorsement.TryDecode(endorsementBytes, out ServiceEndorsement? endorsement))
        {
            return false;
        }

        epoch = new EpochBlock(txId, newer!, continues, root, endorsement, older!, bytes[reader.Offset..]);
        return true;
    }

    /// <summary>What is wrong with an epoch that follows what is known to be right; null when nothing is.</summary>
    /// <param name="previous">The service certificate before.</param>
    /// <param name="last">The signature transaction before.</param>
    /// <param name="root">The root that it signs.</param>
    public string? FindProblem(Certificate previous, TxId last, Digest root)
    {
        ArgumentNullException.ThrowIfNull(previous);
        if (Continues != last) return $"the epoch {TxId} goes on from {Continues}, and {last} is before it";
        if (Root != root) return $"the epoch {TxId} goes on from another root than the one that {last} signs";
        if (!MayBegin(TxId.View, last.View))
        {
            ulong usual = last.View.Value + ViewStep;
            return $"the epoch {TxId} is not in the view {usual}, or a multiple of {ViewStep} above";
        }

        if (Endorsement.Continues != Continues || Endorsement.Root != Root
            || !Endorsement.IsFor(previous, ServiceCertificate))
            return $"the service key before the epoch {TxId} did not endorse its service key";
        if (!ServiceCertificate.IsIssuedBy(ServiceCertificate))
            return $"the service certificate of the epoch {TxId} is not signed with its own key";
        return PreviousCertificate.KeyDigest == previous.KeyDigest && PreviousCertificate.IsIssuedBy(ServiceCertificate)
            ? null
            : $"the service key of the epoch {TxId} did not certify the one before";
    }
}
