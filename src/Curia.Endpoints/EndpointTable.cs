using System;
using System.Collections.Generic;
using System.Collections.Immutable;

namespace Curia.Endpoints;

/// <summary>The endpoints of an application, or of a part of the node. Immutable, any thread.</summary>
/// <remarks>Matching walks a tree of segments: its cost is the length of the path, not the number of endpoints. A
/// literal segment is preferred to a parameter; no regular expression is involved, so no path is slow.</remarks>
public sealed class EndpointTable
{
    private readonly ImmutableArray<Endpoint> endpoints;
    private readonly Branch root = new();

    internal EndpointTable(string title, string version, ImmutableArray<Endpoint> endpoints)
    {
        Title = title;
        Version = version;
        this.endpoints = endpoints;
        foreach (Endpoint endpoint in endpoints) root.Add(endpoint);
    }

    /// <summary>A table without endpoints: a node without an application.</summary>
    public static EndpointTable Empty { get; } = new("none", "0.0.0", []);

    /// <summary>The name of the application, for its OpenAPI document.</summary>
    public string Title { get; }

    /// <summary>The version of the application, for its OpenAPI document.</summary>
    public string Version { get; }

    /// <summary>All endpoints, in the order in which they were mapped.</summary>
    public IReadOnlyList<Endpoint> Endpoints => endpoints;

    /// <summary>Finds the endpoint for a request.</summary>
    /// <param name="verb">The verb; HEAD finds what GET finds.</param>
    /// <param name="path">A canonical path (<see cref="Request.Path"/>), or the rest of one behind a prefix. Any other
    /// text is not found.</param>
    public EndpointMatch Match(HttpVerb verb, string path)
    {
        if (path.Length is 0 or > Request.TargetLengthMax || path[0] != '/') return EndpointMatch.NotFound.Instance;
        Search search = new(path, verb == HttpVerb.Head ? HttpVerb.Get : verb);
        Endpoint? found = root.Find(search, 1);
        if (found is not null) return Capture(found, path);
        if (search.Allowed is not { } allowed) return EndpointMatch.NotFound.Instance;
        if (allowed.Contains(HttpVerb.Get)) allowed.Add(HttpVerb.Head);
        return new EndpointMatch.MethodNotAllowed([.. allowed]);
    }

    /// <summary>The OpenAPI 3.1 document of this table, as JSON; the same bytes for the same table.</summary>
    /// <param name="title">The name of the interface.</param>
    /// <param name="version">Its version.</param>
    /// <param name="prefix">Where the paths begin, for example <c>/app</c>.</param>
    public string ToOpenApi(string title, string version, string prefix = "/app") =>
        OpenApiDocument.Write(title, version, prefix, endpoints);

    private static EndpointMatch Capture(Endpoint endpoint, string path)
    {
        if (!endpoint.Template.HasParameters) return new EndpointMatch.Found(endpoint, []);
        ImmutableArray<KeyValuePair<string, string>>.Builder values =
            ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        ReadOnlySpan<char> rest = path.AsSpan(1);
        int index = 0;
        foreach (Range range in rest.Split('/'))
        {
            TemplateSegment segment = endpoint.Template.Segments[index++];
            if (!segment.IsParameter) continue;
            bool decoded = PercentEncoding.TryDecodeSegment(rest[range], out string value);
            if (!decoded) return EndpointMatch.NotFound.Instance;
            values.Add(new(segment.Text, value));
        }

        return new EndpointMatch.Found(endpoint, values.ToImmutable());
    }

    private sealed class Search(string path, HttpVerb verb)
    {
        public string Path { get; } = path;

        public HttpVerb Verb { get; } = verb;

        /// <summary>The verbs of the path when it has others; null while none was met.</summary>
        public SortedSet<HttpVerb>? Allowed { get; set; }
    }

    /// <summary>What can follow after some segments. Never deeper than
    /// <see cref="RequestTarget.SegmentsMax"/>.</summary>
    private sealed class Branch
    {
        private readonly Dictionary<string, Branch> literals = new(StringComparer.Ordinal);
        private readonly Dictionary<HttpVerb, Endpoint> endpoints = [];
        private Branch? parameter;

        public void Add(Endpoint endpoint)
        {
            Branch branch = this;
            foreach (TemplateSegment segment in endpoint.Template.Segments) branch = branch.Next(segment);
            if (branch.endpoints.TryAdd(endpoint.Verb, endpoint)) return;
            throw new ArgumentException($"{endpoint} and {branch.endpoints[endpoint.Verb]} are the same endpoint.");
        }

        public Endpoint? Find(Search search, int start)
        {
            ReadOnlySpan<char> rest = search.Path.AsSpan(start);
            int slash = rest.IndexOf('/');
            ReadOnlySpan<char> segment = slash < 0 ? rest : rest[..slash];
            int next = slash < 0 ? -1 : start + slash + 1;
            if (segment.IsEmpty) return null;

            // A literal that leads nowhere does not hide the parameter beside it. Every branch is visited once at most,
            // so the tree bounds the walk, whatever the path.
            bool known = literals.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(segment, out Branch? literal);
            Endpoint? found = known ? literal!.Arrive(search, next) : null;
            return found ?? parameter?.Arrive(search, next);
        }

        private Endpoint? Arrive(Search search, int next)
        {
            if (next >= 0) return Find(search, next);
            if (endpoints.TryGetValue(search.Verb, out Endpoint? endpoint)) return endpoint;
            if (endpoints.Count > 0) (search.Allowed ??= []).UnionWith(endpoints.Keys);
            return null;
        }

        private Branch Next(TemplateSegment segment)
        {
            if (segment.IsParameter) return parameter ??= new Branch();
            if (!literals.TryGetValue(segment.Text, out Branch? next)) literals.Add(segment.Text, next = new Branch());
            return next;
        }
    }
}
