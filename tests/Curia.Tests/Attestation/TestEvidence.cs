using Curia.Attestation;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Tests.Attestation;

/// <summary>Evidence of nodes on the virtual platform.</summary>
internal static class TestEvidence
{
    /// <summary>The measurement of what is said to run.</summary>
    public static Measurement Program { get; } = new(Digest.Of("the program"u8).ToArray());

    /// <summary>Evidence that binds the key of a node.</summary>
    public static AttesterEvidence Of(
        NodeId node, string platform = "virtual", bool debug = false, Digest? bound = null)
    {
        using EcdsaSigner key = VirtualPlatform.OpenKey();
        return AttesterEvidence.OfVirtual(VirtualEvidence.Sign(
            new VirtualReport(platform, Program, NodeAttestation.ReportDataOf(node, bound), new byte[32], 1, debug),
            key));
    }
}
