using System.Text.Json;

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

/// <summary>An event of the audit log.</summary>
/// <param name="Number">Its place in the tenant's chain, from 1.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Address">Where it came from; null where nobody called or it was erased.</param>
/// <param name="Before">What a change replaced.</param>
/// <param name="After">What it made of it.</param>
/// <param name="Hash">SHA-256 of the event in hex, which covers that of the event before it.</param>
public sealed record AuditItem(
    long Number,
    DateTimeOffset At,
    string Verb,
    AuditItemActor Actor,
    AuditItemSubject Subject,
    string? Address,
    string? UserAgent,
    JsonElement? Before,
    JsonElement? After,
    string Hash);

/// <summary>Who did something.</summary>
/// <param name="Kind"><c>user</c>, <c>key</c>, <c>service</c> or <c>anonymous</c>.</param>
/// <param name="Name">Null where there is none or it was erased.</param>
public sealed record AuditItemActor(string Kind, Guid? Id, string? Name);

/// <summary>What an event is about.</summary>
/// <param name="Kind">Such as <c>entry</c>, <c>document</c>, <c>user</c>.</param>
public sealed record AuditItemSubject(string Kind, string Id);
