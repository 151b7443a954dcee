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

    /// <summary>Makes it a network whose blocks two owners must have stored.</summary>
    public void AskForTwoOwners()
    {
        Genesis["commit_rule"] = new JsonObject { ["operators"] = 2, ["loss"] = "waived" };
        Genesis["owner"] = Genesis["members"]![0]!["certificate"]!.DeepClone();
    }

    /// <summary>A request to admit a node, signed by a majority; those on machines of even numbers are owned by one
    /// member, the others by another one.</summary>
    public IEnumerable<byte[]> Add(string network, LiveNode node) =>
        Signed(new JsonObject
        {
            ["network"] = network,
            ["action"] = "add_node",
            ["node_id"] = node.Id,
            ["platform"] = "virtual",
            ["peer_address"] = node.PeerAddress,
            ["published_addresses"] = new JsonArray(node.Published),
            ["role"] = "voter",
            ["owner"] = new MemberId(Digest.Of(members[(node.Machine + 1) % 2].RawData)).ToString(),
            ["ledger_format"] = node.LedgerFormat,
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
