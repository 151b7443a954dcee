using Curia.Fuzz.Seeding;

namespace Curia.Fuzz.Commands;

/// <summary><c>seed FOLDER</c>: writes the first corpus, from the reference ledger and by hand.</summary>
internal static class SeedCommand
{
    public static int Execute(string folder)
    {
        Seeds.WriteAll(folder);
        return 0;
    }
}
