using System;

namespace Curia.KeyValue;

/// <summary>A named map with typed keys and values: what code passes to a transaction to read and write it.</summary>
/// <remarks>Holds no data. Make one as a static field; a map exists in the state as soon as it has an entry.</remarks>
public sealed class Map<TKey, TValue>
{
    /// <summary>Names a map and says how its keys and values are written.</summary>
    /// <param name="name">1 to 128 characters of printable ASCII; <c>public:</c> in front means "in clear on the
    /// ledger".</param>
    /// <param name="keys">The codec of the keys; an ordered one makes ranges follow the order of the keys.</param>
    /// <param name="values">The codec of the values.</param>
    /// <exception cref="ArgumentException">The name is not valid.</exception>
    public Map(string name, Codec<TKey> keys, Codec<TValue> values)
    {
        if (!MapNames.IsValid(name))
        {
            throw new ArgumentException("A map name has 1 to 128 characters of printable ASCII.", nameof(name));
        }

        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(values);
        Name = name;
        Keys = keys;
        Values = values;
    }

    /// <summary>The name in the ledger.</summary>
    public string Name { get; }

    /// <summary>Whether the map is in clear on the ledger.</summary>
    public Domain Domain => MapNames.DomainOf(Name);

    /// <summary>How keys are written.</summary>
    public Codec<TKey> Keys { get; }

    /// <summary>How values are written.</summary>
    public Codec<TValue> Values { get; }
}
