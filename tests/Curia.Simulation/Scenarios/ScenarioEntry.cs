using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>One transaction of a scenario, which is all that a scenario knows of a ledger.</summary>
/// <param name="View">The view whose primary made it.</param>
/// <param name="Text">What it says; two entries of one text at one place are the same.</param>
/// <param name="Configuration">The configuration that it makes, if any.</param>
/// <param name="IsSignature">Whether it ends a block.</param>
internal sealed record ScenarioEntry(View View, string Text, Configuration? Configuration, bool IsSignature)
{
    public static ScenarioEntry Signature(View view) => new(view, "signature", null, true);
}
