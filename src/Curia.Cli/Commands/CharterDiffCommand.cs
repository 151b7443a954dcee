using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Charters;
using Curia.Cli.Networks;
using Curia.Cli.Terminal;
using Curia.Client;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Cli.Commands;

/// <summary><c>curia charter diff</c>: the fields in which two charters differ, or a charter and what a network is
/// governed by now.</summary>
internal static class CharterDiffCommand
{
    public static Command Build()
    {
        Argument<string> left = CharterCommands.Charter("A");
        Argument<string?> right = new("B") { Description = "The other one.", Arity = ArgumentArity.ZeroOrOne };
        Option<string> from = new("--from")
        {
            Description = "Compare with what the network of a node is governed by, before a node of yours joins it.",
            HelpName = "URL",
        };
        Command diff = new("diff", "Show the fields in which two charters differ.") { left, right, from };
        diff.SetAction(async (parsed, cancel) =>
        {
            string? other = parsed.GetValue(right);
            string? url = parsed.GetValue(from);
            if (other is null == url is null)
                throw CommandFailure.WrongUsage("give another charter, or --from URL of a node of a network.");
            Screen screen = Screen.For(parsed);
            Charter charter = CharterFile.Read(parsed.GetValue(left)!);
            return url is null
                ? Compare(screen, charter, CharterFile.Read(other!))
                : await CompareAsync(screen, charter, url, cancel).ConfigureAwait(false);
        });
        return diff;
    }

    private static int Compare(Screen screen, Charter left, Charter right)
    {
        IReadOnlyList<CharterDifference> differences = CharterDifference.Between(left, right);
        if (screen.Json) Screen.Document(JsonOf(left, right, differences));
        else Print(screen, left, differences);
        return differences.Count == 0 ? ExitCode.Done : ExitCode.Refused;
    }

    // Nobody here knows the service yet, so nothing of this is believed: a node of the owner recomputes the digest from
    // the verified ledger, and joins nothing else.
    private static async Task<int> CompareAsync(Screen screen, Charter charter, string url, CancellationToken cancel)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || address.Scheme != Uri.UriSchemeHttps)
            throw CommandFailure.WrongUsage($"--from {url}: give an address like https://127.0.0.1:8000.");
        NetworkGovernance network;
        try
        {
            network = await NetworkGovernance.OfAsync(address, cancel).ConfigureAwait(false);
        }
        catch (CuriaClientException e)
        {
            throw CommandFailure.Environment(e.Message, e);
        }

        if (network.State.Charter is not { } theirs)
            throw CommandFailure.Refused($"the network {network.Network} has no charter: one node began it.");
        IReadOnlyList<CharterDifference> differences = CharterDifference.Between(charter, theirs);
        string[] since = [.. Since(theirs, network.State)];
        if (screen.Json)
        {
            JsonObject document = JsonOf(charter, theirs, differences);
            document["network"] = network.Network.ToString();
            document["governance"] = network.State.Digest.ToString();
            document["since"] = new JsonArray([.. since.Select(line => (JsonNode)line!)]);
            Screen.Document(document);
        }
        else
        {
            Print(screen, charter, differences);
            foreach (string line in since) screen.Verbatim($"since then: {Screen.Visible(line)}");
            if (since.Length == 0) screen.Line("Members and commit rule are those of the charter.");
            screen.Verbatim($"network     {network.Network}");
            screen.Verbatim($"governance  {network.State.Digest}");
            screen.Line("If you approve of it, these are join.network and join.governance of your node's node.json:");
            screen.Line("it joins no network that is governed by anybody else.");
        }

        return differences.Count == 0 && since.Length == 0 ? ExitCode.Done : ExitCode.Refused;
    }

    // What votes have changed since the network was founded.
    private static IEnumerable<string> Since(Charter charter, GovernanceState now)
    {
        Dictionary<string, string> founding = charter.Content.Members.ToDictionary(
            member => member.Value.Id.ToString(), member => member.Key, StringComparer.Ordinal);
        string[] present = [.. now.In(GenesisMaps.MemberCertificates.Name).Select(one => one.Key)];
        foreach (string id in present.Except(founding.Keys)) yield return $"member {id} has come";
        foreach ((string id, string name) in founding.Where(one => !present.Contains(one.Key)))
            yield return $"member {name}, {id}, has gone";
        foreach ((string id, ReadOnlyMemory<byte> value) in now.In(GenesisMaps.MemberInfo.Name))
        {
            string info = Encoding.UTF8.GetString(value.Span);
            if (info != """{"status":"Active"}""") yield return $"member {id} is {info}";
        }

        foreach ((string id, ReadOnlyMemory<byte> value) in now.In(GenesisMaps.MemberCertificates.Name))
        {
            bool isItsOwn = Certificate.TryFromPem(Encoding.UTF8.GetString(value.Span), out Certificate? certificate)
                && new MemberId(certificate!.Fingerprint).ToString() == id;
            if (!isItsOwn) yield return $"the certificate of member {id} is another one";
        }

        ConsensusRules rules = charter.Content.Consensus;
        bool isRuled = GenesisMaps.CommitRule.Values.TryDecode(
            now.In(GenesisMaps.CommitRule.Name).FirstOrDefault().Value.Span, out DiversityRule? rule);
        (int platforms, int operators) = isRuled ? (rule!.Platforms, rule.Operators) : (1, 1);
        if ((platforms, operators) != (rules.Platforms, rules.Operators))
            yield return $"the commit rule asks for {platforms} platforms and {operators} operators";
    }

    private static JsonObject JsonOf(Charter left, Charter right, IReadOnlyList<CharterDifference> differences) => new()
    {
        ["equal"] = differences.Count == 0,
        ["left"] = left.Digest.ToString(),
        ["right"] = right.Digest.ToString(),
        ["differences"] = new JsonArray([.. differences.Select(one => new JsonObject
        {
            ["path"] = one.Path,
            ["left"] = one.Left,
            ["right"] = one.Right,
        })]),
    };

    private static void Print(Screen screen, Charter left, IReadOnlyList<CharterDifference> differences)
    {
        foreach (CharterDifference one in differences)
        {
            screen.Verbatim(one.Path, style: "1");
            screen.Verbatim($"  A  {Screen.Visible(one.Left ?? "is not there")}");
            screen.Verbatim($"  B  {Screen.Visible(one.Right ?? "is not there")}");
        }

        screen.Line(differences.Count == 0
            ? $"[green]The same charter:[/] {left.Digest}"
            : $"[red]{differences.Count} {(differences.Count == 1 ? "field differs" : "fields differ")}.[/]");
    }
}
