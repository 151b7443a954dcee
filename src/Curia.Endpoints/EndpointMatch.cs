using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace Curia.Endpoints;

/// <summary>What an <see cref="EndpointTable"/> has for a verb and a path.</summary>
public abstract record EndpointMatch
{
    private EndpointMatch()
    {
    }

    /// <summary>An endpoint.</summary>
    /// <param name="Endpoint">The one.</param>
    /// <param name="PathValues">Names and decoded values of its path parameters.</param>
    public sealed record Found(
        Endpoint Endpoint, ImmutableArray<KeyValuePair<string, string>> PathValues) : EndpointMatch;

    /// <summary>The path exists, for other verbs.</summary>
    /// <param name="Allowed">The verbs, in the order of the enumeration.</param>
    public sealed record MethodNotAllowed(ImmutableArray<HttpVerb> Allowed) : EndpointMatch
    {
        /// <summary>405 with the header Allow (RFC 9110 section 15.5.6).</summary>
        public Response ToResponse()
        {
            string allowed = string.Join(", ", Allowed.Select(verb => verb.ToString().ToUpperInvariant()));
            Response error = Response.Error(405, ErrorCodes.UnsupportedHttpVerb, $"This path takes {allowed}.");
            return error.With("Allow", allowed);
        }
    }

    /// <summary>No endpoint has this path.</summary>
    public sealed record NotFound : EndpointMatch
    {
        /// <summary>The one value.</summary>
        public static readonly NotFound Instance = new();

        /// <summary>404.</summary>
        public Response ToResponse() => Response.NotFound("No endpoint has this path; GET /app/api lists them.");
    }
}
