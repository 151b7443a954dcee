using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>A period of the ledger with its secret.</summary>
/// <param name="From">The first seqno.</param>
/// <param name="ServiceKeyId">SHA-256 of the SubjectPublicKeyInfo of the service key of its epoch.</param>
/// <param name="Secret">The ledger secret.</param>
public sealed record SecretPeriod(SeqNo From, Digest ServiceKeyId, SecretBytes Secret);

/// <summary>What a process must know to go on from its disk, sealed by its platform: only the same code on the same
/// machine opens it.</summary>
/// <remarks>Sealing has no protection against older copies: a fork cannot be prevented by it, only be seen (DESIGN 6,
/// "Epochs"). docs/ledger-format.md, "Sealed secrets".</remarks>
public sealed class SealedSecrets : IDisposable
{
    /// <summary>The version of the format that this code writes and reads.</summary>
    public const byte FormatVersion = 1;

    /// <summary>The most periods: a restart each minute for more than a month.</summary>
    public const int PeriodsMax = 65_536;

    /// <summary>The largest file.</summary>
    public const int BytesMax = HeaderSize + Digest.Size + 2 + ushort.MaxValue + 4 + PeriodsMax * PeriodSize
        + AeadKey.TagSize;

    private const int SaltSize = 32;
    private const int HeaderSize = 8 + 1 + SaltSize;
    private const int PeriodSize = sizeof(ulong) + Digest.Size + LedgerSecret.Size;
    private const string Label = "curia sealed secrets";
    private const string Prefix = "sealed_";

    /// <summary>Takes over service key and periods, which are cleared with this object.</summary>
    /// <param name="nodeId">The node that sealed.</param>
    /// <param name="serviceKey">The private service key, PKCS #8.</param>
    /// <param name="periods">All periods in order, the last one that of the epoch.</param>
    /// <exception cref="InvariantException">The periods are not in order, none or too many.</exception>
    public SealedSecrets(NodeId nodeId, SecretBytes serviceKey, IReadOnlyList<SecretPeriod> periods)
    {
        ArgumentNullException.ThrowIfNull(serviceKey);
        ArgumentNullException.ThrowIfNull(periods);
        Invariant.Holds(periods.Count is > 0 and <= PeriodsMax && serviceKey.Length <= ushort.MaxValue,
            $"{periods.Count} periods cannot be sealed");
        for (int i = 1; i < periods.Count; i++)
            Invariant.Holds(periods[i - 1].From < periods[i].From, "periods are sealed in order");
        NodeId = nodeId;
        ServiceKey = serviceKey;
        Periods = periods;
    }

    /// <summary>The first eight bytes of each file.</summary>
    public static ReadOnlySpan<byte> Magic => "CURIASEC"u8;

    /// <summary>The node that sealed.</summary>
    public NodeId NodeId { get; }

    /// <summary>The private service key of the epoch, PKCS #8.</summary>
    public SecretBytes ServiceKey { get; }

    /// <summary>All periods of the ledger in order; the last one is that of the epoch.</summary>
    public IReadOnlyList<SecretPeriod> Periods { get; }

    /// <summary>The name of the file for an epoch.</summary>
    /// <param name="from">The epoch's first seqno.</param>
    /// <param name="serviceKeyId">SHA-256 of the SubjectPublicKeyInfo of its service key.</param>
    public static string FileName(SeqNo from, Digest serviceKeyId) => $"{Prefix}{from}_{serviceKeyId}";

    /// <summary>Whether a file name is one of these.</summary>
    public static bool IsFileName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string[] parts = name.Split('_');
        return parts.Length == 3 && ulong.TryParse(parts[1], out ulong from)
            && Digest.TryParseHex(parts[2], out Digest id) && FileName(new SeqNo(from), id) == name;
    }

    /// <summary>Seals under a key of the platform.</summary>
    /// <param name="sealingKey">From the platform; the same one opens.</param>
    /// <param name="entropy">Gives the salt.</param>
    public byte[] Seal(SecretBytes sealingKey, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        using SecretBytes clear = Export();
        byte[] file = new byte[HeaderSize + clear.Length + AeadKey.TagSize];
        Magic.CopyTo(file);
        file[Magic.Length] = FormatVersion;
        entropy.Fill(file.AsSpan(HeaderSize - SaltSize, SaltSize));
        using AeadKey key = KeyOf(sealingKey, file);
        key.Seal(SingleUseNonce, clear.Reveal(), file.AsSpan(0, HeaderSize), file.AsSpan(HeaderSize, clear.Length),
            file.AsSpan(HeaderSize + clear.Length));
        return file;
    }

    /// <summary>All of it in clear, for another trusted node, over an attested channel.</summary>
    public SecretBytes Export()
    {
        int size = Digest.Size + sizeof(ushort) + ServiceKey.Length + sizeof(uint) + Periods.Count * PeriodSize;
        byte[] clear = GC.AllocateArray<byte>(size, pinned: true);
        try
        {
            ByteWriter writer = new(clear);
            writer.Digest(NodeId.Value);
            writer.U16((ushort)ServiceKey.Length);
            writer.Bytes(ServiceKey.Reveal());
            writer.U32((uint)Periods.Count);
            foreach (SecretPeriod period in Periods)
            {
                writer.U64(period.From.Value);
                writer.Digest(period.ServiceKeyId);
                writer.Bytes(period.Secret.Reveal());
            }

            return new SecretBytes(clear);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <summary>Reads what <see cref="Export"/> gave.</summary>
    /// <returns>False for any other bytes.</returns>
    public static bool TryImport(ReadOnlySpan<byte> clear, [NotNullWhen(true)] out SealedSecrets? secrets) =>
        TryRead(clear, out secrets);

    /// <summary>Opens a file that <see cref="Seal"/> could have made.</summary>
    /// <returns>False when the key is another, any byte was changed, or the bytes are something else.</returns>
    public static bool TryOpen(
        ReadOnlySpan<byte> file, SecretBytes sealingKey, [NotNullWhen(true)] out SealedSecrets? secrets)
    {
        secrets = null;
        if (file.Length is < HeaderSize + AeadKey.TagSize or > BytesMax || !file.StartsWith(Magic)
            || file[Magic.Length] != FormatVersion)
        {
            return false;
        }

        byte[] clear = GC.AllocateArray<byte>(file.Length - HeaderSize - AeadKey.TagSize, pinned: true);
        try
        {
            using AeadKey key = KeyOf(sealingKey, file);
            return key.TryOpen(SingleUseNonce, file[HeaderSize..^AeadKey.TagSize], file[^AeadKey.TagSize..],
                file[..HeaderSize], clear) && TryRead(clear, out secrets);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ServiceKey.Dispose();
        foreach (SecretPeriod period in Periods) period.Secret.Dispose();
    }

    // The salt makes a key of its own for each file, so one nonce serves all.
    private static ReadOnlySpan<byte> SingleUseNonce => new byte[AeadKey.NonceSize];

    private static AeadKey KeyOf(SecretBytes sealingKey, ReadOnlySpan<byte> file)
    {
        using SecretBytes key =
            KeyDerivation.Derive(sealingKey, Label, file.Slice(HeaderSize - SaltSize, SaltSize));
        return new AeadKey(key);
    }

    private static bool TryRead(ReadOnlySpan<byte> clear, [NotNullWhen(true)] out SealedSecrets? secrets)
    {
        secrets = null;
        ByteReader reader = new(clear);
        NodeId nodeId = new(reader.Digest());
        ReadOnlySpan<byte> serviceKey = reader.Bytes(reader.U16());
        uint count = reader.U32();
        if (reader.Failed || count is 0 or > PeriodsMax || clear.Length - reader.Offset != count * PeriodSize)
            return false;
        List<SecretPeriod> periods = new((int)count);
        for (uint i = 0; i < count; i++)
        {
            SecretPeriod period =
                new(new SeqNo(reader.U64()), reader.Digest(), new SecretBytes(reader.Bytes(LedgerSecret.Size)));
            periods.Add(period);
            if (period.From != SeqNo.Zero && (i == 0 || periods[^2].From < period.From)) continue;
            periods.ForEach(read => read.Secret.Dispose());
            return false;
        }

        secrets = new SealedSecrets(nodeId, new SecretBytes(serviceKey), periods);
        return true;
    }
}
