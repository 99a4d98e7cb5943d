using Mefapex.Api.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Accounts;

/// <summary>
/// Finds the user whom a name and a password belong to, in the same time whether the name exists or not. To be called in a
/// turn of <see cref="Passwords"/>.
/// </summary>
internal sealed class PasswordCheck(MefapexDb db, IPasswordHasher<User> hasher, DemoUsers demoUsers, DecoyUser decoy)
{
    /// <summary>Whether the account may be used here at all.</summary>
    public bool MaySignIn(User user) => !user.Demo || demoUsers.Allowed;

    public async Task<User?> FindAsync(string username, string password, CancellationToken cancellationToken)
    {
        var key = User.NameKey(username);
        var user = key.Contains('\0', StringComparison.Ordinal)
            ? null
            : await db.Users.SingleOrDefaultAsync(u => u.Username == key, cancellationToken);
        if (user is not null && !MaySignIn(user))
            user = null;

        var checkedUser = user ?? decoy.User;
        var verdict = hasher.VerifyHashedPassword(checkedUser, checkedUser.PasswordHash, password);
        if (user is null || verdict is PasswordVerificationResult.Failed)
            return null;

        if (verdict is PasswordVerificationResult.SuccessRehashNeeded)
        {
            user.PasswordHash = hasher.HashPassword(user, password);
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
