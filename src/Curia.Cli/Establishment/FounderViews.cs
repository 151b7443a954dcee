using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Terminal;
using Curia.Client;
using Curia.Vocabulary;

namespace Curia.Cli.Establishment;

/// <summary>The establishment as all nodes see it that can be asked. Each is asked itself: no node's word counts for
/// another one.</summary>
/// <param name="Views">The answers, in the order of their slots.</param>
/// <param name="Silent">Who did not answer, and why.</param>
internal sealed record FounderViews(
    IReadOnlyList<FounderView> Views, IReadOnlyList<(string Url, string Reason)> Silent)
{
    private const int NodesMax = 64;
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(3);

    /// <summary>All of them are open.</summary>
    public bool IsOpen => Views.Count > 0 && Views.All(view => view.IsOpen);

    /// <summary>Somebody is refused by somebody.</summary>
    public bool HasRefusal => Problems().Any();

    /// <summary>Asks the nodes, and those that they name.</summary>
    public static async Task<FounderViews> TakeAsync(IReadOnlyList<string> urls, CancellationToken cancel)
    {
        Dictionary<string, (FounderView? View, string Reason)> asked = [];
        string[] next = [.. urls.Distinct()];
        while (next.Length > 0 && asked.Count < NodesMax)
        {
            (FounderView?, string)[] answers =
                await Task.WhenAll(next.Select(url => AskAsync(url, cancel))).ConfigureAwait(false);
            foreach ((string url, (FounderView?, string) answer) in next.Zip(answers)) asked[url] = answer;
            next =
            [
                .. answers.SelectMany(answer => answer.Item1?.Slots ?? [])
                    .Select(slot => slot.Urls.Count > 0 ? slot.Urls[0] : "")
                    .Where(url => url.Length > 0 && !asked.ContainsKey(url)).Distinct(),
            ];
        }

        // One node may be known by several addresses.
        return new FounderViews(
            [
                .. asked.Values.Select(one => one.View).OfType<FounderView>().DistinctBy(view => view.NodeId)
                    .OrderBy(view => view.Slot, StringComparer.Ordinal),
            ],
            [.. asked.Where(one => one.Value.View is null).Select(one => (one.Key, one.Value.Reason))]);
    }

    /// <summary>How far a node is with another one; null where nobody knows.</summary>
    /// <param name="of">The slot of the node that looks.</param>
    /// <param name="about">The slot that it looks at.</param>
    public string? Cell(string of, string about) =>
        Views.FirstOrDefault(view => view.Slot == of)?.Slots.FirstOrDefault(slot => slot.Slot == about)?.State

        // What it has told the other one.
        ?? (Views.FirstOrDefault(view => view.Slot == about)?.Slots.FirstOrDefault(slot => slot.Slot == of)?.Says
            is { } said and not FounderView.Missing ? said : null);

    /// <summary>All slots that somebody knows, with their owners.</summary>
    public IReadOnlyList<(string Slot, string Owner)> Slots() =>
    [
        .. Views.SelectMany(view => view.Slots).DistinctBy(slot => slot.Slot)
            .OrderBy(slot => slot.Slot, StringComparer.Ordinal).Select(slot => (slot.Slot, slot.Owner)),
    ];

    /// <summary>Who refuses whom, and why.</summary>
    public IEnumerable<(string Of, string About, string Reason, IReadOnlyList<ChartersDiffer> Differences)> Problems()
    {
        foreach (FounderView view in Views)
        {
            foreach (SlotView slot in view.Slots)
            {
                if (slot.Reason.Length > 0) yield return (view.Slot, slot.Slot, slot.Reason, slot.Differences);
                bool speaksItself = Views.Any(one => one.Slot == slot.Slot);
                if (slot.SaysReason.Length > 0 && !speaksItself)
                    yield return (slot.Slot, view.Slot, slot.SaysReason, []);
            }
        }
    }

    /// <summary>For programs: what each node says, as it says it.</summary>
    public JsonObject ToJson() => new()
    {
        ["open"] = IsOpen,
        ["nodes"] = new JsonArray([.. Views.Select(view => new JsonObject
        {
            ["url"] = view.Url,
            ["view"] = JsonNode.Parse(view.Json.GetRawText()),
        })]),
        ["silent"] = new JsonArray([.. Silent.Select(one => new JsonObject
        {
            ["url"] = one.Url,
            ["reason"] = one.Reason,
        })]),
        ["matrix"] = new JsonObject(Slots().Select(row => KeyValuePair.Create(
            row.Slot, (JsonNode?)new JsonObject(Slots().Select(column =>
                KeyValuePair.Create(column.Slot, (JsonNode?)Cell(row.Slot, column.Slot))))))),
        ["problems"] = new JsonArray([.. Problems().Select(problem => new JsonObject
        {
            ["of"] = problem.Of,
            ["about"] = problem.About,
            ["reason"] = problem.Reason,
            ["differences"] = new JsonArray([.. problem.Differences.Select(one => new JsonObject
            {
                ["field"] = one.Field,
                ["of"] = one.Here,
                ["about"] = one.There,
            })]),
        })]),
    };

    private static async Task<(FounderView? View, string Reason)> AskAsync(string url, CancellationToken cancel)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address) || address.Scheme != Uri.UriSchemeHttps)
            return (null, "it is no address like https://127.0.0.1:8000");
        try
        {
            (CallResult result, NodeId node) = await UnknownNode
                .AskAsync(address, "/node/establishment", patience, cancel).ConfigureAwait(false);
            if (!result.IsSuccess)
                return (null, Screen.Visible(result.ErrorMessage ?? $"it answers with status {result.Status}"));
            if (!result.TryReadJson(out JsonElement json)) return (null, "its answer is no JSON");
            FounderView view = FounderView.Of(url, json);
            return view.NodeId == node.ToString()
                ? (view, "")
                : (null, $"it says to be node {view.NodeId}, and its key is that of {node}");
        }
        catch (CuriaClientException e)
        {
            return (null, e.Message);
        }
        catch (FormatException e)
        {
            return (null, $"its answer is something else: {e.Message}");
        }
    }
}
