using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Curia.Cli.Files;
using Curia.Governance;

namespace Curia.Cli.Establishment;

/// <summary>Which nodes a member has endorsed. It keeps the member from endorsing two processes for one slot and
/// attempt: they could be in two networks (DESIGN 1).</summary>
internal sealed class EndorsedNodes
{
    private const int BytesMax = 1 << 20;

    private static readonly JsonSerializerOptions format =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    private readonly string path;
    private readonly List<Endorsed> all;

    private EndorsedNodes(string path, List<Endorsed> all)
    {
        this.path = path;
        this.all = all;
    }

    /// <summary>Reads the file; one that is not there yet has none.</summary>
    /// <exception cref="CommandFailure">It is something else.</exception>
    public static EndorsedNodes Read(string path)
    {
        if (!File.Exists(path)) return new EndorsedNodes(path, []);
        try
        {
            return new EndorsedNodes(path,
                JsonSerializer.Deserialize<List<Endorsed>>(InputFile.Read(path, BytesMax), format)
                    ?? throw new JsonException());
        }
        catch (JsonException)
        {
            throw CommandFailure.Environment($"{path} does not say which nodes were endorsed. It keeps you from "
                + "endorsing two for one slot: find the right file, or name another one with --record.");
        }
    }

    /// <summary>Refuses a second node.</summary>
    /// <exception cref="CommandFailure">Another one is endorsed.</exception>
    public void RequireOnce(FounderEndorsement said)
    {
        Endorsed wanted = Endorsed.Of(said);
        Endorsed? other = all.FirstOrDefault(
            one => one with { Node = wanted.Node } == wanted && one.Node != wanted.Node);
        if (other is null) return;
        throw CommandFailure.Refused($"node {other.Node} is endorsed for slot {wanted.Slot} and attempt "
            + $"{wanted.Attempt} already. Two nodes for one slot could be in two networks: all owners endorse anew "
            + $"with --attempt {wanted.Attempt + 1}.");
    }

    /// <summary>Keeps what is about to be said; on disk before it is said.</summary>
    /// <exception cref="CommandFailure">It cannot be written.</exception>
    public void Keep(FounderEndorsement said)
    {
        if (all.Contains(Endorsed.Of(said))) return;
        all.Add(Endorsed.Of(said));
        OutputFiles.Replace(path, JsonSerializer.SerializeToUtf8Bytes(all, format));
    }

    private sealed record Endorsed(string Charter, string Slot, int Attempt, string Node)
    {
        public static Endorsed Of(FounderEndorsement said) =>
            new(said.Charter.ToString(), said.Slot, said.Attempt, said.Node.ToString());
    }
}
