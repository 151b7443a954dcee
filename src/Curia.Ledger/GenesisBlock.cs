using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The first block of a ledger: genesis at seqno 1 and the signature transaction at seqno 2. Its digest is the
/// name of the network.</summary>
/// <remarks>The certificate stands before the write set, so that an auditor finds the service key without knowing any
/// map. docs/ledger-format.md, "Genesis".</remarks>
public sealed class GenesisBlock
{
    private GenesisBlock(Block block, Certificate serviceCertificate, ReadOnlyMemory<byte> publicWrites)
    {
        Block = block;
        ServiceCertificate = serviceCertificate;
        PublicWrites = publicWrites;
        Digest = block.Digest;
    }

    /// <summary>The block itself.</summary>
    public Block Block { get; }

    /// <summary>The certificate of the service identity.</summary>
    public Certificate ServiceCertificate { get; }

    /// <summary>The public part of the first write set.</summary>
    public ReadOnlyMemory<byte> PublicWrites { get; }

    /// <summary>The name of the network: SHA-256 of the block.</summary>
    public Digest Digest { get; }

    /// <summary>The public part of the genesis entry: the size of the certificate, the certificate, the write
    /// set.</summary>
    public static byte[] EncodePublic(ReadOnlySpan<byte> serviceCertificateDer, ReadOnlySpan<byte> publicWrites)
    {
        byte[] bytes = new byte[sizeof(uint) + serviceCertificateDer.Length + publicWrites.Length];
        ByteWriter writer = new(bytes);
        writer.U32((uint)serviceCertificateDer.Length);
        writer.Bytes(serviceCertificateDer);
        writer.Bytes(publicWrites);
        return bytes;
    }

    /// <summary>Splits the public part of a genesis entry.</summary>
    public static bool TryDecodePublic(
        ReadOnlyMemory<byte> bytes, out Certificate? serviceCertificate, out ReadOnlyMemory<byte> publicWrites)
    {
        serviceCertificate = null;
        publicWrites = default;
        if (bytes.Length < sizeof(uint)) return false;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes.Span);
        ReadOnlyMemory<byte> rest = bytes[sizeof(uint)..];
        if (length > (uint)rest.Length || !Certificate.TryFromDer(rest.Span[..(int)length], out serviceCertificate))
            return false;
        publicWrites = rest[(int)length..];
        return true;
    }

    /// <summary>Reads the first block of a ledger. Verifies no signature.</summary>
    /// <returns>False for any other block.</returns>
    public static bool TryRead(Block block, [NotNullWhen(true)] out GenesisBlock? genesis)
    {
        ArgumentNullException.ThrowIfNull(block);
        genesis = null;
        if (block.First.Value != 1 || block.Entries.Length != 2
            || !TryDecodePublic(block.Entries[0].Public, out Certificate? certificate, out ReadOnlyMemory<byte> writes)
            || certificate is null)
        {
            return false;
        }

        genesis = new GenesisBlock(block, certificate, writes);
        return true;
    }
}
