using Mefapex.Api.Data;
using Mefapex.Contracts.Accounts;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Accounts;

internal static class UserInfos
{
    /// <summary>The tenant that a person belongs to; null for the platform operator.</summary>
    public static Task<Guid?> TenantOfAsync(this MefapexDb db, Guid userId, CancellationToken cancellationToken) =>
        db.Users.Where(u => u.Id == userId).Select(u => u.TenantId).SingleOrDefaultAsync(cancellationToken);

    /// <summary>What a person is told about themselves; null when the account is gone.</summary>
    public static async Task<UserInfo?> UserInfoAsync(this MefapexDb db, Guid userId, CancellationToken cancellationToken)
    {
        var found = await (
            from user in db.Users
            where user.Id == userId
            join tenant in db.Tenants on user.TenantId equals tenant.Id into tenants
            from tenant in tenants.DefaultIfEmpty()
            select new { User = user, Tenant = tenant })
            .AsNoTracking()
            .SingleOrDefaultAsync(cancellationToken);
        return found is null
            ? null
            : new(
                found.User.Username,
                found.User.Id.ToString(),
                found.User.FullName,
                found.User.Email,
                found.Tenant?.Slug,
                found.Tenant?.Name,
                found.User.Roles);
    }
}
