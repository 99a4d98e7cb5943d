using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Contracts.Accounts;
using Mefapex.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts;

/// <summary>Opens sessions, renews their tokens and ends them.</summary>
internal sealed class Sessions(
    MefapexDb db,
    TokenIssuer tokens,
    LiveSessions live,
    IOptions<AccountOptions> options,
    IAuditLog audit,
    TimeProvider time)
{
    private const int LongestDevice = 200;

    /// <summary>Signs the user in on the device that the request comes from.</summary>
    public async Task<SignedIn> StartAsync(User user, HttpContext http, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var device = http.Request.Headers.UserAgent.ToString();
        var session = new Session
        {
            Id = Guid.CreateVersion7(now),
            UserId = user.Id,
            TenantId = user.TenantId,
            Device = device.Length > LongestDevice ? device[..LongestDevice] : device,
            Address = AddressOf(http),
            CreatedAt = now,
            LastUsedAt = now,
            ExpiresAt = now + options.Value.RefreshLifetime,
        };
        db.Sessions.Add(session);
        var refresh = Grow(session, now);
        await db.SaveChangesAsync(cancellationToken);
        return await TokensAsync(session, refresh, cancellationToken);
    }

    /// <summary>
    /// The next tokens of a session for its refresh token, which is good for one use. A second use ends the session: who
    /// holds the token that followed may be the thief.
    /// </summary>
    /// <returns>Null when the token is unknown, used, or its session over.</returns>
    public async Task<SignedIn?> RefreshAsync(string token, HttpContext http, CancellationToken cancellationToken)
    {
        var hash = OpaqueToken.HashOf(token);
        var now = time.GetUtcNow();
        var (session, refresh) = await db.InTransactionAsync<(Session?, string?)>(
            async () =>
            {
                // The session's row is the lock of its family; the token is read after it, as the one before left it.
                var locked = (await db.Sessions
                    .FromSql($"select * from sessions where id = (select session_id from refresh_tokens where hash = {hash}) for update")
                    .ToListAsync(cancellationToken)).SingleOrDefault();
                if (locked is null || locked.EndedAt is not null || locked.ExpiresAt <= now)
                    return (locked, null);

                var used = await db.RefreshTokens.SingleAsync(t => t.Hash == hash, cancellationToken);
                string? next = null;
                if (used.UsedAt is null)
                {
                    used.UsedAt = now;
                    locked.LastUsedAt = now;
                    locked.Address = AddressOf(http);
                    locked.ExpiresAt = Earlier(now + options.Value.RefreshLifetime, locked.CreatedAt + options.Value.SessionLifetime);
                    next = Grow(locked, now);
                }
                else
                {
                    locked.EndedAt = now;
                    locked.EndReason = SessionEnd.TokenReused;
                }

                await db.SaveChangesAsync(cancellationToken);
                if (next is null)
                {
                    await audit.RecordAsync(
                        new(AuditVerbs.TokenReused, locked.TenantId, AuditSubject.User(locked.UserId)) { Actor = AuditActor.Anonymous },
                        cancellationToken);
                }

                return (locked, next);
            },
            cancellationToken);

        if (session is { EndedAt: not null })
            live.Ended(session.Id);
        return refresh is null ? null : await TokensAsync(session!, refresh, cancellationToken);
    }

    /// <summary>Ends the session of a refresh token, whichever of its family.</summary>
    public async Task EndAsync(string token, CancellationToken cancellationToken)
    {
        var hash = OpaqueToken.HashOf(token);
        var session = await db.RefreshTokens.Where(t => t.Hash == hash).Select(t => (Guid?)t.SessionId)
            .SingleOrDefaultAsync(cancellationToken);
        if (session is { } id)
            await EndAsync(db.Sessions.Where(s => s.Id == id), SessionEnd.SignedOut, cancellationToken);
    }

    /// <summary>Ends those of the sessions that are not over.</summary>
    /// <returns>How many.</returns>
    public async Task<int> EndAsync(IQueryable<Session> sessions, string reason, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var ids = await sessions.Where(s => s.EndedAt == null && s.ExpiresAt > now).Select(s => s.Id).ToListAsync(cancellationToken);
        var ended = await db.Sessions
            .Where(s => ids.Contains(s.Id) && s.EndedAt == null)
            .ExecuteUpdateAsync(
                set => set.SetProperty(s => s.EndedAt, now).SetProperty(s => s.EndReason, reason),
                cancellationToken);
        ids.ForEach(live.Ended);
        return ended;
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static string AddressOf(HttpContext http) => http.Connection.RemoteIpAddress?.ToString() ?? "";

    private string Grow(Session session, DateTimeOffset now)
    {
        var token = OpaqueToken.New();
        db.RefreshTokens.Add(new RefreshToken { Hash = OpaqueToken.HashOf(token), SessionId = session.Id, CreatedAt = now });
        return token;
    }

    private async Task<SignedIn> TokensAsync(Session session, string refresh, CancellationToken cancellationToken)
    {
        var info = (await db.UserInfoAsync(session.UserId, cancellationToken))!;
        var groups = await db.Users.Where(u => u.Id == session.UserId).Select(u => u.Groups).SingleAsync(cancellationToken);
        var access = await tokens.IssueAsync(
            info.UserId, info.Username, info.Tenant, info.Roles, groups, session.Id, cancellationToken);
        return new(info, access, refresh, session.ExpiresAt);
    }
}

/// <summary>What a sign-in or a renewal hands out.</summary>
/// <param name="RefreshExpiresAt">Until when <paramref name="Refresh"/> can be used.</param>
internal sealed record SignedIn(UserInfo Info, AccessToken Access, string Refresh, DateTimeOffset RefreshExpiresAt);
