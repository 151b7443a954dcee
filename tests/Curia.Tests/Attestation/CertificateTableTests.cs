using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>The certificates that a host puts beside a report are read, and refused where the table is not
/// whole.</summary>
public sealed class CertificateTableTests
{
    internal const string Vcek = "63da758d-e664-4564-adc5-f4b93be8accd";
    internal const string Ask = "4ab7b379-bbac-4fe4-a02f-05aef327c782";
    private const string Ark = "c0b406a4-a803-4952-9743-3fb6014cd0ae";
    private const string Vlek = "a8074bc2-a25a-483e-aae6-39c045a0b8a1";
    private const string Crl = "92f81bc3-5811-4d3d-97ff-d19f88dc67ea";

    private static readonly byte[] leaf = [0x30, 1, 2];
    private static readonly byte[] signer = [0x30, 3];
    private static readonly byte[] root = [0x30, 4];
    private static readonly byte[] list = [0x30, 5];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_table_gives_the_chain_leaf_first_in_either_order_of_the_bytes_of_a_guid(bool bigEndian)
    {
        byte[] bytes = Table([(Ark, root), (Crl, list), (Ask, signer), (Vcek, leaf)], bigEndian);
        SnpCertificateTable table = Read(bytes);
        Assert.Equal([leaf, signer, root], table.Certificates.Select(one => one.ToArray()));
        Assert.Equal(list, table.RevocationList!.Value.ToArray());
    }

    [Fact]
    public void Certificates_may_be_PEM()
    {
        byte[] pem = Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", leaf) + "\n\0");
        Assert.Equal(leaf, Read(Table([(Vlek, pem)])).Certificates.Single().ToArray());
        byte[] two = [.. pem[..^1], .. pem];
        AssertRefused(Table([(Vlek, two)]));
        AssertRefused(Table([(Vlek, Encoding.ASCII.GetBytes(PemEncoding.WriteString("X509 CRL", leaf)))]));
        AssertRefused(Table([(Crl, pem)]));
    }

    [Fact]
    public void A_table_may_be_empty_or_have_entries_of_others()
    {
        Assert.Empty(Read([]).Certificates);
        Assert.Empty(Read(new byte[24]).Certificates);
        Assert.Empty(Read(new byte[4096]).Certificates);
        Assert.Empty(Read(Table([(Guid.NewGuid().ToString(), [])])).Certificates);

        // A chain that no leaf begins is of no use; the list stands by itself.
        SnpCertificateTable table = Read(Table([(Ask, signer), (Ark, root), (Crl, list)]));
        Assert.Empty(table.Certificates);
        Assert.NotNull(table.RevocationList);
        Assert.Null(Read(Table([(Vcek, leaf)])).RevocationList);
    }

    [Fact]
    public void A_table_that_is_not_whole_is_refused()
    {
        AssertRefused(new byte[SnpCertificateTable.SizeMax + 1]);
        AssertRefused([1]);
        AssertRefused(Table([(Vcek, leaf), (Vcek, leaf)]));
        AssertRefused(Table([(Vcek, [])]));
        AssertRefused(Table([.. Enumerable.Repeat((Guid.NewGuid().ToString(), leaf), 33)]));
        byte[] good = Table([(Vcek, leaf)]);
        AssertRefused(good[..^1]);
        AssertRefused(good[..24]);
        foreach ((uint offset, uint length) in (ReadOnlySpan<(uint, uint)>)
            [(0, 3), (47, 3), (48, 4), (51, 1), (52, 0), (uint.MaxValue, 3), (48, uint.MaxValue), (24, 1)])
        {
            byte[] bytes = [.. good];
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), offset);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(20), length);
            AssertRefused(bytes);
        }
    }

    internal static byte[] Table(IReadOnlyList<(string Guid, byte[] Content)> entries, bool bigEndian = true)
    {
        List<byte> head = [];
        List<byte> contents = [];
        foreach ((string guid, byte[] content) in entries)
        {
            head.AddRange(new Guid(guid).ToByteArray(bigEndian));
            head.AddRange(MadeOvmf.Words((uint)(((entries.Count + 1) * 24) + contents.Count), (uint)content.Length));
            contents.AddRange(content);
        }

        return [.. head, .. new byte[24], .. contents];
    }

    internal static byte[] TableOf(byte[] vcek, byte[] ask, byte[] ark) =>
        Table([(Vcek, vcek), (Ask, ask), (Ark, ark)]);

    private static SnpCertificateTable Read(byte[] bytes)
    {
        Assert.True(SnpCertificateTable.TryDecode(bytes, out SnpCertificateTable? table));
        return table!;
    }

    private static void AssertRefused(byte[] bytes)
    {
        Assert.False(SnpCertificateTable.TryDecode(bytes, out SnpCertificateTable? table));
        Assert.Null(table);
    }
}
