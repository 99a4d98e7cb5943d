using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;

namespace Mefapex.Api.Accounts.Administration;

/// <summary>Changes the accounts of a tenant's people, as far as the caller's own roles reach.</summary>
internal sealed partial class UserAdministration(MefapexDb db, Sessions sessions, IAuditLog audit, TimeProvider time)
{
    /// <summary>How many groups a person is in at most.</summary>
    public const int MostGroups = 50;

    /// <summary>What <c>If-Match</c> is held against.</summary>
    public static EntityTagHeaderValue TagOf(User user)
    {
        var state = JsonSerializer.SerializeToUtf8Bytes(
            new { user.Roles, user.Groups, user.FullName, user.Email, user.DisabledAt });
        return ETags.Of(Convert.ToHexStringLower(SHA256.HashData(state)[..12]));
    }

    /// <summary>Whether this names a group, as entries and documents can be kept to one.</summary>
    public static bool IsGroupName(string name) => GroupName().IsMatch(name);

    /// <returns>What is wrong; null when it was changed.</returns>
    public Task<ProblemHttpResult?> ChangeAsync(
        Guid tenantId,
        Guid id,
        UserChange change,
        Caller caller,
        HttpRequest request,
        CancellationToken cancellationToken) =>
        db.InTransactionAsync(
            async () =>
            {
                var (user, owners) = await LockAsync(tenantId, id, cancellationToken);
                if (user is null)
                    return AdministrationProblems.UserNotFound();
                if (request.IfMatch(TagOf(user)) is not Precondition.Holds and var precondition)
                {
                    return precondition is Precondition.Missing
                        ? AdministrationProblems.PreconditionMissing()
                        : AdministrationProblems.ChangedMeanwhile();
                }

                var wanted = Wanted.Of(user, change, time.GetUtcNow());
                if (Check(user, wanted, owners, caller) is { } problem)
                    return problem;
                await ApplyAsync(user, wanted, cancellationToken);
                return null;
            },
            cancellationToken);

    /// <summary>
    /// The person and the tenant's owners, held until the commit: of two owners who demote each other at once the second
    /// finds the first one gone, and nobody signs in between the change and the end of the sessions.
    /// </summary>
    private async Task<(User? User, IReadOnlyList<User> Owners)> LockAsync(Guid tenantId, Guid id, CancellationToken cancellationToken)
    {
        var found = await db.Users
            .FromSql(
                $"""
                select * from users
                where tenant_id = {tenantId} and (id = {id} or {Roles.Owner} = any(roles))
                order by id for update
                """)
            .ToListAsync(cancellationToken);
        return (found.SingleOrDefault(u => u.Id == id), [.. found.Where(u => IsOwner(u.Roles, u.DisabledAt))]);
    }

    private static ProblemHttpResult? Check(User user, Wanted wanted, IReadOnlyList<User> owners, Caller caller)
    {
        if (!Policies.Reaches(caller.Roles, user.Roles))
            return AdministrationProblems.AccountAboveOwn();
        if (wanted.Roles.Length == 0)
            return AdministrationProblems.RolesMissing();
        var grantable = Policies.GrantableBy(caller.Roles);
        if (!wanted.Roles.All(role => grantable.Contains(role, StringComparer.Ordinal)))
            return AccountProblems.RoleNotGrantable(grantable);
        if (wanted.Groups.FirstOrDefault(g => !IsGroupName(g)) is { } unfit)
            return AdministrationProblems.GroupInvalid(unfit, MostGroups);
        if (wanted.Groups.Length > MostGroups)
            return AdministrationProblems.GroupInvalid(wanted.Groups[^1], MostGroups);
        if (wanted.FullName is { } name && (name.Length > RegistrationEndpoints.LongestFullName || name.Any(char.IsControl)))
            return AccountProblems.FullNameInvalid(RegistrationEndpoints.LongestFullName);
        if (wanted.DisabledAt is not null && user.Id == caller.UserId)
            return AdministrationProblems.OwnAccount();
        return owners is [var last] && last.Id == user.Id && !IsOwner(wanted.Roles, wanted.DisabledAt)
            ? AdministrationProblems.LastOwner()
            : null;
    }

    private static bool IsOwner(string[] roles, DateTimeOffset? disabledAt) =>
        disabledAt is null && roles.Contains(Roles.Owner, StringComparer.Ordinal);

    private async Task ApplyAsync(User user, Wanted wanted, CancellationToken cancellationToken)
    {
        var before = new { user.Roles, user.Groups, user.FullName, user.DisabledAt };
        (user.Roles, user.Groups, user.FullName, user.DisabledAt) = (wanted.Roles, wanted.Groups, wanted.FullName, wanted.DisabledAt);
        await db.SaveChangesAsync(cancellationToken);

        var (roles, groups) = (!before.Roles.SequenceEqual(user.Roles), !before.Groups.SequenceEqual(user.Groups));
        var disabled = before.DisabledAt is null && user.DisabledAt is not null;
        if (roles || groups || disabled)
        {
            await sessions.EndAsync(
                db.Sessions.Where(s => s.UserId == user.Id),
                disabled ? SessionEnd.AccountDisabled : SessionEnd.AccessChanged,
                cancellationToken);
        }

        if (roles)
            await ListChangedAsync(AuditVerbs.RolesChanged, "roles", before.Roles, user.Roles);
        if (groups)
            await ListChangedAsync(AuditVerbs.GroupsChanged, "groups", before.Groups, user.Groups);
        if (disabled)
            await audit.RecordAsync(new(AuditVerbs.AccountDisabled, user.TenantId, AuditSubject.User(user.Id)), cancellationToken);
        if (before.DisabledAt is not null && user.DisabledAt is null)
            await audit.RecordAsync(new(AuditVerbs.AccountEnabled, user.TenantId, AuditSubject.User(user.Id)), cancellationToken);
        if (before.FullName != user.FullName)
        {
            // That it changed, not into what: names of people stay out of the log.
            await audit.RecordAsync(
                new(AuditVerbs.AccountChanged, user.TenantId, AuditSubject.User(user.Id)) { After = new() { ["changed"] = "full_name" } },
                cancellationToken);
        }

        Task ListChangedAsync(string verb, string field, string[] old, string[] now) => audit.RecordAsync(
            new(verb, user.TenantId, AuditSubject.User(user.Id))
            {
                Before = new() { [field] = string.Join(' ', old) },
                After = new() { [field] = string.Join(' ', now) },
            },
            cancellationToken);
    }

    [GeneratedRegex(@"\A[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex GroupName();

    /// <summary>How the account shall be.</summary>
    private sealed record Wanted(string[] Roles, string[] Groups, string? FullName, DateTimeOffset? DisabledAt)
    {
        public static Wanted Of(User user, UserChange change, DateTimeOffset now) => new(
            Set(change.Roles) ?? user.Roles,
            Set(change.Groups) ?? user.Groups,
            change.FullName is null ? user.FullName : change.FullName.Trim() is { Length: > 0 } name ? name : null,
            change.Disabled switch { null => user.DisabledAt, true => user.DisabledAt ?? now, false => null });

        private static string[]? Set(IReadOnlyList<string>? names) =>
            names is null ? null : [.. names.Select(n => n?.Trim() ?? "").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }
}
