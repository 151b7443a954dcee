using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Curia.Cli.Files;
using Curia.Cli.Terminal;

namespace Curia.Cli.Networks;

/// <summary>A node of a sandbox. Paths are relative to the sandbox.</summary>
internal sealed record SandboxNode(string Id, string Url, int Pid, string Ledger, string Config)
{
    /// <summary>Its name, which is that of its folder: <c>node0</c>.</summary>
    public string Name => Config.Split('/')[0];
}

/// <summary>A member or user of a sandbox. Paths are relative to the sandbox; users have no encryption key.</summary>
internal sealed record SandboxIdentity(string Id, string Certificate, string Key, string? EncryptionKey);

/// <summary>What <c>sandbox.json</c> says of a sandbox (DESIGN 7).</summary>
internal sealed record SandboxFile(
    string Folder,
    string Platform,
    string ServiceCertificate,
    string App,
    IReadOnlyList<SandboxNode> Nodes,
    IReadOnlyList<SandboxIdentity> Members,
    IReadOnlyList<SandboxIdentity> Users)
{
    /// <summary>The process of the command that stays with the network and ends it; null when nobody
    /// does.</summary>
    public int? AttachedPid { get; init; }

    public const string Name = "sandbox.json";

    /// <summary>The file with the older keys of the service, each certified by the next.</summary>
    public const string ServiceEndorsements = "service_endorsements.pem";

    /// <summary>Where a node writes who it is, in its folder.</summary>
    public const string IdentityFile = "identity.json";

    /// <summary>Where a node writes which process it is, in its folder.</summary>
    public const string PidFile = "node.pid";

    private const int SizeMax = 1 << 20; // a sandbox of a thousand members fits

    /// <summary>Whether a folder holds a sandbox.</summary>
    public static bool ExistsIn(string folder) => File.Exists(Path.Combine(folder, Name));

    /// <summary>Reads the sandbox of a folder.</summary>
    public static SandboxFile Read(string folder)
    {
        string path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            throw CommandFailure.Environment(
                $"there is no sandbox in {folder}. Start one with ./curia sandbox, or name one with --dir or --url.");
        }

        try
        {
            if (new FileInfo(path).Length > SizeMax) throw new JsonException("it is too long");
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            return new SandboxFile(
                folder, root.Text("platform"), root.Text("service_certificate"),
                root.TryGetProperty("app", out _) ? root.Text("app") : "logging",
                [.. root.List("nodes").Select(node => NodeOf(folder, node))],
                [.. root.List("members").Select(IdentityOf)],
                [.. root.List("users").Select(IdentityOf)])
            {
                AttachedPid =
                    root.TryGetProperty("attached_pid", out _) ? checked((int)root.Number("attached_pid")) : null,
            };
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            throw CommandFailure.Environment($"{path} is not what ./curia sandbox writes: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("read", path, e);
        }
    }

    /// <summary>Writes it, whole or not at all.</summary>
    public void Write()
    {
        JsonObject document = new()
        {
            ["platform"] = Platform,
            ["service_certificate"] = ServiceCertificate,
            ["nodes"] = new JsonArray([.. Nodes.Select(node => new JsonObject
            {
                ["id"] = node.Id,
                ["url"] = node.Url,
                ["pid"] = node.Pid,
                ["ledger"] = node.Ledger,
                ["config"] = node.Config,
            })]),
            ["members"] = new JsonArray([.. Members.Select(JsonOf)]),
            ["users"] = new JsonArray([.. Users.Select(JsonOf)]),
            ["app"] = App,
        };
        if (AttachedPid is int attached) document["attached_pid"] = attached;
        OutputFiles.Replace(
            Path.Combine(Folder, Name), Encoding.UTF8.GetBytes(Screen.Text(document, indented: true) + "\n"));
    }

    /// <summary>A path of this sandbox as the command line reads it.</summary>
    public string PathOf(string relative) => Path.Combine(Folder, relative);

    /// <summary>The node of a name, or of its number.</summary>
    public SandboxNode Node(string name) =>
        Nodes.FirstOrDefault(node => node.Name == name || node.Name == $"node{name}")
        ?? throw CommandFailure.WrongUsage(
            $"--node {name}: the sandbox in {Folder} has {string.Join(", ", Nodes.Select(node => node.Name))}.");

    /// <summary>A member or user by its name in this sandbox: <c>user0</c>, <c>member1</c>.</summary>
    public SandboxIdentity Identity(string name)
    {
        IReadOnlyList<SandboxIdentity> all = name.StartsWith("user", StringComparison.Ordinal) ? Users : Members;
        foreach (SandboxIdentity identity in all)
        {
            if (identity.Certificate == $"{name}_cert.pem") return identity;
        }

        IEnumerable<string> names =
            Users.Concat(Members).Select(one => one.Certificate.Replace("_cert.pem", "", StringComparison.Ordinal));
        throw CommandFailure.WrongUsage($"--as {name}: the sandbox in {Folder} has {string.Join(", ", names)}.");
    }

    // Of a node that is started by hand, id and process are where the node writes them.
    private static SandboxNode NodeOf(string folder, JsonElement json)
    {
        SandboxNode node = new(
            json.Text("id"),
            json.Text("url"),
            checked((int)json.Number("pid")),
            json.Text("ledger"),
            json.Text("config"));
        if (node.Id.Length > 0) return node;
        string own = Path.Combine(folder, node.Name);
        string identity = Path.Combine(own, IdentityFile);
        if (File.Exists(identity))
        {
            using JsonDocument said = JsonDocument.Parse(File.ReadAllBytes(identity));
            node = node with { Id = said.RootElement.Text("node_id") };
        }

        string process = Path.Combine(own, PidFile);
        return File.Exists(process) && int.TryParse(File.ReadAllText(process), out int pid)
            ? node with { Pid = pid }
            : node;
    }

    private static SandboxIdentity IdentityOf(JsonElement json) => new(
        json.Text("id"), json.Text("certificate"), json.Text("key"),
        json.TryGetProperty("encryption_key", out _) ? json.Text("encryption_key") : null);

    private static JsonObject JsonOf(SandboxIdentity identity)
    {
        JsonObject json =
            new() { ["id"] = identity.Id, ["certificate"] = identity.Certificate, ["key"] = identity.Key };
        if (identity.EncryptionKey is not null) json["encryption_key"] = identity.EncryptionKey;
        return json;
    }
}
