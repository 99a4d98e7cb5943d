using System.Data.Common;
using System.Globalization;
using Mefapex.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mefapex.ServiceDefaults;

/// <summary>
/// The environment variables of the system that Mefapex replaces, as configuration keys of the lowest rank: any other
/// source wins, and where both say something different a warning at the start names them.
/// </summary>
public static class CompatibilityVariables
{
    private static readonly (string Variable, string Key)[] Renamed =
    [
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "Tokens:LifetimeMinutes"),
        ("AI_GENERATOR_PATH", "Models:Generator:Path"),
        ("AI_MODELS_PATH", "Models:Path"),
        ("AI_SERVICE_ENABLED", "Ai:Enabled"),
        ("ALLOWED_ORIGINS", "Web:AllowedOrigins"),
        ("DEMO_PASSWORD", "Accounts:DemoPassword"),
        ("DEMO_USER_ENABLED", "Accounts:DemoUsers"),
        ("DISABLE_AI_MODELS", "Models:Disabled"),
        ("EMERGENCY_MODE", "Models:EmergencyMode"),
        ("FORCE_GC_INTERVAL", "Models:ForceGcSeconds"),
        ("HF_ENDPOINT", "Models:Hub:Endpoint"),
        ("HF_HOME", "Models:Hub:CacheFolder"),
        ("HF_HUB_OFFLINE", "Models:Hub:Offline"),
        ("HF_TOKEN", "Models:Hub:Token"),
        ("MEMORY_THRESHOLD_MB", "Models:MemoryThresholdMb"),
        ("MODEL_CACHE_SIZE", "Models:CacheSize"),
        ("RATE_LIMIT_CHAT", "Limits:Chat:Address:Permits"),
        ("RATE_LIMIT_REQUESTS", "Limits:General:Address:Permits"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "Accounts:RefreshDays"),
        ("SECRET_KEY", "Tokens:SigningKey"),
    ];

    private static readonly string[] Switches =
        ["AI_SERVICE_ENABLED", "DEMO_USER_ENABLED", "DISABLE_AI_MODELS", "EMERGENCY_MODE", "HF_HUB_OFFLINE"];

    /// <summary>Adds what the variables say; done by <see cref="ServiceDefaultsExtensions.AddServiceDefaults"/>.</summary>
    public static T AddCompatibilityVariables<T>(this T builder)
        where T : IHostApplicationBuilder
    {
        builder.Environment.EnvironmentName =
            EnvironmentNameOf(Environment.GetEnvironmentVariable) ?? builder.Environment.EnvironmentName;
        var said = Read(builder.Configuration);
        if (said.Count == 0)
            return builder;

        var clashes = said
            .Where(entry => builder.Configuration[entry.Key] is { } value && value != entry.Value.Value)
            .Select(entry => (entry.Value.Variable, entry.Key))
            .ToArray();
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = said.Select(entry => KeyValuePair.Create<string, string?>(entry.Key, entry.Value.Value)),
        });
        if (clashes.Length > 0)
        {
            builder.Services.AddHostedService(services =>
                new ClashWarning(clashes, services.GetRequiredService<ILogger<ClashWarning>>()));
        }

        return builder;
    }

    /// <summary>
    /// What <c>ENVIRONMENT</c> says where .NET's own variables say nothing. Read past the configuration, in which
    /// <c>ENVIRONMENT</c> and <c>ASPNETCORE_ENVIRONMENT</c> are the same key.
    /// </summary>
    internal static string? EnvironmentNameOf(Func<string, string?> variable) =>
        variable("ASPNETCORE_ENVIRONMENT") is null && variable("DOTNET_ENVIRONMENT") is null
            ? variable("ENVIRONMENT")?.ToLowerInvariant() switch
            {
                "dev" or "development" or "local" => Environments.Development,
                "staging" => Environments.Staging,
                null or "" => null,
                _ => Environments.Production,
            }
            : null;

    private static Dictionary<string, (string Variable, string Value)> Read(IConfiguration variables)
    {
        var said = new Dictionary<string, (string, string)>(StringComparer.OrdinalIgnoreCase);
        foreach (var (variable, key) in Renamed)
        {
            if (variables[variable] is { Length: > 0 } value)
                said[key] = (variable, Switches.Contains(variable, StringComparer.Ordinal) ? SwitchOf(value) : value);
        }

        if (string.Equals(variables["DEBUG"], bool.TrueString, StringComparison.OrdinalIgnoreCase) || variables["DEBUG"] == "1")
            said["Logging:LogLevel:Default"] = ("DEBUG", nameof(LogLevel.Debug));
        if (variables["AI_SERVICE_HOST"] is { Length: > 0 } host)
            said[$"services:{ResourceNames.Ai}:http:0"] = ("AI_SERVICE_HOST", $"http://{host}:{variables["AI_SERVICE_PORT"] ?? "8001"}");
        if (variables["DATABASE_URL"] is { Length: > 0 } url)
            said[DatabaseKey] = ("DATABASE_URL", ConnectionStringOf(url));
        else if (variables["POSTGRES_HOST"] is { Length: > 0 } server)
            said[DatabaseKey] = ("POSTGRES_HOST", ConnectionStringOf(server, variables));
        if (variables["REDIS_URL"] is { Length: > 0 } redisUrl)
            said[RedisKey] = ("REDIS_URL", RedisStringOf(redisUrl));
        else if (variables["REDIS_HOST"] is { Length: > 0 } redis)
            said[RedisKey] = ("REDIS_HOST", RedisStringOf(redis, variables["REDIS_PORT"] ?? "6379", variables["REDIS_PASSWORD"]));
        return said;
    }

    /// <summary>The spellings of yes and no that the replaced system took.</summary>
    private static string SwitchOf(string value) => value.Trim().ToLowerInvariant() switch
    {
        "1" or "yes" or "on" or "y" or "t" => bool.TrueString,
        "0" or "no" or "off" or "n" or "f" => bool.FalseString,
        _ => value,
    };

    private static string DatabaseKey => $"ConnectionStrings:{ResourceNames.Database}";

    private static string RedisKey => $"ConnectionStrings:{ResourceNames.Redis}";

    /// <summary>What the Redis client reads, out of <c>redis://:password@host:port/database</c>, with <c>rediss</c> for TLS.</summary>
    private static string RedisStringOf(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("redis" or "rediss"))
            throw new InvalidOperationException("REDIS_URL is not of the form redis://:password@host:port/database.");

        var user = uri.UserInfo.Split(':', 2);
        var port = (uri.Port > 0 ? uri.Port : 6379).ToString(CultureInfo.InvariantCulture);
        var text = RedisStringOf(uri.Host, port, user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null);
        if (int.TryParse(uri.AbsolutePath.TrimStart('/'), NumberStyles.None, CultureInfo.InvariantCulture, out var database))
            text += string.Create(CultureInfo.InvariantCulture, $",defaultDatabase={database}");
        return uri.Scheme == "rediss" ? text + ",ssl=true" : text;
    }

    private static string RedisStringOf(string host, string port, string? password)
    {
        // The client's format has no quoting.
        if (password?.Contains(',', StringComparison.Ordinal) == true)
            throw new InvalidOperationException("The password of Redis must not contain a comma.");
        return $"{host}:{port}" + (string.IsNullOrEmpty(password) ? "" : $",password={password}");
    }

    private static string ConnectionStringOf(string server, IConfiguration variables) => Join(
        server,
        variables["POSTGRES_PORT"] ?? "5432",
        variables["POSTGRES_USER"],
        variables["POSTGRES_PASSWORD"],
        variables["POSTGRES_DB"] ?? ResourceNames.Database);

    /// <summary>A connection string out of <c>postgresql://user:password@host:port/database</c>.</summary>
    private static string ConnectionStringOf(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || !uri.Scheme.StartsWith("postgres", StringComparison.OrdinalIgnoreCase))
            throw new InvalidOperationException("DATABASE_URL is not of the form postgresql://user:password@host:port/database.");

        var user = uri.UserInfo.Split(':', 2);
        return Join(
            uri.Host,
            (uri.Port > 0 ? uri.Port : 5432).ToString(CultureInfo.InvariantCulture),
            Uri.UnescapeDataString(user[0]),
            user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')));
    }

    private static string Join(string host, string port, string? user, string? password, string database)
    {
        var parts = new DbConnectionStringBuilder { ["Host"] = host, ["Port"] = port };
        if (!string.IsNullOrEmpty(user))
            parts["Username"] = user;
        if (!string.IsNullOrEmpty(password))
            parts["Password"] = password;
        if (database.Length > 0)
            parts["Database"] = database;
        return parts.ConnectionString;
    }
}

internal sealed partial class ClashWarning((string Variable, string Key)[] clashes, ILogger<ClashWarning> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (variable, key) in clashes)
            LogClash(logger, variable, key);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Variable} is ignored: {Key} is configured otherwise")]
    private static partial void LogClash(ILogger logger, string variable, string key);
}
