namespace Curia.Simulation.Network;

/// <summary>What must hold in a network of nodes, besides <see cref="Rules"/>.</summary>
internal static class NetworkRules
{
    public const string OnePrimary = "a view has one primary";
    public const string PrefixesAgree = "committed prefixes are the same on all nodes";
    public const string CommitIsStored = "what commits is synced on a majority of each configuration";
    public const string SecretsAfterAdmission = "secrets go only to nodes whose admission has committed";
    public const string VotersCanLead = "who votes can open the ledger";
    public const string MessagesAreRead = "what an honest node sends is read";
    public const string BadMessagesAreRefused = "a bad message changes no ledger";
    public const string StatesAgree = "states are the same on all nodes at the same TxID";
    public const string ReadsGoForward = "reads on one node never go back";
    public const string Linearizable = "what clients saw of each key is linearisable";
    public const string RequestsAreGuarded = "nodes come and go by the word of a majority of members only";
    public const string GoesOnSoon = "a new write commits within ten election timeouts";
    public const string AllCatchUp = "all live nodes open and reach the same committed TxID";
}
