namespace Curia.Node;

/// <summary>Headers of requests that the node itself understands (docs/http.md).</summary>
public static class NodeHeaders
{
    /// <summary>Names a request so that it is executed once however often it is sent.</summary>
    public const string IdempotencyKey = "Idempotency-Key";
}
