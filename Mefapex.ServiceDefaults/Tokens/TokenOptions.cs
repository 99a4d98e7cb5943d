using System.Globalization;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Mefapex.ServiceDefaults;

/// <summary>How access tokens are signed and checked: section <c>Tokens</c>.</summary>
public sealed class TokenOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Tokens";

    /// <summary>Longest life of an access token, in minutes.</summary>
    public const int MaxLifetimeMinutes = 1440;

    /// <summary>Shortest secret, in bytes of UTF-8.</summary>
    public const int MinKeyBytes = 32;

    /// <summary>
    /// The secret that keys of tokens and second factors are sealed with, at least <see cref="MinKeyBytes"/>; without it no
    /// service that checks tokens starts.
    /// </summary>
    public string SigningKey { get; set; } = "";

    /// <summary>The secret before this one, where what it sealed is still to be opened.</summary>
    public string? FormerSigningKey { get; set; }

    /// <summary>How many days a key signs before the next one takes its place: 1 to 365.</summary>
    public double KeyDays { get; set; } = 30;

    /// <summary>Who issues the tokens.</summary>
    public string Issuer { get; set; } = "mefapex";

    /// <summary>Whom the tokens are for.</summary>
    public string Audience { get; set; } = "mefapex";

    /// <summary>How long an access token is good for, in minutes: 1 to <see cref="MaxLifetimeMinutes"/>.</summary>
    public double LifetimeMinutes { get; set; } = 15;
}

internal sealed class TokenOptionsValidator(IHostEnvironment environment) : IValidateOptions<TokenOptions>
{
    private const string KeyName = $"{TokenOptions.Section}:{nameof(TokenOptions.SigningKey)}";

    public ValidateOptionsResult Validate(string? name, TokenOptions options)
    {
        var errors = new List<string>();
        var bytes = Encoding.UTF8.GetByteCount(options.SigningKey);
        if (bytes < TokenOptions.MinKeyBytes)
        {
            errors.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{KeyName} (or SECRET_KEY) has {bytes} bytes; keys are sealed with at least {TokenOptions.MinKeyBytes}, for example from 'openssl rand -base64 48'."));
        }

        if (bytes >= TokenOptions.MinKeyBytes && !environment.IsDevelopment() && Secrets.IsPlaceholder(options.SigningKey))
        {
            errors.Add(
                $"{KeyName} (or SECRET_KEY) is the key of an example or easily guessed, and the environment is "
                + $"{environment.EnvironmentName}: make one of your own, for example with 'openssl rand -base64 48'.");
        }

        if (string.IsNullOrWhiteSpace(options.Issuer))
            errors.Add($"{TokenOptions.Section}:{nameof(options.Issuer)} is empty.");
        if (string.IsNullOrWhiteSpace(options.Audience))
            errors.Add($"{TokenOptions.Section}:{nameof(options.Audience)} is empty.");
        if (options.KeyDays is not (>= 1 and <= 365))
        {
            errors.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{TokenOptions.Section}:{nameof(options.KeyDays)} is {options.KeyDays}, expected 1 to 365."));
        }

        if (options.LifetimeMinutes is not (>= 1 and <= TokenOptions.MaxLifetimeMinutes))
        {
            errors.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{TokenOptions.Section}:{nameof(options.LifetimeMinutes)} (or ACCESS_TOKEN_EXPIRE_MINUTES) is {options.LifetimeMinutes}, expected 1 to 1440."));
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
