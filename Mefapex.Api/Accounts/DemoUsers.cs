using Mefapex.Api.Data;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts;

/// <summary>The accounts of a development database. Anywhere else they are refused to exist.</summary>
internal sealed class DemoUsers(
    IPasswordHasher<User> hasher,
    IOptions<AccountOptions> options,
    IHostEnvironment environment,
    TimeProvider time)
{
    private static readonly (string Username, string FullName, string? Tenant, string Role)[] Accounts =
    [
        ("demo", "Demo Çalışan", SampleTenants.Factory, Roles.Member),
        ("hasta", "Demo Hasta", SampleTenants.Clinic, Roles.Member),
        ("editor", "Demo Editör", SampleTenants.Factory, Roles.Editor),
        ("yonetici", "Demo Yönetici", SampleTenants.Factory, Roles.Admin),
        ("operator", "Demo Operatör", null, Roles.Operator),
    ];

    /// <summary>Whether demo accounts may sign in.</summary>
    public bool Allowed => environment.IsDevelopment() && options.Value.DemoUsers;

    public async Task ApplyAsync(MefapexDb db, CancellationToken cancellationToken)
    {
        var present = await db.Users.Where(u => u.Demo).ToListAsync(cancellationToken);
        if (!environment.IsDevelopment() && present.Count > 0)
            throw new DemoUsersInProductionException(present.Select(u => u.Username), environment.EnvironmentName);
        if (!Allowed)
            return;

        var tenants = await db.Tenants.ToDictionaryAsync(t => t.Slug, StringComparer.Ordinal, cancellationToken);
        var names = Accounts.Select(a => a.Username).ToList();
        var taken = await db.Users.Where(u => names.Contains(u.Username)).Select(u => u.Username).ToListAsync(cancellationToken);
        foreach (var (username, fullName, tenant, role) in Accounts.Where(a => !taken.Contains(a.Username, StringComparer.Ordinal)))
        {
            var user = new User
            {
                Id = Guid.CreateVersion7(time.GetUtcNow()),
                TenantId = tenant is null ? null : tenants[tenant].Id,
                Username = username,
                FullName = fullName,
                Email = $"{username}@example.com",
                Roles = [role],
                Demo = true,
                CreatedAt = time.GetUtcNow(),
            };
            // Set with the first accounts only, so that what an administrator chose later stays.
            if (tenant is not null)
                tenants[tenant].Registration = RegistrationModes.Open;
            present.Add(user);
            db.Users.Add(user);
        }

        // The password is public, so one salt serves them all and start-up pays for one hash.
        string? hash = null;
        foreach (var group in present.GroupBy(u => u.PasswordHash, StringComparer.Ordinal).Where(g => !Matches(g.First())))
        {
            hash ??= hasher.HashPassword(group.First(), options.Value.DemoPassword);
            foreach (var user in group)
                user.PasswordHash = hash;
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    private bool Matches(User user) =>
        user.PasswordHash.Length > 0
        && hasher.VerifyHashedPassword(user, user.PasswordHash, options.Value.DemoPassword)
            is PasswordVerificationResult.Success;
}

/// <summary>Accounts with a public password stand in a database that is not for development.</summary>
internal sealed class DemoUsersInProductionException(IEnumerable<string> usernames, string environment)
    : Exception(
        $"the database holds demo accounts ({string.Join(", ", usernames.Order(StringComparer.Ordinal))}), whose password "
        + $"is public, and the environment is {environment}. Remove them and what they asked with "
        + "\"delete from users where demo;\", or run with ASPNETCORE_ENVIRONMENT=Development.");
