using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using Curia.Attestation;
using Curia.Evidence;
using Curia.Governance;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>One address on which the node answers, and what it answers there.</summary>
/// <param name="Name">Names it in metrics and in addresses.json.</param>
/// <param name="Bind">Where it listens; port 0 takes any free port.</param>
/// <param name="PublishedHost">The host that clients use: a DNS name or the text of an IP address.</param>
/// <param name="PublishedPort">The port that clients use; 0: the one that is bound.</param>
/// <param name="Serves">Path prefixes; any other path is 404 here.</param>
/// <param name="SessionsMax">Open connections that get answers; some more get 503, the rest is closed.</param>
internal sealed record ListenerConfiguration(
    string Name, IPEndPoint Bind, string PublishedHost, int PublishedPort, IReadOnlyList<string> Serves,
    int SessionsMax);

/// <summary>What protects the node from its clients, and how often it writes its state to disk.</summary>
internal sealed record LimitsConfiguration(
    int BodyBytes, int HeaderBytes, int HeaderCount, int Streams, int InFlight, int IdleSeconds, int RequestSeconds,
    int DrainSeconds, int SnapshotTransactions, int SnapshotsKept);

/// <summary>Files that the node writes for its operator; null: not wanted.</summary>
internal sealed record OutputConfiguration(
    string? ServiceCertificate, string? ServiceEndorsements, string? NodeCertificate, string? Addresses, string? Pid,
    string? Identity)
{
    /// <summary>The paths that are wanted.</summary>
    public IEnumerable<string> Paths =>
        new[] { ServiceCertificate, ServiceEndorsements, NodeCertificate, Addresses, Pid, Identity }.OfType<string>();
}

/// <summary>Which certificate a member brings, and the public key that secrets for it are wrapped with.</summary>
internal sealed record MemberConfiguration(string Certificate, string? EncryptionKey);

/// <summary>The first members and users, as files, and the name of the new service.</summary>
/// <param name="Name">The name of the new service.</param>
/// <param name="Platform">The TEE platform.</param>
/// <param name="CertificateValidityDays">Of the certificates of service and node.</param>
/// <param name="Members">Who governs.</param>
/// <param name="Users">Who may call the application.</param>
/// <param name="CommitRule">The diversity rule; null for none.</param>
/// <param name="Owner">The certificate of the member that owns the founding node; null where nobody says.</param>
/// <param name="Plays">The platform in the founding node's record, which it plays; null for its own.</param>
internal sealed record GenesisConfiguration(
    string Name, string Platform, int CertificateValidityDays, IReadOnlyList<MemberConfiguration> Members,
    IReadOnlyList<string> Users, DiversityRule? CommitRule, string? Owner, string? Plays);

/// <summary>Where this node hears other nodes.</summary>
/// <param name="Bind">Where it listens; port 0 takes any free port.</param>
/// <param name="PublishedHost">The host that other nodes use.</param>
/// <param name="PublishedPort">The port that other nodes use; 0: the one that is bound.</param>
internal sealed record PeersConfiguration(IPEndPoint Bind, string PublishedHost, int PublishedPort);

/// <summary>The network that a node joins instead of founding one.</summary>
/// <param name="Network">Its name: the digest of its genesis block.</param>
/// <param name="Nodes">Some of its nodes, by id, and where they hear others.</param>
/// <param name="Governance">The digest of the governance that its owner has approved; null where the network has no
/// charter.</param>
internal sealed record JoinConfiguration(
    Digest Network, IReadOnlyDictionary<NodeId, string> Nodes, Digest? Governance);

/// <summary>The founding of a network by several members (docs/establishment.md).</summary>
/// <param name="Charter">The file of the charter.</param>
/// <param name="Slot">The slot that this node is in.</param>
/// <param name="Endorsement">The file in which its owner's endorsement will be.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="DeadlineSeconds">How long the others are waited for.</param>
internal sealed record EstablishmentConfiguration(
    string Charter, string Slot, string Endorsement, int Attempt, int DeadlineSeconds);

/// <summary>Where evidence comes from, and what belongs to it.</summary>
/// <param name="Attester">The name of the attester; null for the first that the machine has.</param>
/// <param name="Collateral">Where certificates and lists are kept and come from; null for nowhere.</param>
/// <param name="Plays">The name that the virtual platform plays; null for its own.</param>
/// <param name="Tcb">The security version that the virtual platform plays.</param>
internal sealed record AttestationConfiguration(
    string? Attester, CollateralSettings? Collateral, string? Plays, int Tcb);

/// <summary>How patient nodes are with each other.</summary>
/// <param name="HeartbeatMilliseconds">Between two words of an idle primary.</param>
/// <param name="ElectionTimeoutMilliseconds">Without a word of the primary until a node asks for votes, up to twice as
/// long.</param>
/// <param name="LedgerFormat">The newest format of the ledger that this node reads and writes.</param>
internal sealed record ConsensusConfiguration(
    int HeartbeatMilliseconds, int ElectionTimeoutMilliseconds, int LedgerFormat);

/// <summary>node.json: what the operator of one machine decides. No promise to others rests on it (DESIGN 6,
/// "node.json").</summary>
internal sealed record NodeConfiguration(
    string Name, string Ledger, string Snapshots, string SealedSecrets, IReadOnlyList<ListenerConfiguration> Listeners,
    PeersConfiguration? Peers, JoinConfiguration? Join, ConsensusConfiguration Consensus,
    AttestationConfiguration Attestation, GenesisConfiguration Genesis, LimitsConfiguration Limits,
    OutputConfiguration Output, LogFormat LogFormat, LogSeverity LogLevel)
{
    /// <summary>How the network is founded with others; null for a node that begins alone or joins.</summary>
    public EstablishmentConfiguration? Establishment { get; init; }

    // Far above any configuration a person writes; a wrong file (a ledger, a device) is not read into memory.
    private const int FileBytesMax = 1024 * 1024;

    // As many listeners as an operator can tell apart; each costs a socket and a certificate.
    private const int ListenersMax = 16;

    // As many as anybody would write down; one that answers is enough.
    private const int JoinNodesMax = 100;

    // All of them are written in one transaction, the genesis, which is bounded.
    private const int GenesisCertificatesMax = 1000;

    /// <summary>Reads and checks the file; paths in it are relative to its folder.</summary>
    /// <exception cref="StartFailure">The file is missing, unreadable, or wrong; the message names the
    /// field.</exception>
    public static NodeConfiguration Read(string path)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full)!;
        ConfigurationSection top = ConfigurationSection.Parse(path,
            ConfigurationFiles.Read("configuration", full, FileBytesMax));
        ConfigurationSection log = top.Section("log");
        EstablishmentConfiguration? establishment = ReadEstablishment(top, folder);
        NodeConfiguration configuration = new(
            Name: Label(top, "name"),
            Ledger: Path.GetFullPath(top.Text("ledger"), folder),
            Snapshots: Path.GetFullPath(top.Text("snapshots"), folder),
            SealedSecrets: Path.GetFullPath(top.TextOr("sealed_secrets", null) ?? "sealed_secrets", folder),
            Listeners: ReadListeners(top),
            Peers: ReadPeers(top),
            Join: ReadJoin(top),
            Consensus: ReadConsensus(top.Section("consensus")),
            Attestation: ReadAttestation(top.Section("attestation"), folder),
            Genesis: establishment is null ? ReadGenesis(top.Section("genesis"), folder) : ofCharter,
            Limits: ReadLimits(top.Section("limits")),
            Output: ReadOutput(top.Section("output"), folder),
            LogFormat: log.OneOf("format", LogFormat.Json, ("json", LogFormat.Json), ("text", LogFormat.Text)),
            LogLevel: log.OneOf("level", LogSeverity.Information, ("info", LogSeverity.Information),
                ("warning", LogSeverity.Warning), ("error", LogSeverity.Error)))
        {
            Establishment = establishment,
        };
        if (establishment is not null && configuration.Peers is null)
            throw top.Refuse("peers", "is missing, and establishment meets others", "say where this node hears them");
        log.Done();
        top.Done();
        return configuration;
    }

    // What genesis says otherwise, the charter says; it is read once everything else is.
    private static readonly GenesisConfiguration ofCharter =
        new("", NodeSetup.VirtualPlatform, CertificateValidityDays: 365, [], [], null, null, null);

    private static EstablishmentConfiguration? ReadEstablishment(ConfigurationSection top, string folder)
    {
        if (top.SectionOrNull("establishment") is not { } section) return null;
        EstablishmentConfiguration establishment = new(
            Path.GetFullPath(section.Text("charter"), folder), section.Text("slot"),
            Path.GetFullPath(section.Text("endorsement"), folder), section.Number("attempt", 1, int.MaxValue, 1),
            section.Number("deadline_seconds", 1, 7 * 24 * 3600, 3600));
        section.Done();
        return establishment;
    }

    private static List<ListenerConfiguration> ReadListeners(ConfigurationSection top)
    {
        List<ListenerConfiguration> listeners = [.. top.Sections("listeners", ListenersMax).Select(ReadListener)];
        if (listeners.Count == 0) throw top.Refuse("listeners", "is empty", "add at least one listener");
        if (listeners.DistinctBy(listener => listener.Name).Count() < listeners.Count)
            throw top.Refuse("listeners", "has two listeners of one name", "give each its own name");
        return listeners;
    }

    private static ListenerConfiguration ReadListener(ConfigurationSection section)
    {
        string address = section.Text("address");
        if (!TryHostAndPort(address, out string host, out int port) || !IPAddress.TryParse(host, out IPAddress? bind))
            throw section.Refuse("address", $"is \"{address}\"",
                "write an IP address and a port, such as 127.0.0.1:8000");

        bool isEvery = bind.Equals(IPAddress.Any) || bind.Equals(IPAddress.IPv6Any);
        if (isEvery && section.TextOr("published", null) is null)
            throw section.Refuse("published", "is missing, and address names every address",
                "write the one that clients use");
        string published = section.TextOr("published", null) ?? address;
        if (!TryHostAndPort(published, out string publishedHost, out int publishedPort)
            || Uri.CheckHostName(publishedHost) is UriHostNameType.Unknown or UriHostNameType.Basic)
        {
            throw section.Refuse("published", $"is \"{published}\"", "write a host name or IP address and a port");
        }

        IReadOnlyList<string> serves = section.TextsOrNull("serves", 32) ?? ["/app", "/node", "/gov", "/metrics"];
        if (serves.Count == 0 || serves.Any(prefix => prefix.Length < 2 || prefix[0] != '/' || prefix[^1] == '/'))
            throw section.Refuse("serves", "is not a list of path prefixes",
                "write prefixes such as \"/app\" and \"/node\"");

        ListenerConfiguration listener = new(
            Label(section, "name"), new IPEndPoint(bind, port), publishedHost, publishedPort, serves,
            SessionsMax: section.Number("max_sessions", 1, 100_000, 1000));
        section.Done();
        return listener;
    }

    private static PeersConfiguration? ReadPeers(ConfigurationSection top)
    {
        if (top.SectionOrNull("peers") is not { } section) return null;
        string address = section.Text("address");
        if (!TryHostAndPort(address, out string host, out int port) || !IPAddress.TryParse(host, out IPAddress? bind))
            throw section.Refuse("address", $"is \"{address}\"",
                "write an IP address and a port, such as 127.0.0.1:9000");
        string published = section.TextOr("published", null) ?? address;
        if (!TryHostAndPort(published, out string publishedHost, out int publishedPort))
            throw section.Refuse("published", $"is \"{published}\"", "write the host and port that other nodes use");
        section.Done();
        return new PeersConfiguration(new IPEndPoint(bind, port), publishedHost, publishedPort);
    }

    private static JoinConfiguration? ReadJoin(ConfigurationSection top)
    {
        if (top.SectionOrNull("join") is not { } section) return null;
        string network = section.Text("network");
        if (!Digest.TryParseHex(network, out Digest digest))
            throw section.Refuse("network", $"is \"{network}\"",
                "write the digest of the network's genesis block, 64 hexadecimal digits");
        Digest? governance = null;
        if (section.TextOr("governance", null) is { } approved)
        {
            governance = Digest.TryParseHex(approved, out Digest read)
                ? read
                : throw section.Refuse("governance", $"is \"{approved}\"",
                    "write the digest that ./curia charter diff --from shows, 64 hexadecimal digits");
        }

        Dictionary<NodeId, string> nodes = [];
        foreach (ConfigurationSection node in section.Sections("nodes", JoinNodesMax))
        {
            string id = node.Text("id");
            string address = node.Text("address");
            if (!Digest.TryParseHex(id, out Digest parsed))
                throw node.Refuse("id", $"is \"{id}\"", "write the id of a node, 64 hexadecimal digits");
            if (!TryHostAndPort(address, out _, out _))
                throw node.Refuse("address", $"is \"{address}\"", "write the host and port where it hears other nodes");
            nodes[new NodeId(parsed)] = address;
            node.Done();
        }

        if (nodes.Count == 0) throw section.Refuse("nodes", "is empty", "name at least one node of the network");
        if (top.SectionOrNull("peers") is null)
            throw top.Refuse("peers", "is missing, and join is there", "say where this node hears the others");
        section.Done();
        return new JoinConfiguration(digest, nodes, governance);
    }

    private static ConsensusConfiguration ReadConsensus(ConfigurationSection section)
    {
        ConsensusConfiguration consensus = new(
            section.Number("heartbeat_ms", 10, 60_000, 100),
            section.Number("election_timeout_ms", 50, 600_000, 800),
            section.Number("ledger_format", LedgerFormat.Oldest, LedgerFormat.Newest, LedgerFormat.Newest));
        if (consensus.ElectionTimeoutMilliseconds < 2 * consensus.HeartbeatMilliseconds)
            throw section.Refuse("election_timeout_ms", "is less than twice heartbeat_ms",
                "leave time for a heartbeat that is late");
        section.Done();
        return consensus;
    }

    private static AttestationConfiguration ReadAttestation(ConfigurationSection section, string folder)
    {
        string? attester = section.TextOr("attester", null);
        if (attester is not null && !Attesters.Names.Contains(attester))
        {
            throw section.Refuse("attester", $"is \"{attester}\"",
                $"use one of {string.Join(", ", Attesters.Names)}, or leave it out for the first that the machine has");
        }

        AttestationConfiguration attestation = new(
            attester, ReadCollateral(section, folder), ReadPlays(section),
            section.Number("tcb", 0, ushort.MaxValue, 1));
        section.Done();
        return attestation;
    }

    private static CollateralSettings? ReadCollateral(ConfigurationSection attestation, string folder)
    {
        if (attestation.SectionOrNull("collateral") is not { } section) return null;
        CollateralSettings collateral = new()
        {
            Folder = Path.GetFullPath(section.Text("folder"), folder),
            AmdKds = ReadAddress(section, "amd_kds"),
            IntelPccs = ReadAddress(section, "intel_pccs"),
        };
        section.Done();
        return collateral;
    }

    private static Uri? ReadAddress(ConfigurationSection section, string name)
    {
        if (section.TextOr(name, null) is not { } text) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address)
            && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
                ? address
                : throw section.Refuse(name, $"is \"{text}\"", "write an address that begins with https:// or http://");
    }

    private static GenesisConfiguration ReadGenesis(ConfigurationSection section, string folder)
    {
        string platform = section.Text("platform");
        if (platform is not ("virtual" or "snp" or "tdx"))
            throw section.Refuse("platform", $"is \"{platform}\"", "use snp or tdx, or virtual for development");
        GenesisConfiguration genesis = new(
            Label(section, "name"),
            platform,
            section.Number("certificate_validity_days", 1, 3650, 365),
            [.. section.Sections("members", GenesisCertificatesMax).Select(member => ReadMember(member, folder))],
            [.. section.Sections("users", GenesisCertificatesMax).Select(user => ReadUser(user, folder))],
            ReadCommitRule(section),
            Relative(section, "owner", folder),
            ReadPlays(section));
        section.Done();
        if (genesis.CommitRule is { Operators: > 1 } && genesis.Owner is null)
            throw section.Refuse("owner", "is missing, and commit_rule counts operators",
                "name the certificate of the member that owns the founding node");
        return genesis;
    }

    private static DiversityRule? ReadCommitRule(ConfigurationSection genesis)
    {
        if (genesis.SectionOrNull("commit_rule") is not { } section) return null;
        DiversityRule rule = new(
            section.Number("platforms", 1, DiversityRule.KindsMax, 1),
            section.Number("operators", 1, DiversityRule.KindsMax, 1),
            section.OneOf("loss", false, ("refused", false), ("waived", true)),
            InForce: false);
        section.Done();
        if (rule is { Platforms: 1, Operators: 1 })
            throw genesis.Refuse("commit_rule", "asks for nothing", "ask for 2 platforms or 2 operators, or more");
        return rule;
    }

    private static string? ReadPlays(ConfigurationSection section)
    {
        string? plays = section.TextOr("plays", null);
        if (plays is null || (VirtualEvidence.IsName(plays) && plays != NodeSetup.VirtualPlatform)) return plays;
        throw section.Refuse("plays", $"is \"{plays}\"",
            $"write {NodeSetup.PlayedPrefix} and a name in lower case; it is INSECURE, as all of virtual");
    }

    private static MemberConfiguration ReadMember(ConfigurationSection section, string folder)
    {
        MemberConfiguration member = new(
            Path.GetFullPath(section.Text("certificate"), folder), Relative(section, "encryption_key", folder));
        section.Done();
        return member;
    }

    private static string ReadUser(ConfigurationSection section, string folder)
    {
        string certificate = Path.GetFullPath(section.Text("certificate"), folder);
        section.Done();
        return certificate;
    }

    private static LimitsConfiguration ReadLimits(ConfigurationSection section)
    {
        LimitsConfiguration limits = new(
            // A value of the store is at most 16 MiB, its JSON or base64 form twice that.
            // A text of 1 MiB, each character escaped as \u0000, has 6 MiB: the application, not the shell, judges it.
            BodyBytes: section.Number("body_bytes", 1024, 32 * 1024 * 1024, 8 * 1024 * 1024),
            HeaderBytes: section.Number("header_bytes", 1024, 256 * 1024, 16 * 1024),
            HeaderCount: section.Number("header_count", 16, 1024, 256),
            Streams: section.Number("streams", 1, 10_000, 100),
            InFlight: section.Number("in_flight", 1, 100_000, 2000),
            IdleSeconds: section.Number("idle_seconds", 1, 3600, 60),
            RequestSeconds: section.Number("request_seconds", 1, 600, 10),
            DrainSeconds: section.Number("drain_seconds", 0, 600, 10),
            SnapshotTransactions: section.Number("snapshot_transactions", 10, int.MaxValue, 10_000),
            SnapshotsKept: section.Number("snapshots_kept", 1, 1000, 3));
        section.Done();
        return limits;
    }

    private static OutputConfiguration ReadOutput(ConfigurationSection section, string folder)
    {
        OutputConfiguration output = new(
            Relative(section, "service_certificate", folder), Relative(section, "service_endorsements", folder),
            Relative(section, "node_certificate", folder), Relative(section, "addresses", folder),
            Relative(section, "pid", folder), Relative(section, "identity", folder));
        section.Done();
        return output;
    }

    private static string? Relative(ConfigurationSection section, string name, string folder) =>
        section.TextOr(name, null) is string path ? Path.GetFullPath(path, folder) : null;

    // Names end up in metric labels, log lines and certificate subjects.
    private static string Label(ConfigurationSection section, string name)
    {
        string text = section.Text(name);
        bool valid = text.Length <= 64
            && text.All(character => char.IsAsciiLetterOrDigit(character) || "-_. ".Contains(character));
        return valid ? text : throw section.Refuse(name, "has characters that a name may not have",
            "use at most 64 letters, digits, dots, dashes, underscores and spaces");
    }

    /// <summary>Reads <c>host:port</c>, an IPv6 address in brackets.</summary>
    public static bool TryHostAndPort(string text, out string host, out int port)
    {
        int colon = text.LastIndexOf(':');
        host = colon > 0 ? text[..colon] : "";
        port = 0;
        bool bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (bracketed) host = host[1..^1];
        return host.Length > 0 && (bracketed || !host.Contains(':'))
            && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture,
                out ushort number)
            && (port = number) == number;
    }
}
