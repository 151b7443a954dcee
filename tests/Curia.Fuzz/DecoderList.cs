using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Evidence;
using Curia.Governance;
using Curia.Host;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Fuzz;

/// <summary>Every public member of the core, and of what nodes tell each other, that reads bytes or text and may refuse
/// them: each has a target or an excuse. Of the shell it is the one that reads what another node hands over.</summary>
internal static class DecoderList
{
    private static readonly Assembly[] assemblies =
    [
        typeof(TxId).Assembly, typeof(CoseSign1).Assembly, typeof(WriteSet).Assembly, typeof(Block).Assembly,
        typeof(Request).Assembly, typeof(LedgerReplay).Assembly, typeof(PeerFrame).Assembly,
        typeof(SnpReport).Assembly, typeof(Collateral).Assembly, typeof(Charter).Assembly,
    ];

    private static readonly Type[] inputs =
        [typeof(ReadOnlySpan<byte>), typeof(ReadOnlyMemory<byte>), typeof(ReadOnlySpan<char>), typeof(string)];

    // Names that promise an answer instead of an exception, and some that only say what they do. "TryGet" looks
    // something up in what was read already.
    private static readonly string[] beginnings = ["Try", "Verify", "AddChunk"];
    private static readonly string[] names =
        ["CborBounds.Hold", "SealedSecrets.IsFileName", "PemBounds.Hold", "EndpointTable.Match"];
    private const string LookUp = "TryGet";

    private static readonly Dictionary<string, string> excused = new(StringComparer.Ordinal)
    {
        ["ColdRestart.TryTake"] = "RestartClaim.TryDecode reads; what is left is a signature over the same bytes",
        ["AeadKey.TryOpen"] = "opens with a key; EntrySealer.TryOpen and Snapshot.TryOpen go through it",
    };

    /// <summary>What has neither target nor excuse, and what is named and not there.</summary>
    public static IEnumerable<string> FindProblems()
    {
        MethodInfo[] methods =
        [
            .. assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Append(typeof(Forwarding))
                .SelectMany(MethodsOf),
        ];
        string[] decoders = [.. methods.Where(IsDecoder).Select(NameOf).Distinct()];
        string[] named = [.. FuzzTargets.All.SelectMany(target => target.Decoders), .. excused.Keys];
        foreach (string decoder in decoders.Except(named))
            yield return $"{decoder} reads bytes or text from outside and has neither a target nor an excuse";
        foreach (string decoder in named.Except(methods.Select(NameOf)))
            yield return $"{decoder} is named by a target or an excuse and is not there";
    }

    private static MethodInfo[] MethodsOf(Type type) => type.GetMethods(
        BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly);

    private static bool IsDecoder(MethodInfo method) =>
        method.GetParameters().Any(parameter => inputs.Contains(parameter.ParameterType))
        && !method.Name.StartsWith(LookUp, StringComparison.Ordinal)
        && (names.Contains(NameOf(method))
            || beginnings.Any(word => method.Name.StartsWith(word, StringComparison.Ordinal)));

    private static string NameOf(MethodInfo method) => $"{method.DeclaringType!.Name.Split('`')[0]}.{method.Name}";
}
