using System;
using System.Diagnostics.CodeAnalysis;

namespace Curia.Vocabulary;

/// <summary>A promise that the program made to itself. It stays on in release builds: better silent than
/// wrong.</summary>
public static class Invariant
{
    /// <summary>Stops the node when the promise is broken.</summary>
    /// <param name="condition">What must be true.</param>
    /// <param name="broken">Says what is wrong when it is not; never holds a secret.</param>
    /// <exception cref="InvariantException">The condition is false. Nothing catches it but the shell, which
    /// stops.</exception>
    public static void Holds([DoesNotReturnIf(false)] bool condition, string broken)
    {
        if (!condition) throw new InvariantException(broken);
    }
}

/// <summary>A broken <see cref="Invariant"/>: the process must stop, its state can no longer be believed.</summary>
public sealed class InvariantException : Exception
{
    /// <summary>Says what is wrong.</summary>
    public InvariantException(string message) : base(message)
    {
    }
}
