using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Tests.Attestation;

namespace Curia.Fuzz.Seeding;

/// <summary>Quotes of processors that were never built, with certificates and collateral of roots of our own.</summary>
internal static class IntelSeeds
{
    private static readonly MadeIntel sgx = new(3);
    private static readonly MadeIntel tdx = new(4);
    private static readonly MadeIntel tdx15 = new(5);

    private static MadeIntel[] All => [sgx, tdx, tdx15];

    public static List<byte[]> Quotes() => [.. All.Select(made => made.MakeQuote()), [.. tdx.MakeQuote(), 0, 0, 0]];

    public static List<byte[]> Appraisals() =>
    [
        .. All.Select(made => Parts.Join(
            made.MakeQuote(), made.RootDer, Bytes(made.Endorsements.RootRevocationList),
            Bytes(made.Endorsements.PckRevocationList), Bytes(made.Endorsements.QeIdentity),
            Bytes(made.Endorsements.TcbInfo), Bytes(made.Endorsements.TcbSigningChain))),
        Parts.Join(tdx.MakeQuote(), tdx.RootDer),
    ];

    public static List<byte[]> Certificates() => [tdx.LeafDer, tdx.AuthorityDer];

    public static List<byte[]> TcbInfos() =>
        [.. All[..2].Select(made => Content(made.Endorsements.TcbInfo, "tcbInfo"))];

    public static List<byte[]> QeIdentities() =>
        [.. All[..2].Select(made => Content(made.Endorsements.QeIdentity, "enclaveIdentity"))];

    private static byte[] Bytes(ReadOnlyMemory<byte>? part) => part!.Value.ToArray();

    // The object between its name and its signature.
    private static byte[] Content(ReadOnlyMemory<byte>? json, string name)
    {
        string text = Encoding.UTF8.GetString(json!.Value.Span);
        return Seeds.Text(text[(name.Length + 4)..text.LastIndexOf(",\"signature\"", StringComparison.Ordinal)]);
    }
}
