using System;
using System.Text;

namespace Curia.Simulation;

/// <summary>How often each situation was reached.</summary>
internal sealed class CoreCounts
{
    private readonly long[] reached = new long[Enum.GetValues<CoreSituation>().Length];

    public void Reached(CoreSituation situation) => reached[(int)situation]++;

    public Situations InWords()
    {
        Situations situations = new();
        foreach (CoreSituation situation in Enum.GetValues<CoreSituation>())
        {
            if (reached[(int)situation] > 0) situations.Reached(Words(situation), reached[(int)situation]);
        }

        return situations;
    }

    public static string Words(CoreSituation situation)
    {
        StringBuilder words = new();
        foreach (char letter in situation.ToString())
        {
            if (char.IsUpper(letter) && words.Length > 0) words.Append(' ');
            words.Append(char.ToLowerInvariant(letter));
        }

        return words.ToString();
    }
}
