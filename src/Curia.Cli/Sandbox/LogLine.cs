using System.Text.Json;

namespace Curia.Cli.Sandbox;

/// <summary>A line of a node's log.</summary>
internal static class LogLine
{
    /// <summary>The message of a line in JSON; any other line as it is.</summary>
    public static string Readable(string line)
    {
        if (!line.StartsWith('{')) return line;
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            foreach (string name in (string[])["message", "msg", "Message"])
            {
                if (document.RootElement.TryGetProperty(name, out JsonElement message)
                    && message.ValueKind == JsonValueKind.String)
                    return message.GetString()!;
            }

            return line;
        }
        catch (JsonException)
        {
            return line;
        }
    }
}
