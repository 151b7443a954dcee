using System.Collections.Generic;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

public sealed class LedgerAuditTests
{
    [Fact]
    public void A_whole_ledger_is_verified_from_its_files_alone()
    {
        using SampleLedger ledger = SampleLedger.Written();
        AuditReport report = SampleLedger.Audit(ledger.Files());
        Assert.Empty(report.Problems);
        Assert.True(report.Ok);
        Assert.False(report.Anchored);
        Assert.Equal(new SeqNo(1), report.FirstSeqNo);
        Assert.Equal(ledger.Last, report.LastTxId);
        Assert.Equal(ledger.Last.SeqNo.Value, report.Transactions);
        Assert.Equal(4ul, report.Signatures);
        Assert.Equal(ledger.GenesisDigest, report.GenesisDigest);
        Assert.Equal(ledger.ServiceCertificate.Fingerprint, report.ServiceCertificate!.Fingerprint);
    }

    [Fact]
    public void Every_changed_byte_is_refused_with_a_reason()
    {
        using SampleLedger ledger = SampleLedger.Written();
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        for (int file = 0; file < files.Count; file++)
        {
            byte[] bytes = files[file].Bytes;
            // A prime step visits other fields in each block; the last block is visited byte by byte, for nothing after
            // it would notice.
            int last = file == files.Count - 1 ? bytes.Length - ledger.Blocks[^1].Bytes.Length : bytes.Length;
            for (int i = 0; i < bytes.Length; i += i < last ? 37 : 1)
            {
                byte kept = bytes[i];
                bytes[i] ^= (byte)(1 << (i % 8));
                AuditReport report = SampleLedger.Audit(files);
                Assert.False(report.Ok, $"a change at {i} of {files[file].Name} was not seen");
                Assert.All(report.Problems, problem => Assert.NotEmpty(problem.Reason));
                bytes[i] = kept;
            }
        }
    }
}
