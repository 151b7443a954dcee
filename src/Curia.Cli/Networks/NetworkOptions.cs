using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Security.Cryptography.X509Certificates;

namespace Curia.Cli.Networks;

/// <summary>The options by which a command finds its network: a sandbox, or an address with the certificate to
/// believe.</summary>
internal sealed class NetworkOptions
{
    /// <summary>Where a sandbox is when nothing else is said.</summary>
    public const string SandboxFolder = "sandbox";

    private readonly Option<string> dir = new("--dir")
    {
        Description = "The sandbox to talk to. [default: sandbox]",
        HelpName = "DIR",
    };

    private readonly Option<string> url = new("--url")
    {
        Description = "The address of a node; needs --service-cert.",
        HelpName = "URL",
    };

    private readonly Option<string> serviceCertificate = new("--service-cert")
    {
        Description = "The certificate of the service to believe; with --dir it replaces that of the sandbox.",
        HelpName = "PEM",
    };

    private readonly Option<bool> follow = new("--follow")
    {
        Description = "Follow the service when it has restarted under an identity that the known one endorsed.",
    };

    private readonly Option<string> certificate = new("--cert")
    {
        Description = "The certificate to call with; needs --key.",
        HelpName = "PEM",
    };

    private readonly Option<string> key = new("--key")
    {
        Description = "The private key of --cert.",
        HelpName = "PEM",
    };

    private readonly Option<string> identity = new("--as")
    {
        Description = "The identity of the sandbox to call with: user0, member1; without it the call is anonymous.",
        HelpName = "NAME",
    };

    private readonly Option<string> node = new("--node")
    {
        Description = "The node of the sandbox to talk to, by number; without it the first one that can be reached.",
        HelpName = "N",
    };

    /// <summary>The certificate of who signs.</summary>
    public Option<string> Certificate => certificate;

    /// <summary>The private key of that certificate.</summary>
    public Option<string> Key => key;

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all = [dir, node, url, serviceCertificate, follow, certificate, key, identity];
        foreach (Option option in all) command.Add(option);
    }

    /// <summary>Adds those of a command that signs as a member.</summary>
    public void AddForMembersTo(Command command)
    {
        certificate.Description = "The certificate of the member who signs; needs --key.";
        Option[] all = [dir, url, serviceCertificate, follow, certificate, key];
        foreach (Option option in all) command.Add(option);
    }

    /// <summary>The folder of the sandbox that the command line names; null when it names a network by
    /// address.</summary>
    public string? FolderOf(ParseResult parsed) =>
        parsed.GetValue(url) is null ? parsed.GetValue(dir) ?? SandboxFolder : null;

    /// <summary>Certificate and key of who calls or signs, as files; null when none is given.</summary>
    public (string Certificate, string Key)? IdentityFiles(ParseResult parsed)
    {
        string? certificatePath = parsed.GetValue(certificate);
        string? keyPath = parsed.GetValue(key);
        if (certificatePath is null != keyPath is null)
            throw CommandFailure.WrongUsage("--cert and --key belong together.");
        return certificatePath is null || keyPath is null ? null : (certificatePath, keyPath);
    }

    /// <summary>The network that the command line names.</summary>
    public Network Resolve(ParseResult parsed)
    {
        (string Certificate, string Key)? files = IdentityFiles(parsed);
        string? name = parsed.GetValue(identity);
        if (files is not null && name is not null)
            throw CommandFailure.WrongUsage("--as and --cert both say who calls: give one of them.");
        Network network = parsed.GetValue(url) is string address
            ? ByAddress(parsed, address, name)
            : OfSandbox(SandboxFile.Read(parsed.GetValue(dir) ?? SandboxFolder), name, parsed.GetValue(node));
        if (parsed.GetValue(serviceCertificate) is string pem)
            network = network with { ServiceCertificates = Network.ReadCertificates(pem) };
        network = network with { Follow = parsed.GetValue(follow) };
        return files is { } paths
            ? network with { Identity = Network.ReadIdentity(paths.Certificate, paths.Key) }
            : network;
    }

    private static Network OfSandbox(SandboxFile sandbox, string? identity, string? node)
    {
        Network network = Network.Of(sandbox, identity);
        return node is null ? network : network.At(sandbox.Node(node).Name);
    }

    private Network ByAddress(ParseResult parsed, string address, string? name)
    {
        if (parsed.GetValue(dir) is not null)
            throw CommandFailure.WrongUsage("--url and --dir both name a network: give one of them.");
        if (name is not null)
            throw CommandFailure.WrongUsage("--as picks an identity of a sandbox: use --cert and --key with --url.");
        if (parsed.GetValue(node) is not null)
            throw CommandFailure.WrongUsage("--node picks a node of a sandbox: --url names one already.");
        if (parsed.GetValue(serviceCertificate) is null)
            throw CommandFailure.WrongUsage("--url needs --service-cert PEM: the service to believe.");
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? parsedAddress)
            || parsedAddress.Scheme != Uri.UriSchemeHttps)
            throw CommandFailure.WrongUsage($"--url {address}: give an address like https://127.0.0.1:8000.");
        IReadOnlyList<X509Certificate2> later = []; // the caller reads --service-cert
        return new Network([new NetworkAddress(address, parsedAddress)], later, null);
    }
}
