using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Consensus;

namespace Curia.Simulation;

/// <summary>A message that somebody has sent.</summary>
internal sealed record SearchMessage(int From, int To, ReplicaMessage Message, UInt128[] Keys);

/// <summary>All messages that were ever sent in any state, each once, and keys that do not care for the names of
/// nodes.</summary>
internal sealed class SearchMessages(IReadOnlyList<int[]> symmetries)
{
    private readonly Dictionary<string, int> numbers = [];
    private readonly List<SearchMessage> messages = [];
    private readonly string[] names = [.. Enumerable.Range(1, SearchModel.Nodes).Select(n => $"{CoreIds.Node(n)}")];

    public SearchMessage this[int number] => messages[number];

    public int Count => messages.Count;

    public int NumberOf(int from, int to, ReplicaMessage message)
    {
        string text = Describe(from, to, message);
        if (numbers.TryGetValue(text, out int number)) return number;
        messages.Add(new SearchMessage(
            from, to, message, [.. symmetries.Select(order => Key(Describe(order[from], order[to], message)))]));
        numbers.Add(text, messages.Count - 1);
        return messages.Count - 1;
    }

    /// <summary>Keys of a text about a node, in which nodes are named by their ids.</summary>
    public UInt128[] KeysOf(int node, string text) => [.. symmetries.Select(order => Key(Renamed(order, node, text)))];

    /// <summary>Long enough that two of some millions are never the same by chance.</summary>
    public static UInt128 Key(string text)
    {
        Span<byte> hash = stackalloc byte[32];
        System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    // Lists of nodes in a description are in the order of their ids, and are brought into order again.
    private string Renamed(int[] order, int node, string text)
    {
        for (int old = 0; old < names.Length; old++)
            text = text.Replace(names[old], $"<{order[old]}>", StringComparison.Ordinal);
        IEnumerable<string> words = text[1..].Split(' ').Select(word => word switch
        {
            ['+', ..] => string.Join('+', word.Split('+').Order(StringComparer.Ordinal)),
            ['@', ..] => string.Join('/', word.Split('/').Select(side => string.Concat(side.Order()))),
            _ => word,
        });
        return $"{order[node]} {string.Join(' ', words.Order(StringComparer.Ordinal))}";
    }

    private static string Describe(int from, int to, ReplicaMessage message) =>
        $"{from}>{to} {CoreDescribe.Of(message)}";
}
