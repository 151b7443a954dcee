using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Curia.Attestation;
using Curia.Evidence;
using Curia.Tests.Attestation;

namespace Curia.Tests.Evidence;

/// <summary>What collateral is called, where it is asked for, and when it expires.</summary>
public sealed class CollateralItemTests
{
    private static readonly MadeSnp made = Recorded.Made;

    [Fact]
    public void Paths_are_those_of_the_services()
    {
        SnpKeyName milan = new(SnpProcessor.Milan, new byte[] { 0xAB, 1 }, new SnpTcb(0, 3, 0, 20, 209));
        Assert.Equal("vcek/v1/Milan/ab01?blSPL=03&teeSPL=00&snpSPL=20&ucodeSPL=209", CollateralItem.AmdKey(milan).Path);
        Assert.Equal("amd-vcek-milan-ab01-0-3-0-20-209.der", CollateralItem.AmdKey(milan).File);
        SnpKeyName turin = new(SnpProcessor.Turin, new byte[] { 1 }, new SnpTcb(1, 2, 3, 4, 5));
        Assert.Equal("vcek/v1/Turin/01?fmcSPL=01&blSPL=02&teeSPL=03&snpSPL=04&ucodeSPL=05",
            CollateralItem.AmdKey(turin).Path);
        Assert.Equal("vlek/v1/Genoa/cert_chain", CollateralItem.AmdChain(SnpProcessor.Genoa, SnpKeyKind.Vlek).Path);
        Assert.Equal("vcek/v1/Milan/crl", CollateralItem.AmdRevocationList(SnpProcessor.Milan, SnpKeyKind.Vcek).Path);
        Assert.Equal("tdx/certification/v4/tcb?fmspc=B0C06F000000",
            CollateralItem.IntelTcbInfo(AttestationPlatform.Tdx, "b0c06f000000").Path);
        Assert.Equal("sgx/certification/v4/qe/identity", CollateralItem.IntelQeIdentity(AttestationPlatform.Sgx).Path);
        Assert.Equal("sgx/certification/v4/pckcrl?ca=platform&encoding=der",
            CollateralItem.IntelPckRevocationList(platformCa: true).Path);
        Assert.Equal("sgx/certification/v4/rootcacrl", CollateralItem.IntelRootRevocationList().Path);
    }

    [Fact]
    public void Names_are_told_apart_and_are_names_of_files()
    {
        CollateralItem[] all =
        [
            .. Enum.GetValues<SnpProcessor>().SelectMany(processor => Enum.GetValues<SnpKeyKind>().SelectMany(kind =>
                (CollateralItem[])[CollateralItem.AmdChain(processor, kind),
                    CollateralItem.AmdRevocationList(processor, kind)])),
            CollateralItem.AmdKey(new SnpKeyName(SnpProcessor.Milan, new byte[64], default)),
            CollateralItem.AmdKey(new SnpKeyName(SnpProcessor.Genoa, new byte[64], default)),
            CollateralItem.AmdKey(new SnpKeyName(SnpProcessor.Genoa, new byte[64], new SnpTcb(0, 1, 11, 0, 0))),
            CollateralItem.AmdKey(new SnpKeyName(SnpProcessor.Genoa, new byte[64], new SnpTcb(0, 11, 1, 0, 0))),
            CollateralItem.IntelRootRevocationList(),
            CollateralItem.IntelPckRevocationList(true), CollateralItem.IntelPckRevocationList(false),
            CollateralItem.IntelQeIdentity(AttestationPlatform.Tdx),
            CollateralItem.IntelQeIdentity(AttestationPlatform.Sgx),
            CollateralItem.IntelTcbInfo(AttestationPlatform.Tdx, "000000000000"),
            CollateralItem.IntelTcbInfo(AttestationPlatform.Sgx, "000000000000"),
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.All(all, item => Assert.Matches("^[a-zA-Z0-9-]+\\.(der|pem|crl|json)$", item.File));
        Assert.All(all, item => Assert.InRange(item.File.Length, 1, 240));
        Assert.InRange(all.Select(item => item.Kind).Distinct().Count(), 1, 10);
    }

    [Fact]
    public void What_is_no_name_is_refused()
    {
        foreach (string fmspc in (string[])["", "00", "00000000000g", "../../../etc", "0000000000000"])
            Assert.Throws<ArgumentException>(() => CollateralItem.IntelTcbInfo(AttestationPlatform.Tdx, fmspc));
        Assert.Throws<ArgumentException>(() => CollateralItem.IntelQeIdentity(AttestationPlatform.Snp));
    }

    [Fact]
    public void Collateral_expires_with_the_first_part_of_it()
    {
        CollateralItem key = CollateralItem.AmdKey(new SnpKeyName(SnpProcessor.Milan, made.ChipId, default));
        Assert.Equal(NotAfter(made.LeafDer), Read(key, made.LeafDer).Expires);
        byte[] early = made.MakeSigner(until: MadeSnp.Now.AddDays(3));
        CollateralItem chain = CollateralItem.AmdChain(SnpProcessor.Milan, SnpKeyKind.Vcek);
        Collateral read = Read(chain, Pem(early, made.RootDer));
        Assert.Equal(MadeSnp.Now.AddDays(3), read.Expires);
        Assert.Equal([early, made.RootDer], read.Certificates.Select(one => one.ToArray()));
        byte[] list = made.MakeRevocationList(nextUpdate: MadeSnp.Now.AddDays(5));
        CollateralItem crl = CollateralItem.AmdRevocationList(SnpProcessor.Milan, SnpKeyKind.Vcek);
        Assert.Equal(MadeSnp.Now.AddDays(5), Read(crl, list).Expires);
        Collateral fromDigits = Read(crl, Encoding.ASCII.GetBytes(Convert.ToHexString(list) + "\n"));
        Assert.Equal(list, fromDigits.Content.ToArray());
    }

    [Fact]
    public void A_statement_of_Intel_has_a_date_and_the_chain_of_its_signer()
    {
        CollateralItem item = CollateralItem.IntelTcbInfo(AttestationPlatform.Tdx, "b0c06f000000");
        byte[] json = Statement("tcbInfo", "2026-06-20T01:02:03Z");
        string chain = Encoding.ASCII.GetString(Pem(made.SignerDer, made.RootDer));
        Assert.True(Collateral.TryRead(item, json, chain, out Collateral? read));
        Assert.Equal(DateTimeOffset.Parse("2026-06-20T01:02:03Z", CultureInfo.InvariantCulture), read!.Expires);
        Assert.Equal(json, read.Content.ToArray());
        Assert.Equal(2, read.Certificates.Count);
        string early = Encoding.ASCII.GetString(Pem(made.MakeSigner(until: MadeSnp.Now.AddDays(1)), made.RootDer));
        Assert.True(Collateral.TryRead(item, json, early, out read));
        Assert.Equal(MadeSnp.Now.AddDays(1), read!.Expires);

        Assert.False(Collateral.TryRead(item, json, null, out _));
        Assert.False(Collateral.TryRead(item, json, "", out _));
        Assert.False(Collateral.TryRead(CollateralItem.IntelQeIdentity(AttestationPlatform.Tdx), json, chain, out _));
        foreach (byte[] wrong in (byte[][])
        [
            Statement("tcbInfo", "tomorrow"), Statement("tcbInfo", "2026-06-20"),
            Statement("x", "2026-06-20T01:02:03Z"),
            "[]"u8.ToArray(), "{"u8.ToArray(), "{\"tcbInfo\":{},\"signature\":\"00\"}"u8.ToArray(),
            "{\"tcbInfo\":{\"nextUpdate\":\"2026-06-20T01:02:03Z\"}}"u8.ToArray(),
            [.. json, (byte)'1'], json[..^1],
            Twice(json, "\"nextUpdate\":\"2026-06-20T01:02:03Z\""), Twice(json, "\"signature\":\"00\""),
            "{\"tcbInfo\":{\"nextUpdate\":1},\"signature\":\"00\"}"u8.ToArray(),
            "{\"tcbInfo\":{\"a\":{\"nextUpdate\":\"2026-06-20T01:02:03Z\"}},\"signature\":\"00\"}"u8.ToArray(),
            "{\"tcbInfo\":{\"nextUpdate\":\"2026-06-20T01:02:03Z\"},\"signature\":1}"u8.ToArray(),
        ])
        {
            Assert.False(Collateral.TryRead(item, wrong, chain, out _));
        }
    }

    /// <summary>Nobody has vouched for it when it comes, so it costs no more than its bytes do.</summary>
    [Fact]
    public void No_collateral_makes_its_reader_allocate_more_than_a_megabyte()
    {
        CollateralItem info = CollateralItem.IntelTcbInfo(AttestationPlatform.Tdx, "b0c06f000000");
        CollateralItem crl = CollateralItem.AmdRevocationList(SnpProcessor.Milan, SnpKeyKind.Vcek);
        CollateralItem chain = CollateralItem.AmdChain(SnpProcessor.Milan, SnpKeyKind.Vcek);
        Assert.Equal(IntelEndorsements.DocumentSizeMax, info.SizeMax);
        string pem = Encoding.ASCII.GetString(Pem(made.SignerDer, made.RootDer));
        string many = string.Join(',', Enumerable.Repeat("1", (info.SizeMax / 2) - 100));
        byte[] tokens = Encoding.ASCII.GetBytes($"{{\"a\":[{many}],{Encoding.ASCII.GetString(
            Statement("tcbInfo", "2026-06-20T01:02:03Z"))[1..]}");
        byte[] digits = Encoding.ASCII.GetBytes(new string('3', crl.SizeMax));
        byte[] lines = Encoding.ASCII.GetBytes(
            string.Concat(Enumerable.Repeat("-----BEGIN CERTIFICATE-----\n", chain.SizeMax / 28)));
        (CollateralItem Item, byte[] Bytes)[] hostile =
        [
            (info, tokens), (info, new byte[info.SizeMax]), (info, new byte[info.SizeMax + 1]),
            (crl, digits), (crl, new byte[crl.SizeMax]), (chain, lines),
        ];
        foreach (int round in (int[])[0, 1]) // what is allocated once is not counted
        {
            foreach ((CollateralItem item, byte[] bytes) in hostile)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                bool read = Collateral.TryRead(item, bytes, pem, out _);
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.Equal(ReferenceEquals(bytes, tokens), read);
                if (round > 0) Assert.InRange(allocated, 0, 1024 * 1024);
            }
        }
    }

    /// <summary>What is collected is what travels: a policy and an endorsement of the largest size fit
    /// together.</summary>
    [Fact]
    public void What_a_machine_collects_is_within_the_bounds_of_evidence()
    {
        AttesterEvidence files = new MachineEvidence
        {
            Platform = AttestationPlatform.Snp,
            Report = made.MakeReport(),
            Certificates = [made.LeafDer, made.SignerDer, made.RootDer],
            RevocationList = made.RevocationList,
            UvmEndorsement = new byte[UvmEndorsement.SizeMax],
            ContainerPolicy = new byte[MachineEvidence.PolicySizeMax],
        }.ToFiles();
        Assert.True(files.IsBounded);
        Assert.True(CollateralItem.IntelRootRevocationList().SizeMax <= RevocationList.SizeMax);
    }

    private static byte[] Twice(byte[] json, string member) => Encoding.ASCII.GetBytes(
        Encoding.ASCII.GetString(json).Replace(member, $"{member},{member}", StringComparison.Ordinal));

    [Fact]
    public void What_is_something_else_is_not_collateral()
    {
        CollateralItem key = CollateralItem.AmdKey(new SnpKeyName(SnpProcessor.Milan, made.ChipId, default));
        CollateralItem chain = CollateralItem.AmdChain(SnpProcessor.Milan, SnpKeyKind.Vcek);
        CollateralItem crl = CollateralItem.AmdRevocationList(SnpProcessor.Milan, SnpKeyKind.Vcek);
        foreach (byte[] wrong in (byte[][])[[], [1], "<html>"u8.ToArray(), "00"u8.ToArray(), made.MakeReport()])
        {
            foreach (CollateralItem item in (CollateralItem[])[key, chain, crl])
                Assert.False(Collateral.TryRead(item, wrong, null, out _));
        }

        Assert.False(Collateral.TryRead(key, made.RevocationList, null, out _));
        Assert.False(Collateral.TryRead(crl, made.LeafDer, null, out _));
        Assert.False(Collateral.TryRead(crl, new byte[crl.SizeMax + 1], null, out _));
        Assert.False(Collateral.TryRead(key, (byte[])[.. made.LeafDer, 0], null, out _));
    }

    public static TheoryData<string> Genuine => ["tdx-v4-phala", "tdx-v5-gotdx"];

    [Theory]
    [MemberData(nameof(Genuine))]
    public void Genuine_collateral_of_Intel_is_read(string name)
    {
        string folder = $"tdx/{name}/collateral";
        string chain = Encoding.ASCII.GetString(VectorFolder.ReadFile($"{folder}/tcb_signing_chain.pem"));
        foreach ((string file, CollateralItem item) in (IEnumerable<(string, CollateralItem)>)
        [
            ("tcb_info.json", CollateralItem.IntelTcbInfo(AttestationPlatform.Tdx, "000000000000")),
            ("qe_identity.json", CollateralItem.IntelQeIdentity(AttestationPlatform.Tdx)),
            ("pck_crl.der", CollateralItem.IntelPckRevocationList(platformCa: true)),
            ("root_ca_crl.der", CollateralItem.IntelRootRevocationList()),
        ])
        {
            byte[] bytes = VectorFolder.ReadFile($"{folder}/{file}");
            Assert.True(Collateral.TryRead(item, bytes, chain, out Collateral? read), file);
            Assert.InRange(read!.Expires.Year, 2020, 2050);
        }
    }

    internal static byte[] Pem(params byte[][] certificates) => Encoding.ASCII.GetBytes(
        string.Join('\n', certificates.Select(der => PemEncoding.WriteString("CERTIFICATE", der))) + "\n");

    internal static byte[] Statement(string name, string nextUpdate) => Encoding.ASCII.GetBytes(
        $"{{\"{name}\":{{\"version\":3,\"nextUpdate\":\"{nextUpdate}\"}},\"signature\":\"00\"}}");

    private static Collateral Read(CollateralItem item, byte[] content)
    {
        Assert.True(Collateral.TryRead(item, content, null, out Collateral? read));
        return read!;
    }

    private static DateTimeOffset NotAfter(byte[] der)
    {
        Assert.True(VendorCertificate.TryDecode(der, out VendorCertificate? certificate));
        return certificate!.NotAfter;
    }
}
