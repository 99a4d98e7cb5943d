namespace Mefapex.Contracts.Audit;

/// <summary>What a walk over an audit chain found.</summary>
/// <param name="Verified">How many events in a row hold, from the oldest that is kept.</param>
/// <param name="Broken">The first link that does not hold; null when all do.</param>
public sealed record AuditVerification(long Verified, AuditBreak? Broken);

/// <summary>A link that does not hold.</summary>
/// <param name="Number">The event's number in its chain.</param>
/// <param name="Reason">One of <see cref="AuditBreaks"/>.</param>
public sealed record AuditBreak(long Number, string Reason);

/// <summary>What can be wrong with a link.</summary>
public static class AuditBreaks
{
    /// <summary>There is no event with this number.</summary>
    public const string Missing = "missing";

    /// <summary>It does not follow the event before it.</summary>
    public const string Previous = "previous";

    /// <summary>It says something else than when it was written.</summary>
    public const string Content = "content";

    /// <summary>The address or user agent kept beside it is not the one it was written with.</summary>
    public const string Origin = "origin";

    /// <summary>The chain's end is not where it was.</summary>
    public const string Head = "head";
}
