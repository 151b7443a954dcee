using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Curia.Endpoints;

/// <summary>Writes the OpenAPI 3.1 document of a table. 3.1, because its schemas are JSON Schema 2020-12, which is what
/// the serializer exports; and because it knows mutual TLS as a security scheme.</summary>
internal sealed class OpenApiDocument
{
    private const string ErrorReference = "#/components/responses/Error";

    private const string LinearizableDescription =
        "Linearisable: the answer has everything that anybody was told of before the request, and is committed.";

    private readonly OpenApiSchemas schemas = new();

    private OpenApiDocument()
    {
    }

    /// <summary>The document as indented JSON with a line feed at the end.</summary>
    public static string Write(string title, string version, string prefix, ImmutableArray<Endpoint> endpoints)
    {
        OpenApiDocument document = new();
        JsonObject root = new()
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = title, ["version"] = version },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = prefix }),
            ["paths"] = document.Paths(endpoints),
            ["components"] = document.Components(endpoints),
        };
        JsonSerializerOptions format = new(JsonFormat.Options) { WriteIndented = true, NewLine = "\n" };
        return root.ToJsonString(format) + "\n";
    }

    private JsonObject Paths(ImmutableArray<Endpoint> endpoints)
    {
        JsonObject paths = [];
        foreach (IGrouping<string, Endpoint> path in endpoints.GroupBy(endpoint => endpoint.Path)
            .OrderBy(path => path.Key, StringComparer.Ordinal))
        {
            JsonObject item = [];
            foreach (Endpoint endpoint in path.OrderBy(endpoint => endpoint.Verb))
            {
                item.Add(VerbName(endpoint), Operation(endpoint));
            }

            paths.Add(path.Key, item);
        }

        return paths;
    }

    private JsonObject Operation(Endpoint endpoint)
    {
        JsonObject operation = [];
        if (endpoint.Description.Summary.Length > 0) operation.Add("summary", endpoint.Description.Summary);
        if (endpoint.IsLinearizable) operation.Add("description", LinearizableDescription);
        operation.Add("operationId", OperationId(endpoint));
        JsonArray parameters = Parameters(endpoint);
        if (parameters.Count > 0) operation.Add("parameters", parameters);
        if (endpoint.Description.Body is { } body)
        {
            operation.Add("requestBody", new JsonObject { ["required"] = true, ["content"] = JsonContent(body) });
        }

        operation.Add("responses", Responses(endpoint));
        operation.Add("security", Security(endpoint.Policy));
        return operation;
    }

    private JsonArray Parameters(Endpoint endpoint)
    {
        HashSet<string> inPath = [.. endpoint.Template.ParameterNames];
        if (endpoint.Description.Parameters is not { } record)
        {
            return [.. endpoint.Template.ParameterNames.Select(name =>
                Parameter(name, "path", required: true, new JsonObject { ["type"] = "string" }))];
        }

        JsonObject members = OpenApiSchemas.Export(record)["properties"]?.AsObject() ?? [];
        return [.. JsonFormat.Options.GetTypeInfo(record).Properties.Select(member => Parameter(
            member.Name,
            inPath.Contains(member.Name) ? "path" : "query",
            member.IsRequired || inPath.Contains(member.Name),
            members[member.Name]!.DeepClone()))];
    }

    private static JsonObject Parameter(string name, string place, bool required, JsonNode schema) =>
        new JsonObject { ["name"] = name, ["in"] = place, ["required"] = required, ["schema"] = schema };

    private JsonObject Responses(Endpoint endpoint)
    {
        JsonObject done = new() { ["description"] = "Done." };
        EndpointDescription description = endpoint.Description;
        if (description.Result is { } type) done.Add("content", JsonContent(type));
        else if (description.ContentType is { } media)
        {
            done.Add("content", new JsonObject { [media] = new JsonObject() });
        }

        string status = description.Status.ToString(CultureInfo.InvariantCulture);
        JsonObject responses = new() { [status] = done };
        if (endpoint.Mode == EndpointMode.Historical)
        {
            JsonObject retryAfter = new() { ["schema"] = new JsonObject { ["type"] = "integer" } };
            responses.Add("202", new JsonObject
            {
                ["description"] = "The transaction is being loaded from the ledger; ask again.",
                ["headers"] = new JsonObject { ["Retry-After"] = retryAfter },
            });
        }

        if (endpoint.IsRedirected)
        {
            JsonObject location = new() { ["schema"] = new JsonObject { ["type"] = "string", ["format"] = "uri" } };
            responses.Add("307", new JsonObject
            {
                ["description"] = "This node does not order; the primary is there.",
                ["headers"] = new JsonObject { ["Location"] = location },
            });
        }

        responses.Add("default", new JsonObject { ["$ref"] = ErrorReference });
        return responses;
    }

    private JsonObject JsonContent(Type type) =>
        new() { [Response.JsonContentType] = new JsonObject { ["schema"] = schemas.Reference(type) } };

    private static JsonArray Security(AuthenticationPolicy policy) =>
        [.. policy.Methods.Select(method => (JsonNode)(method == AuthenticationMethod.None
            ? []
            : new JsonObject { [SchemeName(method)] = new JsonArray() }))];

    private JsonObject Components(ImmutableArray<Endpoint> endpoints)
    {
        JsonObject error = new()
        {
            ["description"] = "What is wrong: a code for programs, a message for people.",
            ["content"] = JsonContent(typeof(ErrorBody)),
        };
        JsonObject components = new()
        {
            ["responses"] = new JsonObject { ["Error"] = error },
            ["schemas"] = schemas.All(),
        };
        JsonObject schemes = [];
        IEnumerable<AuthenticationMethod> methods = endpoints.SelectMany(endpoint => endpoint.Policy.Methods);
        foreach (AuthenticationMethod method in methods.Distinct().Order())
        {
            if (method == AuthenticationMethod.None) continue;
            schemes.Add(SchemeName(method), new JsonObject
            {
                ["type"] = "mutualTLS",
                ["description"] = SchemeDescription(method),
            });
        }

        if (schemes.Count > 0) components.Add("securitySchemes", schemes);
        return components;
    }

    // The names of CCF's policies: its users look for them.
    private static string SchemeName(AuthenticationMethod method) => method switch
    {
        AuthenticationMethod.UserCertificate => "user_cert",
        AuthenticationMethod.MemberCertificate => "member_cert",
        _ => "any_cert",
    };

    private static string SchemeDescription(AuthenticationMethod method) => method switch
    {
        AuthenticationMethod.UserCertificate => "A TLS client certificate that is registered as a user.",
        AuthenticationMethod.MemberCertificate => "A TLS client certificate that is registered as a member.",
        _ => "Any TLS client certificate.",
    };

    private static string VerbName(Endpoint endpoint) => endpoint.Verb.ToString().ToLowerInvariant();

    private static string OperationId(Endpoint endpoint) =>
        VerbName(endpoint) + string.Concat(endpoint.Template.Segments.Select(segment =>
            "_" + (segment.IsParameter ? "by_" : "") + segment.Text.Replace('-', '_')));
}
