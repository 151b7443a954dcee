using System;

namespace Curia.Host;

/// <summary>The environment does not let the node start: one line that says what, why and what to do; exit code
/// 3.</summary>
internal sealed class StartFailure : Exception
{
    /// <summary>Joins the three parts of the line.</summary>
    /// <param name="what">What could not be done, without a full stop.</param>
    /// <param name="why">The reason, without a full stop.</param>
    /// <param name="todo">What the operator can do, without a full stop.</param>
    public StartFailure(string what, string why, string todo) : base(Line($"{what}: {why}. {todo}."))
    {
    }

    /// <summary>Whether what other nodes sent is the reason, so that another one may be asked.</summary>
    public bool IsOfOthers { get; init; }

    // Texts of the operating system come with line ends and full stops of their own.
    private static string Line(string text) =>
        text.ReplaceLineEndings(" ").Replace("..", ".", StringComparison.Ordinal);
}
