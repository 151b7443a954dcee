using System;

namespace Curia.EndToEnd.Live;

/// <summary>The network did not do what it promises.</summary>
public sealed class LiveException : Exception
{
    public LiveException()
    {
    }

    public LiveException(string message)
        : base(message)
    {
    }

    public LiveException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
