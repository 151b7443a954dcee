namespace Curia.Endpoints;

/// <summary>The request methods that endpoints answer (RFC 9110 section 9, RFC 5789).</summary>
public enum HttpVerb
{
    /// <summary>Reads.</summary>
    Get,

    /// <summary>Does what the endpoint says.</summary>
    Post,

    /// <summary>Puts a value in a place.</summary>
    Put,

    /// <summary>Removes.</summary>
    Delete,

    /// <summary>Changes a part (RFC 5789).</summary>
    Patch,

    /// <summary>Like <see cref="Get"/>, and the shell sends no body: every endpoint for GET answers it.</summary>
    Head,
}
