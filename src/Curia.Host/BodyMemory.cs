using System.Threading;

namespace Curia.Host;

/// <summary>The memory that bodies may hold while they arrive, over all requests: many slow uploads of allowed size
/// must not fill the machine together.</summary>
internal sealed class BodyMemory
{
    // Two thousand requests in flight (the default) with a usual body of some kilobytes need a few MiB; 256 MiB let 32
    // bodies of the largest default size arrive at the same time.
    private const long BytesMax = 256L * 1024 * 1024;

    private long used;

    /// <summary>Takes memory for a body that grows.</summary>
    /// <returns>False when all of it is taken.</returns>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref used, bytes) <= BytesMax) return true;
        Interlocked.Add(ref used, -bytes);
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return(long bytes) => Interlocked.Add(ref used, -bytes);
}
