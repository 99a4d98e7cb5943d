namespace Mefapex.Api.Keys;

/// <summary>Why a key is not taken.</summary>
internal enum KeyRefusal
{
    /// <summary>There is no such key.</summary>
    Invalid,
    Revoked,
    Expired,

    /// <summary>It must not be used from this address.</summary>
    WrongNetwork,

    /// <summary>Its tenant is suspended.</summary>
    TenantSuspended,

    /// <summary>Too many wrong keys came from this address.</summary>
    TooManyGuesses,

    /// <summary>The database, which would know, is away.</summary>
    Unchecked,
}

/// <summary>A key was shown and not taken.</summary>
internal sealed class KeyRefusedException(KeyRefusal refusal, TimeSpan retryAfter = default) : Exception($"The key is not taken: {refusal}")
{
    public KeyRefusal Refusal => refusal;

    /// <summary>When it is worth trying again.</summary>
    public TimeSpan RetryAfter => retryAfter;
}
