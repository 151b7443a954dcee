namespace Curia.Evidence;

/// <summary>Why collateral could not be fetched, or is not taken.</summary>
public enum CollateralRefusal
{
    /// <summary>No server is set for it, and the folder has no such file.</summary>
    NoServer,

    /// <summary>The server does not have it (404).</summary>
    NotFound,

    /// <summary>The server asks for patience (429 or 503).</summary>
    RateLimited,

    /// <summary>The server answers with another status, or sends elsewhere.</summary>
    Status,

    /// <summary>The answer is larger than such a thing is.</summary>
    TooLarge,

    /// <summary>The answer did not come in time.</summary>
    TimedOut,

    /// <summary>No connection, or one that broke.</summary>
    Unreachable,

    /// <summary>The answer, or the file, is not what was asked for.</summary>
    Malformed,

    /// <summary>Its vendor has not signed the answer, or the file, or has signed it for something else.</summary>
    NotSigned,

    /// <summary>The answer expires before what is held already: an older one that somebody plays again.</summary>
    Older,

    /// <summary>The folder cannot be written; what was fetched is held in memory.</summary>
    NotStored,

    /// <summary>More is asked for than is kept.</summary>
    TooMany,
}
