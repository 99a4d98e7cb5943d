using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Api.Accounts.OpenId;

/// <summary>Finds or makes the account of somebody whom the provider vouches for.</summary>
internal sealed class OpenIdAccounts(
    MefapexDb db, TenantDirectory tenants, Passwords passwords, IOptions<OpenIdOptions> options, IAuditLog audit, TimeProvider time)
{
    /// <returns>Either the account or the problem.</returns>
    /// <exception cref="PasswordsBusyException">Too many wait already.</exception>
    public async Task<(User? User, ProblemHttpResult? Problem)> FindAsync(OpenIdPerson person, CancellationToken cancellationToken)
    {
        if (await tenants.FindAsync(options.Value.Tenant, cancellationToken) is not { } tenant)
            return (null, Problems.TenantNotFound(options.Value.Tenant));
        if (await KnownAsync(person, tenant.Id, cancellationToken) is not { } user)
        {
            var (made, problem) = await FirstAsync(person, tenant.Id, cancellationToken);
            if (made is null)
                return (null, problem);
            user = made;
        }

        if (user.DisabledAt is not null)
            return (null, AccountProblems.AccountDisabled());
        await FollowAsync(person, user, cancellationToken);
        return (user, null);
    }

    private Task<User?> KnownAsync(OpenIdPerson person, Guid tenantId, CancellationToken cancellationToken) => (
        from login in db.ExternalLogins
        where login.Issuer == person.Issuer && login.Subject == person.Subject && login.TenantId == tenantId
        join user in db.Users on login.UserId equals user.Id
        select user).AsNoTracking().SingleOrDefaultAsync(cancellationToken);

    private async Task<(User? User, ProblemHttpResult? Problem)> FirstAsync(
        OpenIdPerson person, Guid tenantId, CancellationToken cancellationToken)
    {
        var name = User.NameKey(person.Username ?? "");
        if (RegistrationEndpoints.CheckName(name) is { } unfit)
            return (null, unfit);
        var present = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Username == name, cancellationToken);
        if (present is not null && !(options.Value.LinkByUsername && present.TenantId == tenantId && !present.Demo))
            return (null, AccountProblems.UsernameTaken());
        if (present is null && !options.Value.CreateAccounts)
            return (null, AccountProblems.OpenIdAccountUnknown());

        var now = time.GetUtcNow();
        var user = present ?? new User
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenantId,
            Username = name,
            Email = RegistrationEndpoints.IsEmail(person.Email) ? User.NameKey(person.Email!) : null,
            FullName = RegistrationEndpoints.IsFullName(person.FullName) ? person.FullName : null,
            Roles = [Roles.Member],
            CreatedAt = now,
        };

        // A password that nobody knows: refusing one takes as long here as elsewhere.
        if (present is null)
            user.PasswordHash = await passwords.HashAsync(user, OpaqueToken.New(), cancellationToken);
        try
        {
            await db.InTransactionAsync(
                async () =>
                {
                    if (present is null)
                        db.Users.Add(user);
                    db.ExternalLogins.Add(new ExternalLogin
                    {
                        Issuer = person.Issuer,
                        Subject = person.Subject,
                        UserId = user.Id,
                        TenantId = tenantId,
                        CreatedAt = now,
                    });
                    await db.SaveChangesAsync(cancellationToken);
                    await audit.RecordAsync(
                        new(present is null ? AuditVerbs.AccountCreated : AuditVerbs.AccountLinked, tenantId, AuditSubject.User(user.Id))
                        {
                            Actor = AuditActor.User(user.Id, user.Username),
                            After = new() { ["openid"] = true },
                        },
                        cancellationToken);
                    return true;
                },
                cancellationToken);
            return (user, null);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // Two first sign-ins of one person at once.
            db.ChangeTracker.Clear();
            return await KnownAsync(person, tenantId, cancellationToken) is { } other
                ? (other, null)
                : (null, AccountProblems.UsernameTaken());
        }
    }

    /// <summary>Has groups and, where they are mapped, roles follow the provider's; an owner stays one.</summary>
    private async Task FollowAsync(OpenIdPerson person, User user, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(options.Value.GroupsClaim))
            return;
        string[] groups = [.. person.Groups.Order(StringComparer.Ordinal)];
        string[] roles = options.Value.Roles.Count == 0
            ? user.Roles
            : [.. person.Groups.Select(group => options.Value.Roles.GetValueOrDefault(group)).OfType<string>()
                .Concat(user.Roles.Where(role => role == Roles.Owner))
                .DefaultIfEmpty(Roles.Member)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)];
        var newGroups = !groups.ToHashSet(StringComparer.Ordinal).SetEquals(user.Groups);
        var newRoles = !roles.ToHashSet(StringComparer.Ordinal).SetEquals(user.Roles);
        if (!newGroups && !newRoles)
            return;

        var (oldRoles, oldGroups) = (user.Roles, user.Groups);
        await db.InTransactionAsync(
            async () =>
            {
                await db.Users.Where(u => u.Id == user.Id).ExecuteUpdateAsync(
                    set => set.SetProperty(u => u.Groups, groups).SetProperty(u => u.Roles, roles), cancellationToken);
                foreach (var (changed, verb, field, before, after) in new[]
                {
                    (newRoles, AuditVerbs.RolesChanged, "roles", oldRoles, roles),
                    (newGroups, AuditVerbs.GroupsChanged, "groups", oldGroups, groups),
                })
                {
                    if (!changed)
                        continue;
                    await audit.RecordAsync(
                        new(verb, user.TenantId, AuditSubject.User(user.Id))
                        {
                            Actor = AuditActor.Service,
                            Before = new() { [field] = string.Join(' ', before) },
                            After = new() { [field] = string.Join(' ', after) },
                        },
                        cancellationToken);
                }

                return true;
            },
            cancellationToken);
        (user.Roles, user.Groups) = (roles, groups);
    }
}
