using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using Curia.Attestation;
using Curia.Cli.Networks;

namespace Curia.Cli.Commands;

/// <summary>What the verbs of <c>curia attestation</c> share.</summary>
internal static class AttestationOptions
{
    public static Option<string> Platform(bool required = true)
    {
        Option<string> platform = new("--platform")
        {
            Description = "What the evidence is of.",
            HelpName = "snp|tdx|sgx|virtual",
            Required = required,
        };
        platform.AcceptOnlyFromAmong([.. AttesterEvidence.Platforms.Keys]);
        return platform;
    }

    /// <summary>Believes the certificates of files in place of the vendor's roots.</summary>
    /// <exception cref="CommandFailure">One is no root that the platform could have.</exception>
    public static AppraisalPolicy WithRoots(AppraisalPolicy policy, string platform, IEnumerable<string> files)
    {
        byte[][] certificates =
            [.. files.SelectMany(Network.ReadCertificates).Select((X509Certificate2 one) => one.RawData)];
        switch (platform)
        {
            case "snp":
                SnpRoot[] amd = [.. certificates.Select(der => SnpRoot.TryCreate(der, out SnpRoot? root)
                    ? root!
                    : throw CommandFailure.Refused(
                        "--trust-root is no root of SEV-SNP: its name says no generation."))];
                return policy with { Snp = policy.Snp with { Roots = amd } };
            case "tdx" or "sgx":
                IntelRoot[] intel = [.. certificates.Select(der => IntelRoot.TryCreate(der, out IntelRoot? root)
                    ? root!
                    : throw CommandFailure.Refused("--trust-root is no self-signed certificate of P-256."))];
                return policy with
                {
                    Tdx = policy.Tdx with { Roots = intel },
                    Sgx = policy.Sgx with { Roots = intel },
                };
            default:
                throw CommandFailure.WrongUsage("the virtual platform has no certificates: leave --trust-root out.");
        }
    }
}
