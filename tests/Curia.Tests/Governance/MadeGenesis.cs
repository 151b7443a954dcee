using System;
using System.Collections.Generic;
using System.Text;
using Curia.Cryptography;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Tests.Governance;

/// <summary>The genesis block that founders come to, as an auditor takes it from a ledger, and others that they would
/// not.</summary>
internal sealed class MadeGenesis : IDisposable
{
    private readonly EcdsaSigner serviceKey = EcdsaSigner.Generate(new SystemEntropy());

    /// <summary>A value that leaves its key out; a null of its own would convert to no bytes.</summary>
    public static ReadOnlyMemory<byte>? Nothing => null as ReadOnlyMemory<byte>?;

    public MadeGenesis(IReadOnlyList<MadeFounder> founders)
        : this(MadeFounders.Agree(founders)[0])
    {
    }

    /// <summary>Of what somebody takes in place of an agreement.</summary>
    public MadeGenesis(FoundingAgreement agreement)
    {
        Agreement = agreement;
        Service = Read(CertificateAuthority.SelfSigned(
            serviceKey, "Curia Service", MadeFounders.Now, MadeFounders.Now.AddDays(1), new SystemEntropy()));
        Primary = Issue(agreement.Founders[0].Statement.NodeKey);
        WriteSet? writes = GenesisWrites.Expect(agreement, Service, Primary, Digest.Of("the secret"u8));
        Writes = writes!;
        Record = new GenesisRecord(
            Writes.Encode(Domain.Public), HasPrivatePart: false, Service, agreement.Primary, MadeFounders.Now);
    }

    public FoundingAgreement Agreement { get; }

    public Certificate Service { get; }

    public Certificate Primary { get; }

    public WriteSet Writes { get; }

    public GenesisRecord Record { get; }

    /// <summary>The same with some values changed.</summary>
    /// <param name="change">Takes map, key and value.</param>
    /// <param name="further">What is written beside it.</param>
    public GenesisRecord With(
        Func<string, string, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?>? change = null,
        params (string Map, string Key, byte[] Value)[] further)
    {
        KeyValueStore store = new();
        Transaction transaction = store.Begin(MapAccess.Node);
        foreach (MapWrites map in Writes.Maps)
        {
            foreach (KeyWrite write in map.Writes)
            {
                ReadOnlyMemory<byte>? value = change is null
                    ? write.Value
                    : change(map.Name, Encoding.UTF8.GetString(write.Key.Span), write.Value!.Value);
                if (value is { } bytes) Of(map.Name).Put(write.Key.ToArray(), bytes.ToArray());
            }
        }

        foreach ((string map, string key, byte[] value) in further)
            Of(map).Put(Encoding.UTF8.GetBytes(key), value);
        CommitOutcome.Committed written =
            Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, GenesisWrites.FirstView));
        return Record with { PublicWrites = written.Changes.Encode(Domain.Public) };

        MapView<byte[], byte[]> Of(string name) =>
            transaction.Map(new Map<byte[], byte[]>(name, Codecs.Bytes, Codecs.Bytes));
    }

    /// <summary>The same with another value of one key.</summary>
    public GenesisRecord With<TValue>(Map<string, TValue> map, string key, TValue value) =>
        With(further: (map.Name, key, map.Values.Encode(value)));

    /// <summary>The same without one key.</summary>
    public GenesisRecord Without<TValue>(Map<string, TValue> map, string key) =>
        With((name, at, value) => name == map.Name && at == key ? Nothing : value);

    public void Dispose() => serviceKey.Dispose();

    private Certificate Issue(ReadOnlyMemory<byte> nodeKey) => Read(CertificateAuthority.Issue(
        serviceKey, Service, nodeKey.Span, "Curia Node", [], MadeFounders.Now, MadeFounders.Now.AddDays(1),
        new SystemEntropy()));

    private static Certificate Read(byte[] der) => Certificate.TryFromDer(der, out Certificate? certificate)
        ? certificate!
        : throw new InvalidOperationException("a certificate that was made is read");
}
