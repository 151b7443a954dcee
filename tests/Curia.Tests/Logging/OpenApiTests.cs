using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Tests.Architecture;
using Curia.Vocabulary;
using Logging;

namespace Curia.Tests.Logging;

/// <summary>The interface of the reference application is a file under review: apps/logging/openapi.json.</summary>
public sealed class OpenApiTests
{
    private const string Golden = "apps/logging/openapi.json";

    [Fact]
    public void The_document_is_the_one_under_review()
    {
        EndpointTable table = LoggingApp.Endpoints;
        string document = table.ToOpenApi(table.Title, table.Version);
        // A change that is meant: run this once with CURIA_UPDATE_GOLDEN=1, and add a line to apps/logging/README.md.
        if (Environment.GetEnvironmentVariable("CURIA_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(Path.Combine(Repository.Root, Golden), document);
        }

        Assert.Equal(Repository.Read(Golden), document);
    }

    [Fact]
    public void Every_reference_leads_somewhere_and_every_endpoint_is_there()
    {
        EndpointTable table = new EndpointTableBuilder("shapes", "1.0.0")
            .MapPost("/trees", AuthenticationPolicy.None, (Tree tree, Transaction _) => tree)
            .MapPut("/trees/{id}", AuthenticationPolicy.MemberCertificate, (Place at, Tree tree, Transaction _) => at)
            .MapGet("/raw/{name}", AuthenticationPolicy.AnyCertificate, (_, _) => Response.NoContent())
            .Add(LoggingApp.Endpoints)
            .Build();
        string text = table.ToOpenApi("shapes", "1.0.0", "/x");
        Assert.Equal(text, table.ToOpenApi("shapes", "1.0.0", "/x"));
        JsonElement document = JsonDocument.Parse(text).RootElement;
        string[] references = [.. References(document)];
        Assert.NotEmpty(references);
        Assert.All(references, reference => Resolve(document, reference));
        Assert.Equal(
            table.Endpoints.Select(endpoint => endpoint.ToString()).Order(StringComparer.Ordinal),
            Operations(document).Order(StringComparer.Ordinal));
        JsonElement put = document.GetProperty("paths").GetProperty("/trees/{id}").GetProperty("put");
        Assert.Equal(
            ["id path True", "last query False"],
            put.GetProperty("parameters").EnumerateArray().Select(parameter =>
                $"{parameter.GetProperty("name")} {parameter.GetProperty("in")} {parameter.GetProperty("required")}"));
    }

    private static IEnumerable<string> Operations(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from verb in path.Value.EnumerateObject()
        select $"{verb.Name.ToUpperInvariant()} {path.Name}";

    private static IEnumerable<string> References(JsonElement node) => node.ValueKind switch
    {
        JsonValueKind.Array => node.EnumerateArray().SelectMany(References),
        JsonValueKind.Object => node.EnumerateObject().SelectMany(member =>
            member.Name == "$ref" ? [member.Value.GetString()!] : References(member.Value)),
        _ => [],
    };

    private static void Resolve(JsonElement document, string reference)
    {
        Assert.StartsWith("#/", reference, StringComparison.Ordinal);
        JsonElement node = document;
        foreach (string name in reference[2..].Split('/'))
        {
            Assert.True(node.TryGetProperty(name, out node), reference);
        }
    }

    private sealed record Tree(string Name, IReadOnlyList<Tree> Branches, TxId? Planted = null);

    private sealed record Place(ulong Id, SeqNo? Last = null);
}
