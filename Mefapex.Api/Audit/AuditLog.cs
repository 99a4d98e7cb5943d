using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Audit;

/// <summary>The log of a request or of a piece of work, which shares its database context.</summary>
internal sealed class AuditLog(MefapexDb db, IDbContextFactory<MefapexDb> databases, AuditWriter writer) : IAuditLog
{
    public async Task RecordAsync(AuditEvent audited, CancellationToken cancellationToken)
    {
        if (db.Database.CurrentTransaction is not null)
        {
            await writer.AppendAsync(db, audited, cancellationToken);
            return;
        }

        using var rows = audited.TenantId is { } tenantId ? DataScope.Of(tenantId) : DataScope.AllTenants();

        // A context of its own: the caller's may hold changes that are not saved yet.
        await using var own = await databases.CreateDbContextAsync(cancellationToken);
        await own.InTransactionAsync(() => writer.AppendAsync(own, audited, cancellationToken), cancellationToken);
    }
}

/// <summary>Events in PostgreSQL, each tied to the one before it by its hash.</summary>
internal sealed class AuditWriter(IHttpContextAccessor requests, TimeProvider time)
{
    private const int MaxAgent = 160;
    private static readonly byte[] Genesis = new byte[SHA256.HashSizeInBytes];

    /// <summary>For those who keep a context of their own, and within its transaction.</summary>
    /// <returns>The event's number.</returns>
    public async Task<long> AppendAsync(MefapexDb target, AuditEvent audited, CancellationToken cancellationToken)
    {
        if (!AuditVerbs.All.Contains(audited.Verb))
            throw new ArgumentException($"\"{audited.Verb}\" is no verb of {nameof(AuditVerbs)}.", nameof(audited));
        var actor = audited.Actor ?? Present();
        var origin = requests.HttpContext is { } http ? Origin(http, Guid.CreateVersion7(time.GetUtcNow())) : null;
        var chain = audited.TenantId ?? Guid.Empty;
        var head = (await target.Database.SqlQuery<Head>(
            $"""
            insert into audit_heads (chain, number, hash, kept_from, kept_hash) values ({chain}, 1, {Genesis}, 1, {Genesis})
            on conflict (chain) do update set number = audit_heads.number + 1
            returning number, hash
            """).ToListAsync(cancellationToken))[0];

        // After the lock, so that times run with the numbers.
        var now = time.GetUtcNow();
        var row = new AuditRow
        {
            Id = origin?.EventId ?? Guid.CreateVersion7(now),
            TenantId = audited.TenantId,
            Number = head.Number,
            At = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)),
            ActorKind = actor.Kind,
            ActorId = actor.Id,
            Verb = audited.Verb,
            SubjectKind = audited.Subject.Kind,
            SubjectId = Plain(audited.Subject.Id),
            Before = Text(audited.Before),
            After = Text(audited.After),
            OriginHash = origin?.ComputeHash(),
            PreviousHash = head.Hash,
        };
        row.Hash = row.ComputeHash();
        await target.Database.ExecuteSqlAsync(
            $"""
            insert into audit_events (
                id, tenant_id, number, at, actor_kind, actor_id, verb, subject_kind, subject_id, before, after, origin_hash,
                previous_hash, hash)
            values (
                {row.Id}, {row.TenantId}, {row.Number}, {row.At}, {row.ActorKind}, {row.ActorId}, {row.Verb},
                {row.SubjectKind}, {row.SubjectId}, {row.Before}::json, {row.After}::json, {row.OriginHash},
                {row.PreviousHash}, {row.Hash});
            update audit_heads set hash = {row.Hash} where chain = {chain};
            """,
            cancellationToken);
        if (origin is not null)
        {
            await target.Database.ExecuteSqlAsync(
                $"""
                insert into audit_origins (event_id, address, user_agent, salt)
                values ({origin.EventId}, {origin.Address}, {origin.UserAgent}, {origin.Salt})
                """,
                cancellationToken);
        }

        if (actor is { Id: { } actorId, Name: { } name })
        {
            await target.Database.ExecuteSqlAsync(
                $"""
                insert into audit_names (actor_id, name) values ({actorId}, {Plain(name)})
                on conflict (actor_id) do update set name = excluded.name
                    where audit_names.erased_at is null and audit_names.name is distinct from excluded.name
                """,
                cancellationToken);
        }

        return row.Number;
    }

    private AuditActor Present() => requests.HttpContext is not { } http
        ? AuditActor.Service
        : Caller.From(http.User) is { } caller ? AuditActor.Of(caller) : AuditActor.Anonymous;

    private static AuditOrigin Origin(HttpContext http, Guid eventId)
    {
        var agent = Plain(http.Request.Headers.UserAgent.ToString());
        return new()
        {
            EventId = eventId,
            Address = http.Connection.RemoteIpAddress?.ToString() ?? "",
            UserAgent = agent.Length > MaxAgent ? agent[..MaxAgent] : agent,
            Salt = RandomNumberGenerator.GetBytes(AuditOrigin.SaltBytes),
        };
    }

    private static string? Text(JsonObject? json) => json?.ToJsonString();

    /// <summary>What PostgreSQL keeps: no zero characters, no halves of surrogate pairs.</summary>
    private static string Plain(string text) =>
        string.Concat(text.EnumerateRunes().Where(rune => rune.Value != 0).Select(rune => rune.ToString()));

    private sealed record Head(long Number, byte[] Hash);
}
