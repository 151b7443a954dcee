namespace Curia.Endpoints;

/// <summary>The codes of error bodies that clients may act on. They bear CCF's names, because its clients know
/// them.</summary>
public static class ErrorCodes
{
    /// <summary>400: the body is not what the endpoint takes.</summary>
    public const string InvalidInput = "InvalidInput";

    /// <summary>400: a query parameter is missing, unknown, twice there or of the wrong type.</summary>
    public const string InvalidQueryParameterValue = "InvalidQueryParameterValue";

    /// <summary>400: a parameter in the path is of the wrong type.</summary>
    public const string InvalidResourceName = "InvalidResourceName";

    /// <summary>401: the caller is not one that the endpoint admits.</summary>
    public const string InvalidAuthenticationInfo = "InvalidAuthenticationInfo";

    /// <summary>403: the caller is known and may not do this.</summary>
    public const string AuthorizationFailed = "AuthorizationFailed";

    /// <summary>404: no endpoint has this path, or no resource has this name.</summary>
    public const string ResourceNotFound = "ResourceNotFound";

    /// <summary>405: the path exists, for other verbs.</summary>
    public const string UnsupportedHttpVerb = "UnsupportedHttpVerb";

    /// <summary>414: the request target is longer than <see cref="Request.TargetLengthMax"/>.</summary>
    public const string RequestTargetTooLong = "RequestTargetTooLong";

    /// <summary>415: the body is in a format that the endpoint does not read.</summary>
    public const string UnsupportedContentType = "UnsupportedContentType";

    /// <summary>500: the application broke its own promise.</summary>
    public const string InternalError = "InternalError";
}
