using System.Globalization;
using System.Security.Cryptography;
using Mefapex.Api.Accounts;
using Npgsql;
using NpgsqlTypes;

namespace Mefapex.Api.Privacy;

/// <summary>What the conditions of <see cref="PersonalColumns"/> ask about a person.</summary>
internal static class PersonalCommand
{
    /// <summary>New parameters: each belongs to one command.</summary>
    public static NpgsqlParameter[] Parameters(User user) =>
    [
        new("user", user.Id),
        new("tenant", NpgsqlDbType.Uuid) { Value = (object?)user.TenantId ?? DBNull.Value },
        new("name", user.Username),
        new("email", NpgsqlDbType.Text) { Value = (object?)user.Email ?? DBNull.Value },
        new("account", SignInThrottle.AccountKey(user.Username)),
        new("pseudonym", Pseudonym(user.Id)),
    ];

    /// <summary>What stands in place of the name afterwards; the same for all that a person did, and nobody else's.</summary>
    public static string Pseudonym(Guid id) =>
        string.Create(CultureInfo.InvariantCulture, $"erased-{Convert.ToHexStringLower(SHA256.HashData(id.ToByteArray()))[..12]}");
}
