using System.Globalization;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts;

/// <summary>Section <c>Accounts</c>.</summary>
internal sealed class AccountOptions
{
    public const string Section = "Accounts";

    /// <summary>Whether a development database gets the demo accounts (also <c>DEMO_USER_ENABLED</c>).</summary>
    public bool DemoUsers { get; init; } = true;

    /// <summary>Their password (also <c>DEMO_PASSWORD</c>).</summary>
    public string DemoPassword { get; init; } = "1234";

    /// <summary>How many days a refresh token is good for (also <c>REFRESH_TOKEN_EXPIRE_DAYS</c>).</summary>
    public double RefreshDays { get; init; } = 30;

    /// <summary>After how many days a session ends however often it was renewed.</summary>
    public double SessionDays { get; init; } = 90;

    /// <summary>Rounds of PBKDF2 (HMAC-SHA512); older hashes are made anew at the next sign-in.</summary>
    public int HashIterations { get; init; } = 100_000;

    public TimeSpan RefreshLifetime => TimeSpan.FromDays(RefreshDays);

    public TimeSpan SessionLifetime => TimeSpan.FromDays(SessionDays);

    internal sealed class Validator : IValidateOptions<AccountOptions>
    {
        public ValidateOptionsResult Validate(string? name, AccountOptions options)
        {
            var errors = new List<string>();
            if (!(options.RefreshDays > 0 && options.RefreshDays <= options.SessionDays && options.SessionDays <= 3650))
            {
                errors.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Accounts:RefreshDays (or REFRESH_TOKEN_EXPIRE_DAYS) is {options.RefreshDays} and Accounts:SessionDays is {options.SessionDays}; expected are more than 0 days, the second no fewer than the first and at most 3650."));
            }

            if (options.HashIterations is < 100_000 or > 10_000_000)
                errors.Add(string.Create(CultureInfo.InvariantCulture, $"Accounts:HashIterations is {options.HashIterations}, expected 100000 to 10000000."));
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
