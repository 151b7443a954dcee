using System;

namespace Curia.Endpoints;

/// <summary>Turns what a handler returns into a response: a <see cref="Response"/> is one, a <see cref="Response{T}"/>
/// holds one, anything else is the JSON body of a 200.</summary>
internal static class ResultWriter<TResult>
{
    private static readonly bool IsTyped =
        typeof(TResult).IsGenericType && typeof(TResult).GetGenericTypeDefinition() == typeof(Response<>);

    /// <summary>The type of the body for the OpenAPI document; null when only the handler knows.</summary>
    public static Type? Described
    {
        get
        {
            if (typeof(TResult) == typeof(Response)) return null;
            return IsTyped ? typeof(TResult).GetGenericArguments()[0] : typeof(TResult);
        }
    }

    /// <summary>Refuses handlers that are not synchronous: nothing may be awaited while a transaction is
    /// open.</summary>
    /// <exception cref="ArgumentException">The result is awaitable.</exception>
    public static void RequireSynchronous()
    {
        if (typeof(TResult).GetMethod("GetAwaiter", Type.EmptyTypes) is null) return;
        throw new ArgumentException($"A handler answers at once; this one returns {typeof(TResult)}.");
    }

    /// <summary>The response.</summary>
    public static Response ToResponse(TResult result) => result switch
    {
        Response response => response,
        ITypedResponse typed => typed.Untyped,
        _ => Response.Json(result),
    };
}
