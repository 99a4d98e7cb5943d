using System.Text.Json.Nodes;
using Mefapex.Api.Accounts;

namespace Mefapex.Api.Audit;

/// <summary>Keeps who did what, for good.</summary>
internal interface IAuditLog
{
    /// <summary>
    /// Appends an event to its tenant's chain: inside the transaction of the scope's database context where there is
    /// one, so that event and change stand or fall together, else in one of its own. Events of a tenant wait for each
    /// other until the commit, so it is the last thing that a transaction does.
    /// </summary>
    Task RecordAsync(AuditEvent audited, CancellationToken cancellationToken);
}

/// <summary>Something that happened.</summary>
/// <param name="Verb">One of <see cref="AuditVerbs"/>.</param>
/// <param name="TenantId">Whose log it belongs to; null for the platform's.</param>
internal sealed record AuditEvent(string Verb, Guid? TenantId, AuditSubject Subject)
{
    /// <summary>Null for the caller of the request, or the service itself outside of one.</summary>
    public AuditActor? Actor { get; init; }

    /// <summary>What the change replaced: ids, states, figures. No secrets, no names of people, no texts of questions.</summary>
    public JsonObject? Before { get; init; }

    /// <summary>What it made of it; as <see cref="Before"/>.</summary>
    public JsonObject? After { get; init; }
}

/// <summary>What an event is about.</summary>
/// <param name="Kind">Such as <c>entry</c>, <c>document</c>, <c>user</c>.</param>
/// <param name="Id">Never a name of a person: a user's id.</param>
internal sealed record AuditSubject(string Kind, string Id)
{
    public static AuditSubject User(Guid id) => new("user", id.ToString());
}

/// <summary>Who did it.</summary>
/// <param name="Kind"><c>user</c>, <c>key</c>, <c>service</c> or <c>anonymous</c>.</param>
/// <param name="Name">Kept apart from the event, so that it can be forgotten.</param>
internal sealed record AuditActor(string Kind, Guid? Id = null, string? Name = null)
{
    public static AuditActor Service { get; } = new("service");

    public static AuditActor Anonymous { get; } = new("anonymous");

    public static AuditActor User(Guid id, string name) => new("user", id, name);

    public static AuditActor Key(Guid id, string name) => new("key", id, name);

    public static AuditActor Of(Caller caller) =>
        caller.Key is { } key ? Key(key.Id, key.Name) : User(caller.UserId, caller.Username);
}
