using System;
using System.Formats.Asn1;
using System.Linq;
using System.Text;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>Whatever is sent, an appraisal allocates little: lengths are compared with the bytes that there are, and
/// nothing is read before somebody has vouched for it.</summary>
public sealed class HostileInputTests
{
    private const long AllocatedMax = 1024 * 1024;
    private const int DocumentSizeMax = 128 * 1024;

    private static readonly MadeIntel tdx = new(5);
    private static readonly byte[] quote = tdx.MakeQuote();

    [Fact]
    public void No_input_makes_an_appraisal_allocate_more_than_a_megabyte()
    {
        IntelEndorsements right = tdx.Endorsements;
        tdx.Appraise(quote); // what is allocated once is not counted
        byte[] nested = Encoding.ASCII.GetBytes(new string('[', DocumentSizeMax));
        byte[] objects = Encoding.ASCII.GetBytes("{\"tcbInfo\":{\"a\":[" + string.Join(',', Enumerable.Repeat(
            "1", 60_000)) + "]},\"signature\":\"" + new string('0', 128) + "\"}");
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("-----BEGIN CERTIFICATE-----\n", 1200)));
        byte[] long64 = MadeIntel.Pem(new byte[20_000], new byte[10_000], new byte[6_000]);
        byte[] huge = new byte[8 * 1024 * 1024];
        foreach (byte[] bytes in (byte[][])
            [nested, objects, text, long64, huge, HostileList(), HostileExtensions(), new byte[RevocationList.SizeMax]])
        {
            AssertSmall(quote, right with { TcbInfo = bytes });
            AssertSmall(quote, right with { QeIdentity = bytes });
            AssertSmall(quote, right with { TcbSigningChain = bytes });
            AssertSmall(quote, right with { RootRevocationList = bytes });
            AssertSmall(quote, right with { PckRevocationList = bytes });
            AssertSmall(quote, right with { PckChain = bytes });
            AssertSmall(bytes, right);
            AssertSmall(tdx.MakeQuote(certification: bytes), right);
        }
    }

    private static void AssertSmall(byte[] evidence, IntelEndorsements endorsements)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        AttestationResult result = tdx.Appraise(evidence, endorsements);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.NotEqual("", result.Reason);
        Assert.InRange(allocated, 0, AllocatedMax);
    }

    [Fact]
    public void Nor_does_evidence_of_SEV_SNP()
    {
        MadeSnp snp = new(SnpProcessor.Genoa);
        byte[] report = snp.MakeReport();
        SnpEndorsements right = snp.Endorsements;
        MadeUvm uvm = new();
        Measurement measured = new(report.AsSpan(0x90, 48));
        string long64 = "{\"a\":[" + string.Join(',', Enumerable.Repeat("1", 60_000)) + "]}";
        foreach (byte[] bytes in (byte[][])
            [
                HostileList(), HostileExtensions(), new byte[RevocationList.SizeMax], new byte[8 * 1024 * 1024],
                uvm.Endorse(measured, payload: long64), uvm.Endorse(measured, payload: new string('[', 100_000)),
            ])
        {
            AssertSmall(bytes, right);
            AssertSmall(report, right with { Leaf = bytes });
            AssertSmall(report, right with { Chain = [bytes, bytes] });
            AssertSmall(report, right with { Chain = [.. Enumerable.Repeat((ReadOnlyMemory<byte>)bytes, 1000)] });
            AssertSmall(report, right with { RevocationList = bytes });
            AssertSmall(report, right with { UvmEndorsement = bytes });
        }

        void AssertSmall(byte[] evidence, SnpEndorsements endorsements)
        {
            ReferenceValues reference = new() { MeasurementEndorsers = [uvm.Endorser] };
            long before = GC.GetAllocatedBytesForCurrentThread();
            AttestationResult result = snp.Appraise(evidence, endorsements, reference);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.NotEqual("", result.Reason);
            Assert.InRange(allocated, 0, AllocatedMax);
        }
    }

    // As many entries as fit, each of the fewest bytes, under the authority's name and without its signature.
    private static byte[] HostileList() => ListOf(22_000, entry =>
    {
        entry.WriteInteger(1);
        entry.WriteUtcTime(MadeIntel.Now, 2049);
    });

    private static byte[] HostileExtensions() => ListOf(9_000, entry =>
    {
        entry.WriteInteger(1);
        entry.WriteUtcTime(MadeIntel.Now, 2049);
        using AsnWriter.Scope extensions = entry.PushSequence();
        using AsnWriter.Scope extension = entry.PushSequence();
        entry.WriteObjectIdentifier("2.5.29.21");
        entry.WriteOctetString([10, 1, 1]);
    });

    private static byte[] ListOf(int count, Action<AsnWriter> writeEntry)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteInteger(1);
                WriteAlgorithm(writer);
                writer.WriteEncodedValue(new System.Security.Cryptography.X509Certificates.X500DistinguishedName(
                    MadeIntel.AuthorityName).RawData);
                writer.WriteUtcTime(MadeIntel.Now.AddDays(-1), 2049);
                writer.WriteUtcTime(MadeIntel.Now.AddDays(1), 2049);
                using AsnWriter.Scope entries = writer.PushSequence();
                for (int i = 0; i < count; i++)
                {
                    using AsnWriter.Scope entry = writer.PushSequence();
                    writeEntry(writer);
                }
            }

            WriteAlgorithm(writer);
            writer.WriteBitString(new byte[70]);
        }

        return writer.Encode();
    }

    private static void WriteAlgorithm(AsnWriter writer)
    {
        using AsnWriter.Scope algorithm = writer.PushSequence();
        writer.WriteObjectIdentifier("1.2.840.10045.4.3.2");
    }
}
