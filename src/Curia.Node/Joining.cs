using System.Collections.Generic;

namespace Curia.Node;

/// <summary>What a node keeps while it cannot open the ledger: from its start until a trusted node has told it the
/// secrets and the state is made.</summary>
internal sealed class Joining(IReadOnlyList<RecordedSnapshot> snapshots)
{
    /// <summary>A question or an answer that was lost is sent again after half a second.</summary>
    public const int TicksBetweenQuestions = 50;

    private readonly List<AppendedBlock> since = [];
    private int ticksToQuestion;

    /// <summary>Whether the secrets are here and the state is being made from disk.</summary>
    public bool IsLoading { get; private set; }

    /// <summary>The snapshots that the ledger records, as it was when the node joined.</summary>
    public IReadOnlyList<RecordedSnapshot> Snapshots => snapshots;

    /// <summary>The blocks that committed since the state is being made.</summary>
    public IReadOnlyList<AppendedBlock> Since => since;

    /// <summary>Whether it is time to ask for the secrets.</summary>
    public bool IsQuestionDue()
    {
        if (IsLoading || --ticksToQuestion > 0) return false;
        ticksToQuestion = TicksBetweenQuestions;
        return true;
    }

    /// <summary>The state is made up to what is committed now; later blocks are kept for it.</summary>
    public void Load() => IsLoading = true;

    /// <summary>A block committed.</summary>
    public void Committed(AppendedBlock block)
    {
        if (IsLoading) since.Add(block);
    }
}
