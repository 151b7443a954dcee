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

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all = [dir, url, serviceCertificate, follow, certificate, key, identity];
        foreach (Option option in all) command.Add(option);
    }

    /// <summary>The network that the command line names.</summary>
    public Network Resolve(ParseResult parsed)
    {
        string? certificatePath = parsed.GetValue(certificate);
        string? keyPath = parsed.GetValue(key);
        string? name = parsed.GetValue(identity);
        if (certificatePath is null != keyPath is null)
            throw CommandFailure.WrongUsage("--cert and --key belong together.");
        if (certificatePath is not null && name is not null)
            throw CommandFailure.WrongUsage("--as and --cert both say who calls: give one of them.");
        Network network = parsed.GetValue(url) is string address
            ? ByAddress(parsed, address, name)
            : Network.Of(SandboxFile.Read(parsed.GetValue(dir) ?? SandboxFolder), name);
        if (parsed.GetValue(serviceCertificate) is string pem)
            network = network with { ServiceCertificates = Network.ReadCertificates(pem) };
        network = network with { Follow = parsed.GetValue(follow) };
        if (certificatePath is null || keyPath is null) return network;
        return network with { Identity = Network.ReadIdentity(certificatePath, keyPath) };
    }

    private Network ByAddress(ParseResult parsed, string address, string? name)
    {
        if (parsed.GetValue(dir) is not null)
            throw CommandFailure.WrongUsage("--url and --dir both name a network: give one of them.");
        if (name is not null)
            throw CommandFailure.WrongUsage("--as picks an identity of a sandbox: use --cert and --key with --url.");
        if (parsed.GetValue(serviceCertificate) is null)
            throw CommandFailure.WrongUsage("--url needs --service-cert PEM: the service to believe.");
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? parsedAddress)
            || parsedAddress.Scheme != Uri.UriSchemeHttps)
            throw CommandFailure.WrongUsage($"--url {address}: give an address like https://127.0.0.1:8000.");
        IReadOnlyList<X509Certificate2> later = []; // the caller reads --service-cert
        return new Network(parsedAddress, later, null);
    }
}
