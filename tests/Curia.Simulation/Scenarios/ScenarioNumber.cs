using System.Globalization;

namespace Curia.Simulation;

internal static class ScenarioNumber
{
    public static ulong Read(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw new ScenarioException($"'{text}' is no number");
}
