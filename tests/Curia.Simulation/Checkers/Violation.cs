using System;

namespace Curia.Simulation;

/// <summary>A checker found something that must never be.</summary>
internal sealed class Violation(string rule, string detail) : Exception($"{rule}: {detail}")
{
    /// <summary>The rule that was broken; a mutant names the rule that must catch it.</summary>
    public string Rule { get; } = rule;
}
