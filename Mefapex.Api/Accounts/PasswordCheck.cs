using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Accounts;

/// <summary>
/// Finds the user whom a name and a password belong to, in the same time whether the name exists or not; a
/// failure is audited.
/// </summary>
internal sealed class PasswordCheck(
    MefapexDb db,
    Passwords passwords,
    DemoUsers demoUsers,
    DecoyUser decoy,
    IAuditLog audit)
{
    public async Task<User?> FindAsync(string username, string password, CancellationToken cancellationToken)
    {
        var key = User.NameKey(username);
        var user = key.Contains('\0', StringComparison.Ordinal)
            ? null
            : await db.Users.SingleOrDefaultAsync(u => u.Username == key, cancellationToken);
        if (user is { Demo: true } && !demoUsers.Allowed)
            user = null;

        var verdict = await passwords.VerifyAsync(user ?? decoy.User, password, cancellationToken);
        if (user is null || verdict is PasswordVerificationResult.Failed)
        {
            // The name of nobody is not kept: people type their password there.
            await audit.RecordAsync(
                new(AuditVerbs.SignInFailed, user?.TenantId, user is null ? new("user", "unknown") : AuditSubject.User(user.Id))
                {
                    Actor = AuditActor.Anonymous,
                },
                cancellationToken);
            return null;
        }

        if (verdict is PasswordVerificationResult.SuccessRehashNeeded)
        {
            user.PasswordHash = await passwords.HashAsync(user, password, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
        }

        return user;
    }
}

/// <summary>Stands in for unknown names, so that refusing one costs as much as refusing a wrong password.</summary>
internal sealed class DecoyUser
{
    public DecoyUser(IPasswordHasher<User> hasher)
    {
        User = new() { Id = Guid.Empty, Username = "", Roles = [], CreatedAt = default };
        User.PasswordHash = hasher.HashPassword(User, Guid.NewGuid().ToString());
    }

    public User User { get; }
}
