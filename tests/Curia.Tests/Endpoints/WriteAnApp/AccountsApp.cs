using System.Text.Json;
using System.Text.Json.Serialization;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Accounts;

// What comes in and goes out: records. Members are snake_case in JSON, in the path and in the query.

/// <summary>Which account.</summary>
public sealed record Account(string Name);

/// <summary>What a new account has.</summary>
public sealed record Opening(ulong Amount);

/// <summary>Who pays whom how much.</summary>
public sealed record Payment(string From, string To, ulong Amount);

/// <summary>What an account has.</summary>
public sealed record Balance(ulong Amount);

/// <summary>An account as a transaction of the past left it.</summary>
public sealed record Moment(string Name, [property: JsonPropertyName("seqno")] SeqNo SeqNo);

/// <summary>What an account had, and the receipt that proves it.</summary>
public sealed record Proof(ulong Amount, JsonElement Receipt);

/// <summary>Accounts and payments between them.</summary>
public static class AccountsApp
{
    // A map is a name, a codec for keys and one for values. Its values are sealed outside the TEE; with the name
    // "public:balances" they would stand in the ledger in clear.
    private static readonly Map<string, ulong> Balances = new("balances", Codecs.Utf8, Codecs.UInt64);

    /// <summary>Verb, path, whom it admits, and a function. There is no way to leave the policy out.</summary>
    public static EndpointTable Endpoints { get; } = new EndpointTableBuilder("accounts", "1.0.0")
        .MapPut<Account, Opening, Response<Balance>>("/accounts/{name}", AuthenticationPolicy.MemberCertificate, Open)
        .MapGet<Account, Response<Balance>>("/accounts/{name}", AuthenticationPolicy.UserCertificate, Read)
        .Linearizable()
        .MapPost<Payment, Response<Balance>>("/payments", AuthenticationPolicy.UserCertificate, Pay)
        .WithSummary("Moves an amount and answers what is left.")
        .MapGet("/count", AuthenticationPolicy.None, (ReadOnlyTransaction state) => state.Map(Balances).Count)
        .MapHistorical<Moment, Response<Proof>>(
            "/accounts/{name}/proof", AuthenticationPolicy.UserCertificate, at => at.SeqNo, Prove)
        .Build();

    /// <summary>Opens an account.</summary>
    public static Response<Balance> Open(Account account, Opening opening, Transaction transaction)
    {
        MapView<string, ulong> balances = transaction.Map(Balances);
        if (balances.Contains(account.Name)) return Response.Error(409, "AccountExists", "This name is taken.");
        balances.Put(account.Name, opening.Amount);
        return new Balance(opening.Amount);
    }

    /// <summary>Reads an account. A reader gets a ReadOnlyTransaction: Put would not compile here.</summary>
    public static Response<Balance> Read(Account account, ReadOnlyTransaction transaction) =>
        transaction.Map(Balances).TryGet(account.Name, out ulong amount)
            ? new Balance(amount)
            : Response.NotFound($"There is no account '{account.Name}'.");

    /// <summary>Moves an amount.</summary>
    public static Response<Balance> Pay(Payment payment, Transaction transaction)
    {
        MapView<string, ulong> balances = transaction.Map(Balances);
        if (!balances.TryGet(payment.From, out ulong from)) return Response.NotFound("The payer has no account.");
        if (payment.Amount > from) return Response.InvalidInput($"The payer has {from} only.");
        balances.Put(payment.From, from - payment.Amount);
        // The payer has paid already, as far as this transaction goes. An error undoes that.
        if (!balances.TryGet(payment.To, out ulong to)) return Response.NotFound("The payee has no account.");
        balances.Put(payment.To, checked(to + payment.Amount));
        return new Balance(balances.Get(payment.From));
    }

    /// <summary>Proves what an account had. Writes is what that one transaction wrote, read back from the ledger and
    /// verified.</summary>
    public static Response<Proof> Prove(Moment at, HistoricalTransaction past)
    {
        if (!past.Writes.Map(Balances).TryGet(at.Name, out ulong amount)) return Response.NotFound("Not there.");
        using JsonDocument receipt = JsonDocument.Parse(past.ReceiptJson);
        return new Proof(amount, receipt.RootElement.Clone());
    }
}
