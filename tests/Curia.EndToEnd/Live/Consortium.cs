using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Curia.Cryptography;
using Curia.EndToEnd.Host;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Live;

/// <summary>The members that admit and retire nodes, and the user whose certificate the clients have.</summary>
internal sealed class Consortium : IDisposable
{
    private const int Members = 3;

    private readonly List<X509Certificate2> members = [];

    public Consortium(string folder)
    {
        JsonArray entries = [];
        for (int member = 0; member < Members; member++)
        {
            members.Add(NodeFolder.NewCertificate($"member{member}"));
            entries.Add(Entry(folder, $"member{member}", members[member]));
        }

        User = NodeFolder.NewCertificate("user0");
        Genesis = new JsonObject
        {
            ["name"] = "live",
            ["platform"] = "virtual",
            ["members"] = entries,
            ["users"] = new JsonArray(Entry(folder, "user0", User)),
        };
    }

    public X509Certificate2 User { get; }

    /// <summary>The section of every node.json.</summary>
    public JsonObject Genesis { get; }

    /// <summary>A request to admit a node, signed by a majority.</summary>
    public IEnumerable<byte[]> Add(string network, string node, string peerAddress, string published) =>
        Signed(new JsonObject
        {
            ["network"] = network,
            ["action"] = "add_node",
            ["node_id"] = node,
            ["platform"] = "virtual",
            ["peer_address"] = peerAddress,
            ["published_addresses"] = new JsonArray(published),
            ["role"] = "voter",
        });

    /// <summary>A request to retire a node, signed by a majority.</summary>
    public IEnumerable<byte[]> Retire(string network, string node) =>
        Signed(new JsonObject { ["network"] = network, ["action"] = "retire_node", ["node_id"] = node });

    public void Dispose()
    {
        foreach (X509Certificate2 member in members) member.Dispose();
        User.Dispose();
    }

    private static JsonObject Entry(string folder, string name, X509Certificate2 certificate)
    {
        string path = Path.Combine(folder, $"{name}_cert.pem");
        File.WriteAllText(path, certificate.ExportCertificatePem() + "\n");
        return new JsonObject { ["certificate"] = path };
    }

    private IEnumerable<byte[]> Signed(JsonObject request)
    {
        byte[] payload = System.Text.Encoding.UTF8.GetBytes(request.ToJsonString());
        for (int member = 0; member <= members.Count / 2; member++)
        {
            using ECDsa key = members[member].GetECDsaPrivateKey()!;
            Assert.True(EcdsaSigner.TryFromPem(key.ExportPkcs8PrivateKeyPem(), out EcdsaSigner? signer));
            using (signer)
            {
                MemberId id = new(Digest.Of(members[member].RawData));
                yield return MemberMessage.Sign(
                    signer!, id, MemberMessage.ProposalType, DateTimeOffset.UtcNow, payload);
            }
        }
    }
}
