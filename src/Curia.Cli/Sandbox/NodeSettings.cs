using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using Curia.Cli.Networks;
using Curia.Cli.Terminal;

namespace Curia.Cli.Sandbox;

/// <summary>node.json of a node of a sandbox (docs/configuration.md).</summary>
internal sealed class NodeSettings
{
    // Of a busy machine a few heartbeats may be late, and the primary must keep its place.
    private const int HeartbeatsInElectionTimeout = 5;

    private const string Establishment = "establishment";

    private readonly JsonObject json;

    private NodeSettings(JsonObject json) => this.json = json;

    /// <summary>The port for clients.</summary>
    public int Port => PortOf(json["listeners"]?[0]?["address"]);

    /// <summary>The port for other nodes.</summary>
    public int PeersPort => PortOf(json["peers"]?["address"]);

    /// <summary>Where clients find it, <c>host:port</c>.</summary>
    public string Published => (string?)json["listeners"]?[0]?["published"] ?? throw NotOurs("listeners");

    /// <summary>Where it writes the certificate of the service; relative to its folder.</summary>
    public string ServiceCertificate =>
        (string?)json["output"]?["service_certificate"] ?? throw NotOurs("output");

    /// <summary>Where it writes the older keys of the service; relative to its folder.</summary>
    public string ServiceEndorsements =>
        (string?)json["output"]?["service_endorsements"] ?? throw NotOurs("output");

    /// <summary>Settings of a node that founds a network with others.</summary>
    /// <param name="name">Its name, which is that of its slot.</param>
    /// <param name="port">For clients.</param>
    /// <param name="peersPort">For other nodes, as the charter has it.</param>
    /// <param name="charter">Its owner's copy of the charter, in the folder of the sandbox.</param>
    /// <param name="deadline">How long it waits for its owner and the other founders.</param>
    public static NodeSettings Founder(string name, int port, int peersPort, string charter, TimeSpan deadline)
    {
        NodeSettings settings = new(new JsonObject
        {
            ["name"] = name,
            ["ledger"] = "ledger",
            ["snapshots"] = "snapshots",
            ["listeners"] = new JsonArray(new JsonObject
            {
                ["name"] = "primary",
                ["serves"] = new JsonArray("/app", "/node", "/metrics"),
                ["max_sessions"] = 1000,
            }),
            ["peers"] = new JsonObject { ["address"] = Loopback(peersPort) },
            [Establishment] = new JsonObject
            {
                ["charter"] = $"../{charter}",
                ["slot"] = name,
                ["endorsement"] = LocalNode.EndorsementFile,
                ["deadline_seconds"] = (int)deadline.TotalSeconds,
            },
            ["output"] = new JsonObject
            {
                ["service_certificate"] = SandboxSetup.ServiceCertificate,
                ["service_endorsements"] = SandboxFile.ServiceEndorsements,
                ["node_certificate"] = "node_cert.pem",
                ["addresses"] = "addresses.json",
                ["pid"] = SandboxFile.PidFile,
                ["identity"] = SandboxFile.IdentityFile,
            },
            ["log"] = new JsonObject { ["format"] = "json", ["level"] = "info" },
        });
        settings.MoveTo(port);
        return settings;
    }

    /// <summary>Settings of a node that joins the network of this one.</summary>
    public NodeSettings Joiner(
        string name, int port, int peersPort, NetworkGovernance approved, IReadOnlyList<NodeIdentity> known)
    {
        JsonObject other = (JsonObject)json.DeepClone();
        other.Remove(Establishment);
        other["genesis"] = new JsonObject { ["name"] = "sandbox", ["platform"] = SandboxSetup.Platform };
        other["name"] = name;
        other["peers"] = new JsonObject { ["address"] = Loopback(peersPort) };
        other["join"] = new JsonObject
        {
            ["network"] = approved.Network.ToString(),
            ["nodes"] = new JsonArray([.. known.Select(
                node => new JsonObject { ["id"] = node.Id, ["address"] = node.PeerAddress })]),
        };
        if (approved.State.HasCharter) other["join"]!["governance"] = approved.State.Digest.ToString();
        NodeSettings settings = new(other);
        settings.MoveTo(port);
        return settings;
    }

    /// <summary>Whether it would found a network where it has no ledger.</summary>
    public bool IsFounder => json["join"] is null;

    /// <summary>The same for a process that joins should its ledger be lost. A ledger that is there goes before
    /// it.</summary>
    public NodeSettings Joining(NetworkGovernance approved, IReadOnlyList<NodeIdentity> known) =>
        Joiner((string?)json["name"] ?? throw NotOurs("name"), Port, PeersPort, approved, known);

    /// <summary>Gives it another port for clients.</summary>
    public void MoveTo(int port)
    {
        JsonNode listener = json["listeners"]?[0] ?? throw NotOurs("listeners");
        listener["address"] = Loopback(port);
        listener["published"] = Loopback(port);
    }

    /// <summary>Sets how long without a word of the primary another node stands.</summary>
    public void SetElectionTimeout(int milliseconds) => json["consensus"] = new JsonObject
    {
        ["heartbeat_ms"] = milliseconds / HeartbeatsInElectionTimeout,
        ["election_timeout_ms"] = milliseconds,
    };

    /// <summary>Reads a file.</summary>
    public static NodeSettings Read(string path)
    {
        try
        {
            return new NodeSettings(
                JsonNode.Parse(File.ReadAllText(path)) as JsonObject
                    ?? throw new JsonException("it is no JSON object"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw CommandFailure.Environment($"cannot use the settings in {path}: {CommandFailure.Reason(e)}.", e);
        }
    }

    /// <summary>Writes the file.</summary>
    public void Write(string path)
    {
        try
        {
            File.WriteAllText(path, Screen.Text(json, indented: true) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("write", path, e);
        }
    }

    private static string Loopback(int port) => $"127.0.0.1:{port}";

    private static int PortOf(JsonNode? address)
    {
        string text = (string?)address ?? "";
        return int.TryParse(text[(text.LastIndexOf(':') + 1)..], out int port) ? port : throw NotOurs("an address");
    }

    private static CommandFailure NotOurs(string field) => CommandFailure.Environment(
        $"a node.json of the sandbox lacks {field}; it is not what ./curia sandbox wrote.");
}
