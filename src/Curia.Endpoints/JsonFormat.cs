using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Curia.Endpoints;

/// <summary>The one JSON format of the service.</summary>
public static class JsonFormat
{
    /// <summary>Deeper input is refused. Honest requests have fewer than ten levels.</summary>
    public const int DepthMax = 32;

    /// <summary>Members in snake_case; reading is strict: unknown, missing and repeated members, null where the type
    /// has none, comments and trailing commas are errors. Identifiers of Curia.Vocabulary are texts, positions and
    /// views are numbers, enumerations are names.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        JsonSerializerOptions options = new(JsonSerializerOptions.Strict)
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DictionaryKeyPolicy = null, // keys are data
            MaxDepth = DepthMax,
            // The default escapes for text inside HTML; ours is sent as application/json, never inside a page.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        options.Converters.Add(new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false));
        foreach (JsonConverter converter in VocabularyJson.Converters) options.Converters.Add(converter);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
