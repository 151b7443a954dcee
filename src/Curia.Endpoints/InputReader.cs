using System;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Curia.Endpoints;

/// <summary>Makes one argument of a handler out of a request.</summary>
/// <typeparam name="T">The type of the argument.</typeparam>
internal abstract class InputReader<T>
{
    /// <summary>The type for the OpenAPI document; null when the handler reads the request itself.</summary>
    public virtual Type? Described => typeof(T);

    /// <summary>Reads the argument; what the sender did wrong is a refusal, and nothing throws.</summary>
    public abstract bool TryRead(
        Request request, [MaybeNullWhen(false)] out T input, [NotNullWhen(false)] out Response? refusal);

    /// <summary>A reader of path and query.</summary>
    /// <exception cref="ArgumentException">The type cannot be read from them.</exception>
    public static InputReader<T> OfParameters(string path) =>
        typeof(T) == typeof(Request) ? new WholeRequest() : new ParametersReader<T>(PathTemplate.Parse(path));

    /// <summary>A reader of the body.</summary>
    /// <exception cref="ArgumentException">The type cannot be read from JSON.</exception>
    public static InputReader<T> OfBody() => typeof(T) == typeof(Request) ? new WholeRequest() : new BodyReader<T>();

    /// <summary>Deserializes in the one format, and turns every way to fail into an outcome.</summary>
    /// <remarks>A record that checks its own values throws ArgumentException in its constructor: that is a refusal too.
    /// </remarks>
    protected static bool TryDeserialize(
        ReadOnlySpan<byte> json,
        JsonTypeInfo<T> type,
        [MaybeNullWhen(false)] out T input,
        [NotNullWhen(false)] out Exception? failure)
    {
        input = default;
        failure = null;
        try
        {
            input = JsonSerializer.Deserialize(json, type);
            // For the serializer the text "null" is a value of every class.
            if (input is null) failure = new JsonException("null is no value here.", "$", 0, 0);
        }
        catch (JsonException exception)
        {
            failure = exception;
        }
        catch (ArgumentException exception)
        {
            failure = exception;
        }

        return failure is null;
    }

    /// <summary>What the serializer knows about the type; asked at start, so that a type it cannot read fails
    /// there.</summary>
    protected static JsonTypeInfo<T> TypeInfo()
    {
        try
        {
            return (JsonTypeInfo<T>)JsonFormat.Options.GetTypeInfo(typeof(T));
        }
        catch (Exception exception) when (exception is NotSupportedException or InvalidOperationException)
        {
            throw new ArgumentException($"{typeof(T)} cannot be read from JSON: {exception.Message}", exception);
        }
    }

    private sealed class WholeRequest : InputReader<T>
    {
        public override Type? Described => null;

        public override bool TryRead(
            Request request, [MaybeNullWhen(false)] out T input, [NotNullWhen(false)] out Response? refusal)
        {
            input = (T)(object)request;
            refusal = null;
            return true;
        }
    }
}
