using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace Curia.Fuzz.Seeding;

/// <summary>The inputs that a fuzzer begins with.</summary>
internal static class Seeds
{
    /// <summary>Writes a folder for each target.</summary>
    public static void WriteAll(string folder)
    {
        foreach ((string target, List<byte[]> inputs) in All())
        {
            string own = Path.Combine(folder, target);
            Directory.CreateDirectory(own);
            for (int i = 0; i < inputs.Count; i++)
            {
                string name = (i + 1).ToString("D3", CultureInfo.InvariantCulture);
                File.WriteAllBytes(Path.Combine(own, name), inputs[i]);
            }
        }
    }

    internal static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static IEnumerable<(string Target, List<byte[]> Inputs)> All() =>
    [
        ("block", LedgerSeeds.Blocks()),
        ("entry", LedgerSeeds.Entries()),
        ("signature", LedgerSeeds.Signatures()),
        ("epoch", EpochSeeds.Epochs()),
        ("sealed", EpochSeeds.Secrets()),
        ("snapshot", LedgerSeeds.Snapshots()),
        ("audit", LedgerSeeds.Ledgers()),
        ("write-set", LedgerSeeds.WriteSets()),
        ("state", LedgerSeeds.States()),
        ("receipt-json", ReceiptSeeds.Json()),
        ("receipt-cose", ReceiptSeeds.Cose()),
        ("claims", ReceiptSeeds.Claims()),
        ("cose", ReceiptSeeds.Messages()),
        ("certificate", KeySeeds.Certificates()),
        ("keys", KeySeeds.Keys()),
        ("text", TextSeeds.Texts()),
        ("codec", TextSeeds.Codecs()),
        ("request", TextSeeds.Requests()),
        ("body", TextSeeds.Bodies()),
        ("peer", PeerSeeds.Messages()),
        ("member", PeerSeeds.MemberMessages()),
        ("claim", PeerSeeds.Claims()),
        ("peer-frames", FrameSeeds.Frames()),
        ("peer-hello", FrameSeeds.Hellos()),
        ("snp-report", AttestationSeeds.Reports()),
        ("snp", AttestationSeeds.Appraisals()),
        ("vendor-certificate", AttestationSeeds.Certificates()),
        ("uvm", AttestationSeeds.Endorsements()),
        ("virtual", AttestationSeeds.Virtual()),
        ("forwarded-request", ForwardingSeeds.Requests()),
        ("forwarded-reply", ForwardingSeeds.Replies()),
        ("intel-quote", IntelSeeds.Quotes()),
        ("intel", IntelSeeds.Appraisals()),
        ("pck-certificate", IntelSeeds.Certificates()),
        ("tcb-info", IntelSeeds.TcbInfos()),
        ("qe-identity", IntelSeeds.QeIdentities()),
        ("ovmf", EvidenceSeeds.Images()),
        ("certificate-table", EvidenceSeeds.Tables()),
        ("azure-host", EvidenceSeeds.Hosts()),
        ("evidence", EvidenceSeeds.Evidence()),
        ("collateral", EvidenceSeeds.Collateral()),
        ("charter", GovernanceSeeds.Charters()),
        ("charter-json", GovernanceSeeds.Descriptions()),
        ("charter-signature", GovernanceSeeds.Signatures()),
        ("encryption-key", GovernanceSeeds.Keys()),
        ("founder", GovernanceSeeds.Founders()),
        ("founder-endorsement", GovernanceSeeds.Endorsements()),
        ("founding-statement", GovernanceSeeds.Statements()),
        ("establishment", GovernanceSeeds.Establishments()),
    ];
}
