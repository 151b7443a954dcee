using System;
using System.CommandLine;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Charters;
using Curia.Cli.Establishment;
using Curia.Cli.Files;
using Curia.Cli.Networks;
using Curia.Cli.Terminal;
using Curia.Cryptography;
using Curia.Governance;

namespace Curia.Cli.Commands;

/// <summary><c>curia node endorse</c>: a member says that a node is its own. Of a founding node it checks the evidence
/// first (DESIGN 1), and keeps what it has said: never of two processes for one slot and attempt.</summary>
internal sealed class NodeEndorseCommand
{
    private readonly Argument<string?> node = new("NODE")
    {
        Description = "Of a network that lives: the id of the node, or how it begins.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> platform = new("--platform")
    {
        Description = "Of a network that lives: the node's TEE platform, as the nodes map has it.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "virtual",
    };

    private readonly Option<string> charterFile = new("--charter")
    {
        Description = "Of a network that is being founded: your charter.",
        HelpName = "FILE",
    };

    private readonly Option<string> slot = new("--slot")
    {
        Description = "The founding slot, by name.",
        HelpName = "NAME",
    };

    private readonly Option<string> identity = new("--identity")
    {
        Description = "What the node says of itself: the file of output.identity in its node.json.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> published = new("--published")
    {
        Description = "Where clients will find the node; may be given several times. Without it, what the node says.",
        HelpName = "HOST:PORT",
    };

    private readonly Option<int> attempt = new("--attempt")
    {
        Description = "Which attempt at a network by this charter it is for.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<int> hours = new("--hours")
    {
        Description = "How long a network may be founded on it.",
        HelpName = "N",
        DefaultValueFactory = _ => 24,
    };

    private readonly Option<string> target = new("--out")
    {
        Description = "The file to write: that of establishment.endorsement in the node's node.json.",
        HelpName = "FILE",
        DefaultValueFactory = _ => "endorsement.cose",
    };

    private readonly Option<string> record = new("--record")
    {
        Description = "Where it is kept which nodes were endorsed.",
        HelpName = "FILE",
        DefaultValueFactory = _ => "endorsed.json",
    };

    private readonly NetworkOptions network = new();
    private readonly MemberSigning signing;

    private NodeEndorseCommand() => signing = new MemberSigning(network.Certificate, network.Key);

    public static Command Build()
    {
        NodeEndorseCommand options = new();
        Command endorse = new("endorse", "Say as its owner that a node is yours.")
        {
            options.node, options.platform, options.charterFile, options.slot, options.identity, options.published,
            options.attempt, options.hours, options.target, options.record,
        };
        options.network.AddForMembersTo(endorse);
        options.signing.AddTo(endorse);
        endorse.SetAction(options.RunAsync);
        return endorse;
    }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        if (parsed.GetValue(charterFile) is { } charter) return Task.FromResult(EndorseFounder(parsed, charter));
        return parsed.GetValue(node) is { } asked
            ? NodeMembershipCommands.EndorseAsync(parsed, network, asked, parsed.GetValue(platform)!, cancel)
            : throw CommandFailure.WrongUsage("give NODE, or --charter, --slot and --identity of a founding node.");
    }

    private int EndorseFounder(ParseResult parsed, string file)
    {
        if (parsed.GetValue(slot) is not { } name || parsed.GetValue(identity) is not { } path)
            throw CommandFailure.WrongUsage("--charter goes with --slot NAME and --identity FILE.");
        Screen screen = Screen.For(parsed);
        Certificate member = signing.Member(parsed);
        Charter charter = CharterFile.Read(file);
        (int number, int valid) = (parsed.GetValue(attempt), parsed.GetValue(hours));
        if (number < 1 || valid is < 1 or > 24 * 365)
            throw CommandFailure.WrongUsage("--attempt is 1 or more, and --hours 1 to 8760.");
        FoundingNode shown = FoundingNode.Read(path);
        if (parsed.GetValue(published) is { Length: > 0 } given) shown = shown with { PublishedAddresses = given };
        FounderEndorsement said = shown.ToEndorse(charter, name, member, number, valid, DateTimeOffset.UtcNow);
        EndorsedNodes endorsed = EndorsedNodes.Read(parsed.GetValue(record)!);
        endorsed.RequireOnce(said);
        if (signing.Prepared(parsed) is { } toSign)
        {
            OutputFiles.WriteNew(toSign, said.BytesToSign(member));
            return Report(screen, said, ("prepared", toSign), MemberSigning.AlgorithmOf(member));
        }

        byte[] message = signing.Sign(parsed, member, new Signable(
            signer => said.Sign(member, signer), signature => said.Assemble(member, signature),
            encoded => FounderEndorsement.TryVerify(encoded, member, out _, out _)));

        // First what keeps this member from saying it twice, then what says it.
        endorsed.Keep(said);
        OutputFiles.Replace(parsed.GetValue(target)!, message);
        return Report(screen, said, ("endorsement", parsed.GetValue(target)!), null);
    }

    private static int Report(
        Screen screen, FounderEndorsement said, (string Name, string Path) written, string? algorithm)
    {
        if (screen.Json)
        {
            JsonObject document = new()
            {
                ["charter"] = said.Charter.ToString(),
                ["slot"] = said.Slot,
                ["node"] = said.Node.ToString(),
                ["attempt"] = said.Attempt,
                ["expires"] = said.Expires,
                [written.Name] = written.Path,
            };
            if (algorithm is not null) document["algorithm"] = algorithm;
            Screen.Document(document);
            return ExitCode.Done;
        }

        screen.Verbatim($"charter      {said.Charter}");
        screen.Verbatim($"slot         {said.Slot}, attempt {said.Attempt}, until {said.Expires:u}");
        screen.Verbatim($"node         {said.Node}");
        screen.Verbatim($"evidence     genuine, of code that the charter has, bound to node and charter");
        screen.Verbatim($"{written.Name,-12} {written.Path}{(algorithm is null ? "" : $", {algorithm}")}");
        if (algorithm is not null)
            screen.Line("Sign these bytes with the member's key, and bring the signature back with --signature FILE.");
        return ExitCode.Done;
    }
}
