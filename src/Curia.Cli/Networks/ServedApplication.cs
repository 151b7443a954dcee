using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Curia.Client;

namespace Curia.Cli.Networks;

/// <summary>The application that a network serves, by its own OpenAPI document.</summary>
/// <param name="Title">Its name there; <c>none</c> of a node without application.</param>
/// <param name="IsLogging">Whether it has the endpoints of the logging application (DESIGN 7), to which the tour and
/// the benchmark write.</param>
internal sealed record ServedApplication(string Title, bool IsLogging)
{
    /// <summary>Asks a node.</summary>
    /// <exception cref="CommandFailure">It does not tell.</exception>
    public static async Task<ServedApplication> OfAsync(CuriaClient client, CancellationToken cancel)
    {
        CallResult result = await client.CallAsync(CallRequest.Get("/app/api"), cancel).ConfigureAwait(false);
        bool isDocument = result.TryReadJson(out JsonElement api) && api.ValueKind == JsonValueKind.Object;
        if (!result.IsSuccess || !isDocument
            || !api.TryGetProperty("info", out JsonElement info) || info.ValueKind != JsonValueKind.Object
            || !info.TryGetProperty("title", out JsonElement title) || title.ValueKind != JsonValueKind.String
            || !api.TryGetProperty("paths", out JsonElement paths) || paths.ValueKind != JsonValueKind.Object)
        {
            throw CommandFailure.Refused(
                $"GET /app/api did not name the application: {result.Status} {result.ErrorCode}".TrimEnd());
        }

        bool isLogging =
            paths.TryGetProperty("/log/private", out _) && paths.TryGetProperty("/log/public", out _);
        return new ServedApplication(title.GetString()!, isLogging);
    }
}
