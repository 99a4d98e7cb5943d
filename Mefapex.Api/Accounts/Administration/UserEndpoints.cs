using System.Globalization;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Inference.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Accounts.Administration;

/// <summary>A tenant's people, for those who administer it.</summary>
internal static class UserEndpoints
{
    private const int MaxPage = 100;
    private const int LongestQuery = 100;

    public static void MapUsers(this RouteGroupBuilder admin)
    {
        var users = admin.MapGroup("/users");
        users.MapGet("", ListAsync);
        users.MapGet("/{id:guid}", ReadAsync);
        users.MapPatch("/{id:guid}", ChangeAsync);
        users.MapPost("/{id:guid}/password-reset", ResetPasswordAsync);
        users.MapUserSessions();
    }

    /// <summary>The person, or null when it is not one of the tenant's.</summary>
    public static Task<User?> FindUserAsync(this MefapexDb db, RequestTenant tenant, Guid id, CancellationToken cancellationToken) =>
        db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.TenantId == tenant.Id && u.Id == id, cancellationToken);

    /// <param name="q">Part of a user name, full name or e-mail address; capitals and diacritics make no difference.</param>
    private static async Task<Results<Ok<Page<UserRecord>>, ProblemHttpResult>> ListAsync(
        RequestTenant tenant,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? q = null,
        string? role = null,
        string? group = null,
        bool? disabled = null,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        if (role is not null && !Policies.TenantRoles.Contains(role, StringComparer.Ordinal))
            return AdministrationProblems.RoleUnknown(role, Policies.TenantRoles);

        var people = Named(db, tenant.Id, q);
        if (role is not null)
            people = people.Where(u => u.Roles.Contains(role));
        if (group is not null)
            people = people.Where(u => u.Groups.Contains(group));
        if (disabled is not null)
            people = people.Where(u => (u.DisabledAt != null) == disabled);
        return people.NewestFirst(cursor, u => new(u.CreatedAt, u.Id)) is { } page
            ? TypedResults.Ok(await page.ToPageAsync(
                limit,
                u => new Listed(u, db.Sessions.Where(s => s.UserId == u.Id).Max(s => (DateTimeOffset?)s.LastUsedAt)),
                l => new Cursor(l.User.CreatedAt, l.User.Id),
                l => ToWire(l.User, l.LastSeenAt),
                cancellationToken))
            : Problems.CursorInvalid();
    }

    private static async Task<Results<Ok<UserRecord>, ProblemHttpResult>> ReadAsync(
        Guid id,
        RequestTenant tenant,
        MefapexDb db,
        HttpResponse response,
        CancellationToken cancellationToken)
    {
        if (await db.FindUserAsync(tenant, id, cancellationToken) is not { } user)
            return AdministrationProblems.UserNotFound();
        response.Set(UserAdministration.TagOf(user));
        var seen = await db.Sessions.Where(s => s.UserId == id).MaxAsync(s => (DateTimeOffset?)s.LastUsedAt, cancellationToken);
        return TypedResults.Ok(ToWire(user, seen));
    }

    private static async Task<Results<Ok<UserRecord>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        UserChange change,
        Caller caller,
        RequestTenant tenant,
        UserAdministration administration,
        MefapexDb db,
        HttpContext http,
        CancellationToken cancellationToken) =>
        await administration.ChangeAsync(tenant.Id, id, change, caller, http.Request, cancellationToken) is { } problem
            ? problem
            : await ReadAsync(id, tenant, db, http.Response, cancellationToken);

    private static async Task<Results<Accepted<AccountMessage>, ProblemHttpResult>> ResetPasswordAsync(
        Guid id,
        Caller caller,
        RequestTenant tenant,
        MefapexDb db,
        PasswordResetQueue queue,
        CancellationToken cancellationToken)
    {
        if (await db.FindUserAsync(tenant, id, cancellationToken) is not { } user)
            return AdministrationProblems.UserNotFound();
        if (!Policies.Reaches(caller.Roles, user.Roles))
            return AdministrationProblems.AccountAboveOwn();
        if (user.DisabledAt is not null)
            return AdministrationProblems.UserDisabled();
        if (user.Email is null)
            return AdministrationProblems.EmailMissing();
        queue.Add(user.Username, email: null, CultureInfo.CurrentUICulture, AuditActor.Of(caller));
        return TypedResults.Accepted((string?)null, new AccountMessage(Success: true, AdministrationProblems.Text("reset-sent")));
    }

    /// <summary>Letters are compared without their diacritics and the four i's as one, as everywhere else.</summary>
    private static IQueryable<User> Named(MefapexDb db, Guid tenantId, string? q)
    {
        var folded = TurkishFolding.Fold(q?.Trim() ?? "");
        if (folded.Length is 0 or > LongestQuery)
            return db.Users.Where(u => u.TenantId == tenantId && folded.Length == 0);
        var pattern = $"%{folded.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal)}%";
        return db.Users.FromSql(
            $"""
            select * from users
            where tenant_id = {tenantId} and lower(translate(
                concat_ws(' ', username, full_name, email), 'IİıŞşĞğÜüÖöÇçÂâÎîÛû', 'iiissgguuooccaaiiuu')) like {pattern}
            """);
    }

    private static UserRecord ToWire(User user, DateTimeOffset? lastSeenAt)
    {
        var path = $"/api/v1/admin/users/{user.Id}";
        return new(
            user.Id.ToString(),
            user.Username,
            user.Email,
            user.FullName,
            user.Roles,
            user.Groups,
            user.DisabledAt,
            user.CreatedAt,
            lastSeenAt,
            new UserLinks($"{path}/sessions", $"{path}/password-reset", $"{path}/erase"));
    }

    private sealed record Listed(User User, DateTimeOffset? LastSeenAt);
}
