namespace Curia.EndToEnd.Live;

/// <summary>What happens to packets in one direction between two ports.</summary>
/// <param name="IsCut">All are lost, and nobody is told.</param>
/// <param name="Loss">The part of them that is lost, 0 to 1.</param>
/// <param name="Delay">Milliseconds that each is on its way.</param>
/// <param name="Jitter">Up to so many milliseconds more, by chance: later packets come earlier.</param>
internal readonly record struct Link(bool IsCut = false, double Loss = 0, int Delay = 0, int Jitter = 0)
{
    public static readonly Link Cut = new(IsCut: true);
}
