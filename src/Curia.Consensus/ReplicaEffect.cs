using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>Everything that a replica can ask for or tell.</summary>
public abstract record ReplicaEffect
{
    private ReplicaEffect()
    {
    }

    /// <summary>Write the block to disk and sync; then <see cref="ReplicaInput.Stored"/>, or
    /// <see cref="ReplicaInput.StoreFailed"/>.</summary>
    /// <param name="Block">The block; blocks are stored in the order of these effects.</param>
    public sealed record Store(BlockInfo Block) : ReplicaEffect;

    /// <summary>Everything up to this transaction is committed, for good.</summary>
    /// <param name="TxId">The last transaction of a block; one effect for each block, in order.</param>
    public sealed record Committed(TxId TxId) : ReplicaEffect;

    /// <summary>The replica has another role, or is in another view.</summary>
    /// <param name="Role">What it is now.</param>
    /// <param name="View">The view it is in. A new primary opens it with a signed block; nothing older commits
    /// before.</param>
    public sealed record RoleChanged(ReplicaRole Role, View View) : ReplicaEffect;

    /// <summary>A proposed block was not taken and never will be: it is in no log and was not stored.</summary>
    /// <param name="Block">The block as it was proposed.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Refused(BlockInfo Block, ProposalRefusal Reason) : ReplicaEffect;
}

/// <summary>Why a block was refused.</summary>
public enum ProposalRefusal
{
    /// <summary>This replica is not the primary of the block's view.</summary>
    NotPrimary,

    /// <summary>Too many blocks are uncommitted: see <see cref="ReplicaOptions.UncommittedBlocksMax"/>.</summary>
    TooManyUncommitted,
}

/// <summary>What one step asks for, to be performed in order.</summary>
public sealed class ReplicaEffects
{
    /// <summary>Nothing to do.</summary>
    public static readonly ReplicaEffects None = new([]);

    internal ReplicaEffects(IReadOnlyList<ReplicaEffect> all) => All = all;

    /// <summary>The effects, first to last.</summary>
    public IReadOnlyList<ReplicaEffect> All { get; }

    /// <summary>Goes through the effects, first to last.</summary>
    public IEnumerator<ReplicaEffect> GetEnumerator() => All.GetEnumerator();
}
