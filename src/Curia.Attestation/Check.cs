namespace Curia.Attestation;

/// <summary>One step of an appraisal.</summary>
/// <param name="Name">What was looked at: a stable word, in lower case with hyphens.</param>
/// <param name="Passed">Whether it was as it must be.</param>
/// <param name="Source">The specification and section that asks for it, or the policy.</param>
/// <param name="Detail">What was found; for people, never for a decision.</param>
public sealed record Check(string Name, bool Passed, string Source, string Detail);
