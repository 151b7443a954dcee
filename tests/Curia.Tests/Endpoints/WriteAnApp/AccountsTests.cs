using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Tests.Endpoints;
using Curia.Vocabulary;

namespace Accounts;

/// <summary>The test that the page shows, and what the page says in words.</summary>
public sealed class AccountsTests
{
    [Fact]
    public void A_payment_moves_an_amount()
    {
        KeyValueStore store = new();
        Transaction transaction = store.Begin(MapAccess.Application);
        AccountsApp.Open(new Account("ada"), new Opening(100), transaction);
        AccountsApp.Open(new Account("bob"), new Opening(0), transaction);
        AccountsApp.Pay(new Payment("ada", "bob", 30), transaction);
        store.Commit(transaction, new View(2));

        Response answer = AccountsApp.Read(new Account("bob"), store.BeginReadOnly(MapAccess.Application)).Untyped;
        Assert.Equal("""{"amount":30}"""u8, answer.Body.Span);
    }

    [Fact]
    public void The_endpoints_of_the_page_answer_as_it_says()
    {
        ApplicationRun run = new(AccountsApp.Endpoints);
        Assert.Equal("""{"amount":100}""", run.Put("/accounts/ada", """{"amount":100}""").Text());
        Assert.Equal(409, run.Put("/accounts/ada", """{"amount":100}""").Status);
        Assert.Equal(400, run.Put("/accounts/eve", """{"amount":-1}""").Status);
        Assert.Equal("1", run.Get("/count").Text());
        Assert.Equal(404, run.Get("/accounts/bob").Status);

        TxId opened = run.LastTxId;
        Assert.Equal(404, run.Post("/payments", """{"from":"ada","to":"bob","amount":30}""").Status);
        Assert.Equal("""{"amount":100}""", run.Get("/accounts/ada").Text());
        Assert.Equal(opened, run.LastTxId);

        run.Put("/accounts/bob", """{"amount":0}""");
        Assert.Equal("""{"amount":70}""", run.Post("/payments", """{"from":"ada","to":"bob","amount":30}""").Text());
        string receipt = run.Get($"/accounts/ada/proof?seqno={run.LastTxId.SeqNo}").Text();
        Assert.Equal($$$"""{"amount":70,"receipt":{"txid":"{{{run.LastTxId}}}"}}""", receipt);
    }
}
