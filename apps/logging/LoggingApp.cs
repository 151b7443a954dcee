using Curia.Endpoints;
using Curia.KeyValue;

namespace Logging;

/// <summary>The reference application: numbered messages, private ones and public ones, with the surface of CCF's
/// logging sample (README.md in this folder).</summary>
public static class LoggingApp
{
    private static readonly Map<ulong, string> PrivateRecords = new("records", Codecs.UInt64, Codecs.Utf8);
    private static readonly Map<ulong, string> PublicRecords = new("public:records", Codecs.UInt64, Codecs.Utf8);

    /// <summary>All endpoints of the application.</summary>
    public static EndpointTable Endpoints { get; } = Build();

    private static EndpointTable Build()
    {
        EndpointTableBuilder endpoints = new("logging", "1.2.0");
        new MessageEndpoints("/log/private", PrivateRecords).AddTo(endpoints);
        new MessageEndpoints("/log/public", PublicRecords).AddTo(endpoints);
        endpoints.MapPost<Entry, Response<bool>>("/log/echo", AuthenticationPolicy.UserCertificate, Echo)
            .WithSummary("Reads a message as if it were to be written, and writes nothing: what is left of a write "
                + "without the ledger, for measurements.");
        return endpoints.Build();
    }

    private static Response<bool> Echo(Entry entry, Transaction transaction) =>
        MessageEndpoints.RefusalOf(entry) is { } refusal ? refusal : true;
}
