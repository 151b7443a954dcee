using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

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

    /// <summary>Stops the node when the promise is broken. The sentence is put together only then, so a promise on the
    /// way of every transaction costs a comparison and no text.</summary>
    /// <param name="condition">What must be true.</param>
    /// <param name="broken">Says what is wrong when it is not; never holds a secret.</param>
    /// <exception cref="InvariantException">The condition is false.</exception>
    public static void Holds(
        [DoesNotReturnIf(false)] bool condition,
        [InterpolatedStringHandlerArgument(nameof(condition))] ref InvariantMessage broken)
    {
        if (!condition) throw new InvariantException(broken.ToStringAndClear());
    }
}

/// <summary>The sentence of an <see cref="Invariant"/>, formatted only when the promise is broken. The compiler calls
/// it for an interpolated string; nobody else needs to.</summary>
[InterpolatedStringHandler]
public ref struct InvariantMessage
{
    private DefaultInterpolatedStringHandler text;

    /// <summary>Tells the compiler whether to format at all.</summary>
    public InvariantMessage(int literalLength, int formattedCount, bool condition, out bool isBroken)
    {
        isBroken = !condition;
        text = condition ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount);
    }

    /// <summary>Adds words.</summary>
    public void AppendLiteral(string words) => text.AppendLiteral(words);

    /// <summary>Adds a value.</summary>
    public void AppendFormatted<T>(T value) => text.AppendFormatted(value);

    /// <summary>Adds a value in a format of its own.</summary>
    public void AppendFormatted<T>(T value, string? format) => text.AppendFormatted(value, format);

    internal string ToStringAndClear() => text.ToStringAndClear();
}

/// <summary>A broken <see cref="Invariant"/>: the process must stop, its state can no longer be believed.</summary>
public sealed class InvariantException : Exception
{
    /// <summary>Says what is wrong.</summary>
    public InvariantException(string message) : base(message)
    {
    }
}
