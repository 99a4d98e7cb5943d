using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Mefapex.ServiceDefaults;

/// <summary>
/// Settings that stand in files, as container platforms hand out secrets: <c>Tokens__SigningKey__FILE</c> or
/// <c>Tokens__SigningKey_FILE</c> names the file whose content is <c>Tokens:SigningKey</c>, and so for every setting with
/// a section; the variables of the replaced system that hold secrets take <c>_FILE</c> too (<c>SECRET_KEY_FILE</c>).
/// A line break at the end does not count.
/// </summary>
internal static class SecretFiles
{
    private const string Suffix = "FILE";
    private const int MaxBytes = 64 * 1024;

    private static readonly string[] Variables =
        ["DATABASE_URL", "DEMO_PASSWORD", "HF_TOKEN", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "REDIS_URL", "SECRET_KEY"];

    /// <summary>Comes before the variables of the replaced system are read. What cannot be read refuses the start.</summary>
    public static void AddSecretFiles(this IHostApplicationBuilder builder)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var errors = new List<string>();
        foreach (var (key, file) in builder.Configuration.AsEnumerable())
        {
            if (string.IsNullOrWhiteSpace(file) || SettingOf(key) is not { } setting)
                continue;
            if (Read(key, file, errors) is not { } secret)
                continue;
            if (settings.GetValueOrDefault(setting) is { } other && other != secret
                || builder.Configuration[setting] is { Length: > 0 } said && said != secret)
                errors.Add($"{setting} and {key} say different things: keep one of them.");
            settings[setting] = secret;
        }

        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddOptions<SecretFileErrors>().Configure(found => found.Errors = errors).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<SecretFileErrors>, SecretFileErrors.Validator>();
    }

    private static string? SettingOf(string key)
    {
        if (!key.EndsWith("_" + Suffix, StringComparison.OrdinalIgnoreCase)
            && !key.EndsWith(ConfigurationPath.KeyDelimiter + Suffix, StringComparison.OrdinalIgnoreCase))
            return null;

        // Foreign programs have variables of this ending, such as SSL_CERT_FILE.
        var setting = key[..^(Suffix.Length + 1)];
        return setting.Contains(ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)
            || Variables.Contains(setting, StringComparer.OrdinalIgnoreCase)
            ? setting
            : null;
    }

    private static string? Read(string key, string file, List<string> errors)
    {
        try
        {
            if (new FileInfo(file).Length > MaxBytes)
            {
                errors.Add($"{key} names the file {file}, which is larger than {MaxBytes / 1024} KiB and no secret.");
                return null;
            }

            var secret = File.ReadAllText(file).TrimEnd('\r', '\n');
            if (secret.Length > 0)
                return secret;
            errors.Add($"{key} names the file {file}, which is empty: write the secret into it.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            errors.Add($"{key} names the file {file}, which cannot be read: {e.Message}");
        }

        return null;
    }
}

/// <summary>What was wrong with files of secrets, told when the service starts.</summary>
internal sealed class SecretFileErrors
{
    public IReadOnlyList<string> Errors { get; set; } = [];

    internal sealed class Validator : IValidateOptions<SecretFileErrors>
    {
        public ValidateOptionsResult Validate(string? name, SecretFileErrors options) =>
            options.Errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(options.Errors);
    }
}
