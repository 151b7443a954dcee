using System;

namespace Curia.Evidence;

/// <summary>A machine gave no evidence. The message is one line: what, why, and what to do.</summary>
public sealed class EvidenceException : Exception
{
    /// <summary>Says why.</summary>
    public EvidenceException(EvidenceRefusal refusal, string message, Exception? inner = null) : base(message, inner) =>
        Refusal = refusal;

    /// <summary>The name of the reason.</summary>
    public EvidenceRefusal Refusal { get; }
}
