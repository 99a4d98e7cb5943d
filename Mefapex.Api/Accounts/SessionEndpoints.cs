using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Accounts;

/// <summary>Where a person is signed in, and ending that from elsewhere.</summary>
internal static class SessionEndpoints
{
    private const int MaxPage = 100;

    public static void MapAccountSessions(this RouteGroupBuilder accounts)
    {
        var sessions = accounts.MapGroup("/api/v1/account/sessions").Requires(Policies.Account);
        sessions.MapGet("", ListAsync);
        sessions.MapDelete("", EndOthersAsync);
        sessions.MapDelete("/{id:guid}", EndAsync);
    }

    private static async Task<Results<Ok<Page<SessionInfo>>, ProblemHttpResult>> ListAsync(
        Caller caller,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        var now = time.GetUtcNow();
        return db.Sessions.Where(s => s.UserId == caller.UserId && s.EndedAt == null && s.ExpiresAt > now)
            .NewestFirst(cursor, s => new(s.CreatedAt, s.Id)) is { } sessions
            ? TypedResults.Ok(await sessions.ToPageAsync(
                limit,
                s => new Cursor(s.CreatedAt, s.Id),
                s => new SessionInfo(
                    s.Id.ToString(), s.Device, s.Address, s.CreatedAt, s.LastUsedAt, s.ExpiresAt, s.Id == caller.Session),
                cancellationToken))
            : Problems.CursorInvalid();
    }

    /// <summary>Ends all but the one that asks.</summary>
    private static async Task<Ok<SessionsEnded>> EndOthersAsync(
        Caller caller,
        Sessions sessions,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        var ended = await sessions.EndAsync(
            db.Sessions.Where(s => s.UserId == caller.UserId && s.Id != caller.Session), SessionEnd.EndedByPerson, cancellationToken);
        await audit.RecordAsync(
            new(AuditVerbs.SignedOutEverywhere, await db.TenantOfAsync(caller.UserId, cancellationToken), AuditSubject.User(caller.UserId))
            {
                After = new() { ["ended"] = ended },
            },
            cancellationToken);
        return TypedResults.Ok(new SessionsEnded(ended));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> EndAsync(
        Guid id,
        Caller caller,
        Sessions sessions,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken)
    {
        var ended = await sessions.EndAsync(
            db.Sessions.Where(s => s.UserId == caller.UserId && s.Id == id), SessionEnd.EndedByPerson, cancellationToken);
        if (ended == 0)
            return AccountProblems.SessionNotFound();
        await audit.RecordAsync(
            new(AuditVerbs.SessionEnded, await db.TenantOfAsync(caller.UserId, cancellationToken), new("session", id.ToString())),
            cancellationToken);
        return TypedResults.NoContent();
    }
}
