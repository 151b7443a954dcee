namespace Curia.Endpoints;

/// <summary>A value of one type, or any <see cref="Response"/> in its place, such as an error. A handler that returns
/// it says the type of its answer to the compiler and to the OpenAPI document.</summary>
/// <typeparam name="T">What the endpoint answers when all is well.</typeparam>
public sealed class Response<T> : ITypedResponse
{
    /// <summary>The value as JSON, with status 200.</summary>
    public Response(T value) => Untyped = Response.Json(value);

    /// <summary>A response of another shape.</summary>
    public Response(Response response) => Untyped = response;

    /// <summary>The response that is sent.</summary>
    public Response Untyped { get; }

    /// <summary>The value as JSON, with status 200.</summary>
    public static implicit operator Response<T>(T value) => new(value);

    /// <summary>A response of another shape.</summary>
    public static implicit operator Response<T>(Response response) => new(response);
}

/// <summary>What <see cref="Response{T}"/> is for all T.</summary>
internal interface ITypedResponse
{
    /// <summary>The response that is sent.</summary>
    Response Untyped { get; }
}
