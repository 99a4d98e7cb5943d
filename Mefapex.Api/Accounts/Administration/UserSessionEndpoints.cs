using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Accounts.Administration;

/// <summary>Where one of a tenant's people is signed in, and ending that.</summary>
internal static class UserSessionEndpoints
{
    private const int MaxPage = 100;

    public static void MapUserSessions(this RouteGroupBuilder users)
    {
        var sessions = users.MapGroup("/{id:guid}/sessions");
        sessions.MapGet("", ListAsync);
        sessions.MapDelete("", EndAllAsync);
        sessions.MapDelete("/{sessionId:guid}", EndAsync);
    }

    private static async Task<Results<Ok<Page<SessionInfo>>, ProblemHttpResult>> ListAsync(
        Guid id,
        Caller caller,
        RequestTenant tenant,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        if (await db.FindUserAsync(tenant, id, cancellationToken) is null)
            return AdministrationProblems.UserNotFound();
        var now = time.GetUtcNow();
        return db.Sessions.Where(s => s.TenantId == tenant.Id && s.UserId == id && s.EndedAt == null && s.ExpiresAt > now)
            .NewestFirst(cursor, s => new(s.CreatedAt, s.Id)) is { } sessions
            ? TypedResults.Ok(await sessions.ToPageAsync(
                limit,
                s => new Cursor(s.CreatedAt, s.Id),
                s => new SessionInfo(
                    s.Id.ToString(), s.Device, s.Address, s.CreatedAt, s.LastUsedAt, s.ExpiresAt, s.Id == caller.Session),
                cancellationToken))
            : Problems.CursorInvalid();
    }

    private static async Task<Results<Ok<SessionsEnded>, ProblemHttpResult>> EndAllAsync(
        Guid id,
        Caller caller,
        RequestTenant tenant,
        Sessions sessions,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        if (await RefusalAsync(id, caller, tenant, db, cancellationToken) is { } problem)
            return problem;
        var ended = await sessions.EndAsync(
            db.Sessions.Where(s => s.TenantId == tenant.Id && s.UserId == id), SessionEnd.EndedByAdmin, cancellationToken);
        await audit.RecordAsync(
            new(AuditVerbs.SignedOutEverywhere, tenant.Id, AuditSubject.User(id)) { After = new() { ["ended"] = ended } },
            cancellationToken);
        return TypedResults.Ok(new SessionsEnded(ended));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> EndAsync(
        Guid id,
        Guid sessionId,
        Caller caller,
        RequestTenant tenant,
        Sessions sessions,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        if (await RefusalAsync(id, caller, tenant, db, cancellationToken) is { } problem)
            return problem;
        var ended = await sessions.EndAsync(
            db.Sessions.Where(s => s.TenantId == tenant.Id && s.UserId == id && s.Id == sessionId), SessionEnd.EndedByAdmin, cancellationToken);
        if (ended == 0)
            return AdministrationProblems.SessionNotFound();
        await audit.RecordAsync(
            new(AuditVerbs.SessionEnded, tenant.Id, new("session", sessionId.ToString())) { After = new() { ["user"] = id.ToString() } },
            cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<ProblemHttpResult?> RefusalAsync(
        Guid id, Caller caller, RequestTenant tenant, MefapexDb db, CancellationToken cancellationToken) =>
        await db.FindUserAsync(tenant, id, cancellationToken) is not { } user
            ? AdministrationProblems.UserNotFound()
            : Policies.Reaches(caller.Roles, user.Roles) ? null : AdministrationProblems.AccountAboveOwn();
}
