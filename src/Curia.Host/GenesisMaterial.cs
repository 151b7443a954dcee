using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>The genesis settings, with the files that node.json names read and checked.</summary>
internal static class GenesisMaterial
{
    // A certificate of an elliptic curve key has about 1 KiB, with a chain and comments some more.
    private const int FileBytesMax = 256 * 1024;

    /// <summary>Reads all certificates and keys.</summary>
    /// <exception cref="StartFailure">A file is missing or is not what it should be.</exception>
    public static GenesisSettings Read(GenesisConfiguration genesis)
    {
        List<GenesisMember> members = [.. genesis.Members.Select(Member)];
        List<GenesisUser> users = [.. genesis.Users.Select(user => new GenesisUser(ReadCertificate("user", user)))];
        RefuseTwins("member", genesis.Members.Select(member => member.Certificate),
            members.Select(member => member.Certificate));
        RefuseTwins("user", genesis.Users, users.Select(user => user.Certificate));
        return new GenesisSettings
        {
            Name = genesis.Name,
            Members = members,
            Users = users,
            Rule = genesis.CommitRule,
            Owner = OwnerOf(genesis, members),
            Plays = genesis.Plays,
            CertificateValidityDays = genesis.CertificateValidityDays,
        };
    }

    private static MemberId? OwnerOf(GenesisConfiguration genesis, IReadOnlyList<GenesisMember> members)
    {
        if (genesis.Owner is not { } path) return null;
        Digest owner = ReadCertificate("owner's", path).Fingerprint;
        if (members.Any(member => member.Certificate.Fingerprint == owner)) return new MemberId(owner);
        throw new StartFailure($"The owner's certificate {path} cannot be used", "it is none of genesis.members",
            "Name the certificate of a member");
    }

    private static GenesisMember Member(MemberConfiguration member) => new(
        ReadCertificate("member", member.Certificate),
        member.EncryptionKey is string key ? ReadPublicKey(key) : null);

    private static Certificate ReadCertificate(string kind, string path)
    {
        string text = Encoding.UTF8.GetString(ConfigurationFiles.Read($"{kind} certificate", path, FileBytesMax));
        if (Certificate.TryFromPem(text, out Certificate? certificate)) return certificate!;
        throw new StartFailure($"The {kind} certificate {path} cannot be used",
            "it holds no X.509 certificate of an elliptic curve key in PEM form",
            "Name the right file (-----BEGIN CERTIFICATE-----)");
    }

    private static string ReadPublicKey(string path)
    {
        const string what = "PUBLIC KEY";
        string text = Encoding.UTF8.GetString(ConfigurationFiles.Read("encryption key", path, FileBytesMax));
        if (System.Security.Cryptography.PemEncoding.TryFind(text, out System.Security.Cryptography.PemFields fields)
            && text[fields.Label] == what)
        {
            return text;
        }

        throw new StartFailure($"The encryption key {path} cannot be used", "it holds no public key in PEM form",
            $"Name the right file (-----BEGIN {what}-----)");
    }

    private static void RefuseTwins(string kind, IEnumerable<string> paths, IEnumerable<Certificate> certificates)
    {
        HashSet<Digest> seen = [];
        foreach ((string path, Certificate certificate) in paths.Zip(certificates))
        {
            if (seen.Add(certificate.Fingerprint)) continue;
            throw new StartFailure($"The {kind} certificate {path} cannot be used",
                "another entry of the configuration has the same certificate", "Remove one of the entries");
        }
    }
}
