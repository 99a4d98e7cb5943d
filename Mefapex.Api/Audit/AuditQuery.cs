using System.Text.Json;
using Mefapex.Api.Data;
using Mefapex.Contracts.Audit;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Audit;

/// <summary>Which events of a chain somebody wants to see; all of them where nothing is said.</summary>
/// <param name="Actor">Id or name.</param>
/// <param name="Subject">A kind, or a kind and an id with a colon between them.</param>
/// <param name="Until">Events before this moment.</param>
internal sealed record AuditFilter(
    [property: FromQuery(Name = "actor")] string? Actor,
    [property: FromQuery(Name = "verb")] string? Verb,
    [property: FromQuery(Name = "subject")] string? Subject,
    [property: FromQuery(Name = "from")] DateTimeOffset? From,
    [property: FromQuery(Name = "until")] DateTimeOffset? Until)
{
    /// <summary>Newest first.</summary>
    public IQueryable<AuditLine> Of(MefapexDb db, Guid? tenantId)
    {
        var events = db.AuditEvents.AsNoTracking().Where(e => e.TenantId == tenantId);
        if (Guid.TryParse(Actor, out var actor))
            events = events.Where(e => e.ActorId == actor);
        else if (!string.IsNullOrWhiteSpace(Actor))
            events = events.Where(e => db.AuditNames.Any(n => n.ActorId == e.ActorId && n.Name == Plain(Actor).Trim()));
        if (Verb is not null)
            events = events.Where(e => e.Verb == Verb);
        if (Subject is not null)
        {
            var parts = Plain(Subject).Split(':', 2);
            events = events.Where(e => e.SubjectKind == parts[0]);
            if (parts.Length == 2)
                events = events.Where(e => e.SubjectId == parts[1]);
        }

        if (From is { } from)
            events = events.Where(e => e.At >= from.ToUniversalTime());
        if (Until is { } until)
            events = events.Where(e => e.At < until.ToUniversalTime());
        return
            from e in events
            join o in db.AuditOrigins.AsNoTracking() on e.Id equals o.EventId into origins
            from o in origins.DefaultIfEmpty()
            join n in db.AuditNames.AsNoTracking() on e.ActorId equals (Guid?)n.ActorId into names
            from n in names.DefaultIfEmpty()
            orderby e.Number descending
            select new AuditLine { Event = e, Origin = o, Name = n };
    }

    private static string Plain(string text) => text.Replace("\0", "", StringComparison.Ordinal);
}

/// <summary>An event with what stands beside it.</summary>
internal sealed class AuditLine
{
    public required AuditRow Event { get; init; }

    public required AuditOrigin? Origin { get; init; }

    public required AuditName? Name { get; init; }

    public AuditItem ToWire() => new(
        Event.Number,
        Event.At,
        Event.Verb,
        new(Event.ActorKind, Event.ActorId, Name?.Name),
        new(Event.SubjectKind, Event.SubjectId),
        Origin?.Address,
        Origin?.UserAgent,
        Json(Event.Before),
        Json(Event.After),
        Convert.ToHexStringLower(Event.Hash));

    private static JsonElement? Json(string? text) => text is null ? null : JsonElement.Parse(text);
}
