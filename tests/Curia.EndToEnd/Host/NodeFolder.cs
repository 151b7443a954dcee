using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Curia.EndToEnd.Host;

/// <summary>A folder of its own with certificates and a node.json that a test may change before it is
/// written.</summary>
internal sealed class NodeFolder : IDisposable
{
    public NodeFolder(int users = 1)
    {
        Path = Directory.CreateTempSubdirectory("curia-host-").FullName;
        Member = NewCertificate("member0");
        WriteCertificate("member0", Member);
        JsonArray userEntries = [];
        for (int at = 0; at < users; at++)
        {
            X509Certificate2 user = NewCertificate($"user{at}");
            if (at == 0) User = user;
            WriteCertificate($"user{at}", user);
            userEntries.Add(new JsonObject { ["certificate"] = $"user{at}_cert.pem" });
        }

        Configuration = new JsonObject
        {
            ["name"] = "node0",
            ["ledger"] = "node0/ledger",
            ["snapshots"] = "node0/snapshots",
            ["listeners"] = new JsonArray(Listener("primary", "/app", "/node", "/metrics")),
            ["genesis"] = new JsonObject
            {
                ["name"] = "test",
                ["platform"] = "virtual",
                ["members"] = new JsonArray(new JsonObject { ["certificate"] = "member0_cert.pem" }),
                ["users"] = userEntries,
            },
            ["limits"] = new JsonObject(),
            ["output"] = new JsonObject
            {
                ["service_certificate"] = "service_cert.pem",
                ["node_certificate"] = "node0/node_cert.pem",
                ["addresses"] = "node0/addresses.json",
                ["pid"] = "node0/node.pid",
            },
        };
    }

    public string Path { get; }

    public X509Certificate2 Member { get; }

    public X509Certificate2 User { get; } = null!;

    public JsonObject Configuration { get; }

    public JsonObject Limits => Configuration["limits"]!.AsObject();

    public JsonArray Listeners => Configuration["listeners"]!.AsArray();

    public string Ledger => At("node0/ledger");

    public static JsonObject Listener(string name, params string[] serves)
    {
        JsonArray prefixes = [];
        foreach (string prefix in serves) prefixes.Add(prefix);
        return new JsonObject { ["name"] = name, ["address"] = "127.0.0.1:0", ["serves"] = prefixes };
    }

    public static X509Certificate2 NewCertificate(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(30));
    }

    public string At(string relative) => System.IO.Path.Combine(Path, relative);

    public string WriteConfiguration()
    {
        string path = At("node.json");
        File.WriteAllText(path, Configuration.ToJsonString());
        return path;
    }

    public IEnumerable<string> LedgerFiles => Directory.Exists(Ledger)
        ? Directory.EnumerateFiles(Ledger).Where(path => System.IO.Path.GetFileName(path) != "lock")
        : [];

    public void Dispose()
    {
        Member.Dispose();
        User?.Dispose();
        Directory.Delete(Path, recursive: true);
    }

    private void WriteCertificate(string name, X509Certificate2 certificate) =>
        File.WriteAllText(At($"{name}_cert.pem"), certificate.ExportCertificatePem() + "\n");
}
