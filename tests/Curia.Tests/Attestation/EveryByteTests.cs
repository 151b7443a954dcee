using System;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>Every byte of evidence and of what vendors say of it counts: one that is another is refused, and nothing
/// throws. Where no signature covers a byte, its place has one form (docs/attestation.md, "Bytes that nobody
/// signs").</summary>
public sealed class EveryByteTests
{
    // One bit, the bit between upper and lower case, the highest bit, all bits.
    private static readonly byte[] patterns = [0x01, 0x20, 0x80, 0xFF];

    private const int RuntimeVersion = 32 + SnpReport.Size + 4;

    private sealed record Part(string Name, byte[] Bytes, Func<byte[], EndorsementCache?, AttestationResult> Appraise);

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Of_a_made_quote_and_its_collateral(int version)
    {
        MadeIntel made = new(version);
        byte[] quote = made.MakeQuote();
        IntelEndorsements all = made.Endorsements with
        {
            PckChain = MadeIntel.Pem(made.LeafDer, made.AuthorityDer, made.RootDer),
        };
        AssertEach(Parts(quote, all, (bytes, with, cache) => made.Appraise(bytes, with, cache: cache)));
    }

    [Theory]
    [InlineData("tdx/tdx-v5-gotdx", null)]
    [InlineData("sgx/sgx-v3-phala", TcbStatus.ConfigurationAndSwHardeningNeeded)]
    public void Of_a_genuine_quote_and_its_collateral(string path, TcbStatus? taken)
    {
        IntelCase vector = IntelCase.Read(path);
        TcbStatus[]? statuses = taken is { } status ? [status] : null;
        List<Part> parts = Parts(vector.Quote, vector.Endorsements, (bytes, with, cache) => vector.Appraise(
            IntelCollateral.All, quote: bytes, endorsements: with, cache: cache, statuses: statuses));
        AssertEach(parts[..1]);

        // Its collateral is of the same kinds for both, and read by the same code.
        AssertEach(parts[1..], step: taken is null ? 1 : 3);
    }

    [Theory]
    [InlineData("milan-v2-vcek-virtee", "ARK-Milan", "2026-01-01T00:00:00Z")]
    public void Of_a_genuine_report_and_its_certificates(string name, string list, string day)
    {
        SnpCase vector = SnpCase.Read(name);
        byte[] revoked = VectorFolder.ReadFile($"snp/crl/{list}.crl.der");
        DateTimeOffset at = DateTimeOffset.Parse(day, System.Globalization.CultureInfo.InvariantCulture);
        Dictionary<string, byte[]> files = ((string[])["report.bin", "leaf.der", "chain.pem"]).ToDictionary(
            file => file, file => vector.Optional(file)!);
        files["ark.crl.der"] = revoked;
        AssertEach([.. files.Select(file => new Part(file.Key, file.Value, (bytes, cache) => Appraise(
            new Dictionary<string, byte[]>(files) { [file.Key] = bytes }, cache)))]);

        AttestationResult Appraise(Dictionary<string, byte[]> with, EndorsementCache? cache)
        {
            EvidenceBundle bundle = new(file => with.TryGetValue(file, out byte[]? bytes)
                ? bytes
                : (ReadOnlyMemory<byte>?)null);
            Assert.True(bundle.TryGetSnp(out SnpEvidence? evidence, out SnpEndorsements? endorsements, out _));
            return SnpVerifier.Appraise(evidence!, endorsements!, ReferenceValues.None, SnpPolicy.Strict, at, cache);
        }
    }

    [Theory]
    [InlineData("tdx-v4-phala")]
    public void Of_a_genuine_quote_of_version_4(string name)
    {
        IntelCase vector = IntelCase.Read($"tdx/{name}");
        Part quote = new("quote", vector.Quote, (bytes, cache) => vector.Appraise(
            IntelCollateral.All, quote: bytes, endorsements: vector.Endorsements, cache: cache));
        AssertEach([quote], step: 3);
    }

    [Theory]
    [InlineData("milan-v3-vlek-aws-constellation", "report.bin")]
    [InlineData("milan-v2-vcek-azurecvm-coco", "hcl-report.bin")]
    public void Of_a_genuine_report_of_a_provider(string name, string file)
    {
        SnpCase vector = SnpCase.Read(name);
        Part report = new(file, vector.Optional(file)!, (bytes, cache) => SnpVerifier.Appraise(
            vector.Evidence with { Report = bytes, ReportApart = null }, vector.Endorsements, ReferenceValues.None,
            SnpPolicy.Standalone, vector.At, cache));

        // The paravisor's own words about its report are signed by nobody, and nothing is made of them.
        AssertEach([report], isFree: place => report.Name == "hcl-report.bin"
            && place is (>= 8 and < 32) or (>= RuntimeVersion and < RuntimeVersion + 4));
    }

    /// <summary>Of an endorsement only the time stamp beside its signature may be anything: what does not know it says
    /// nothing by it.</summary>
    [Theory]
    [InlineData("milan-v2-vcek-aci-kms")]
    public void Of_a_genuine_endorsement_all_but_its_time_stamp(string name)
    {
        SnpCase vector = SnpCase.Read(name);
        byte[] endorsement = vector.Optional("uvm_endorsements.cose")!;
        int start = endorsement.AsSpan().IndexOf("timestamp"u8) + "timestamp".Length;
        int size = BinaryPrimitives.ReadUInt16BigEndian(endorsement.AsSpan(start + 1));
        Part part = new("endorsement", endorsement, (bytes, cache) => SnpVerifier.Appraise(
            vector.Evidence, vector.Endorsements with { UvmEndorsement = bytes }, vector.Reference,
            SnpPolicy.Standalone, vector.At, cache));
        AssertEach([part], isFree: place => place >= start + 3 && place < start + 3 + size);
    }

    /// <summary>What stands around signed bytes has one form: each of its bytes, with many other values.</summary>
    [Fact]
    public void Bytes_that_nobody_signs_have_one_form()
    {
        MadeIntel made = new(5);
        byte[] quote = [.. made.MakeQuote(), 0, 0];
        int signed = made.SignedSize;
        int inner = signed + 4 + 128;
        int certification = inner + 6 + 384 + 64 + 2 + 32;
        IEnumerable<int> places = Enumerable.Range(signed, 4).Concat(Enumerable.Range(inner, 6))
            .Concat(Enumerable.Range(inner + 6 + 384 + 64, 2)).Concat(Enumerable.Range(certification, 6))
            .Concat([quote.Length - 2, quote.Length - 1]);
        byte[] pem = MadeIntel.Pem(made.LeafDer, made.AuthorityDer, made.RootDer);
        int chain = certification + 6;

        // The leaf and the first lines of the next certificate stand for all.
        int oneBlock = Array.IndexOf(pem, (byte)'\n', Array.LastIndexOf(pem, (byte)'-', pem.Length / 2)) + 1;
        places = places.Concat(Enumerable.Range(0, oneBlock).Where(i => !IsBase64(pem[i]) || IsArmour(pem, i))
            .Select(i => chain + i)).Append(chain + pem.Length - 1);
        EndorsementCache cache = new();
        Assert.Equal("", made.Appraise(quote, cache: cache).Reason);
        AssertEachValue(quote, places, bytes => made.Appraise(bytes, cache: cache));

        byte[] info = made.Endorsements.TcbInfo!.Value.ToArray();
        int end = info.Length - 144; // ,"signature":"…"}
        AssertEachValue(info, Enumerable.Range(0, 11).Concat(Enumerable.Range(end, 144)),
            bytes => made.Appraise(quote, made.Endorsements with { TcbInfo = bytes }, cache: cache));
        Assert.Equal("tcb-info-malformed",
            made.Appraise(quote, made.Endorsements with { TcbInfo = (byte[])[.. info, (byte)'\n'] }).Reason);
    }

    // Each bit, and what readers of text are used to skip.
    private static IEnumerable<byte> ValuesFor(byte value) => Enumerable.Range(0, 8)
        .Select(bit => (byte)(value ^ (1 << bit))).Concat("\0\t\n\v\f\r "u8.ToArray()).Where(other => other != value);

    private static bool IsBase64(byte value) =>
        char.IsAsciiLetterOrDigit((char)value) || value is (byte)'+' or (byte)'/';

    private static bool IsArmour(byte[] pem, int place)
    {
        int start = Array.LastIndexOf(pem, (byte)'\n', Math.Max(place - 1, 0)) + 1;
        return pem[start] == (byte)'-';
    }

    private static void AssertEachValue(byte[] bytes, IEnumerable<int> places, Func<byte[], AttestationResult> appraise)
    {
        ConcurrentBag<string> accepted = [];
        Parallel.ForEach(places.ToArray(), place =>
        {
            byte[] other = [.. bytes];
            foreach (byte value in ValuesFor(bytes[place]))
            {
                other[place] = value;
                AttestationResult result = appraise(other);
                if (result.Verdict == AttestationVerdict.Accepted || result.Reason.Length == 0)
                    accepted.Add($"byte {place} as {value}");
            }
        });
        Assert.Empty(accepted.Order(StringComparer.Ordinal));
    }

    private static List<Part> Parts(
        byte[] quote,
        IntelEndorsements all,
        Func<byte[], IntelEndorsements, EndorsementCache?, AttestationResult> appraise)
    {
        List<Part> parts = [new Part("quote", quote, (bytes, cache) => appraise(bytes, all, cache))];
        Add("PCK chain", all.PckChain, (with, bytes) => with with { PckChain = bytes });
        Add("root list", all.RootRevocationList, (with, bytes) => with with { RootRevocationList = bytes });
        Add("PCK list", all.PckRevocationList, (with, bytes) => with with { PckRevocationList = bytes });
        Add("QE identity", all.QeIdentity, (with, bytes) => with with { QeIdentity = bytes });
        Add("TCB info", all.TcbInfo, (with, bytes) => with with { TcbInfo = bytes });
        Add("TCB signing chain", all.TcbSigningChain, (with, bytes) => with with { TcbSigningChain = bytes });
        return parts;

        void Add(
            string name, ReadOnlyMemory<byte>? bytes, Func<IntelEndorsements, byte[], IntelEndorsements> with) =>
            parts.Add(new Part(
                name, bytes!.Value.ToArray(), (other, cache) => appraise(quote, with(all, other), cache)));
    }

    // With a cache, so that what is right is not verified again for each byte that is not, and so that it is shown not
    // to take one for the other.
    private static void AssertEach(IReadOnlyList<Part> parts, int step = 1, Func<int, bool>? isFree = null)
    {
        EndorsementCache cache = new();
        ConcurrentBag<string> wrong = [];
        foreach (Part part in parts)
        {
            Assert.Equal("", part.Appraise(part.Bytes, cache).Reason);
            Parallel.For(0, (part.Bytes.Length + step - 1) / step, index =>
            {
                int place = index * step;
                bool mayBeAnything = isFree?.Invoke(place) ?? false;
                if (mayBeAnything && place % 7 != 0) return; // that each seventh may be anything is shown enough
                byte[] other = [.. part.Bytes];
                other[place] ^= patterns[(place + (place / 7)) % patterns.Length];
                AttestationResult result = part.Appraise(other, cache);
                bool refused = result.Verdict == AttestationVerdict.Rejected && result.Reason.Length > 0
                    && result.Claims is null;
                if (refused == mayBeAnything) wrong.Add($"{part.Name}, byte {place}");
            });
        }

        Assert.Empty(wrong.Order(StringComparer.Ordinal));
    }
}
