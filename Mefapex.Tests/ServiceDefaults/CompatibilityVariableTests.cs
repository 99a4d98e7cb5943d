using Mefapex.ServiceDefaults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mefapex.Tests.ServiceDefaults;

public sealed class CompatibilityVariableTests
{
    [Theory]
    [InlineData("SECRET_KEY", "abc", "Tokens:SigningKey", "abc")]
    [InlineData("ACCESS_TOKEN_EXPIRE_MINUTES", "30", "Tokens:LifetimeMinutes", "30")]
    [InlineData("REFRESH_TOKEN_EXPIRE_DAYS", "7", "Accounts:RefreshDays", "7")]
    [InlineData("AI_SERVICE_ENABLED", "false", "Ai:Enabled", "false")]
    [InlineData("AI_SERVICE_HOST", "ai.local", "services:ai:http:0", "http://ai.local:8001")]
    [InlineData("ALLOWED_ORIGINS", "https://a.example", "Web:AllowedOrigins", "https://a.example")]
    [InlineData("DEMO_PASSWORD", "s", "Accounts:DemoPassword", "s")]
    [InlineData("AI_MODELS_PATH", "/models", "Models:Path", "/models")]
    [InlineData("DISABLE_AI_MODELS", "yes", "Models:Disabled", "True")]
    [InlineData("EMERGENCY_MODE", "0", "Models:EmergencyMode", "False")]
    [InlineData("FORCE_GC_INTERVAL", "20", "Models:ForceGcSeconds", "20")]
    [InlineData("MEMORY_THRESHOLD_MB", "1536", "Models:MemoryThresholdMb", "1536")]
    [InlineData("MODEL_CACHE_SIZE", "3", "Models:CacheSize", "3")]
    [InlineData("DEBUG", "true", "Logging:LogLevel:Default", "Debug")]
    [InlineData("DEBUG", "false", "Logging:LogLevel:Default", "Information")]
    [InlineData("DATABASE_URL", "postgresql://me:p%40ss;word@db:5555/mefapex", "ConnectionStrings:mefapexdb", "Host=db;Port=5555;Username=me;Password=\"p@ss;word\";Database=mefapex")]
    [InlineData("POSTGRES_HOST", "db", "ConnectionStrings:mefapexdb", "Host=db;Port=5432;Database=mefapexdb")]
    [InlineData("RATE_LIMIT_CHAT", "20", "Limits:Chat:Address:Permits", "20")]
    [InlineData("REDIS_URL", "redis://:p%40ss@cache:6380/2", "ConnectionStrings:redis", "cache:6380,password=p@ss,defaultDatabase=2")]
    [InlineData("REDIS_URL", "rediss://cache", "ConnectionStrings:redis", "cache:6379,ssl=true")]
    [InlineData("REDIS_HOST", "cache", "ConnectionStrings:redis", "cache:6379")]
    public void An_old_variable_means_what_it_meant(string variable, string value, string key, string expected)
    {
        var builder = Build(new(StringComparer.Ordinal) { [variable] = value });

        Normalize(builder.Configuration[key]).ShouldBe(Normalize(expected));
    }

    [Theory]
    [InlineData("development", null, "Development")]
    [InlineData("production", null, "Production")]
    [InlineData("anything else", null, "Production")]
    [InlineData("development", "Production", null)]
    [InlineData(null, null, null)]
    public void The_old_environment_counts_where_the_frameworks_own_is_not_set(string? old, string? own, string? expected) =>
        CompatibilityVariables.EnvironmentNameOf(name => name switch
        {
            "ENVIRONMENT" => old,
            "ASPNETCORE_ENVIRONMENT" => own,
            _ => null,
        }).ShouldBe(expected);

    [Fact]
    public void A_database_url_of_another_kind_is_refused_without_repeating_it()
    {
        var refusal = Should.Throw<InvalidOperationException>(() =>
            Build(new(StringComparer.Ordinal) { ["DATABASE_URL"] = "mysql://me:hunter2@db/mefapex" }));

        refusal.Message.ShouldContain("DATABASE_URL");
        refusal.Message.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task A_configuration_key_wins_and_the_clash_is_logged_once_without_values()
    {
        await using var service = await LoopbackService.StartAsync(settings: new(StringComparer.Ordinal)
        {
            ["SECRET_KEY"] = "the-old-one",
            ["Tokens:SigningKey"] = "the-new-one",
            ["DEMO_PASSWORD"] = "same",
            ["Accounts:DemoPassword"] = "same",
        });

        service.App.Configuration["Tokens:SigningKey"].ShouldBe("the-new-one");
        service.Logs.Entries.Where(entry => entry.Level == LogLevel.Warning).ShouldHaveSingleItem().Message
            .ShouldBe("SECRET_KEY is ignored: Tokens:SigningKey is configured otherwise");
    }

    private static HostApplicationBuilder Build(Dictionary<string, string?> variables)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(variables);
        builder.AddServiceDefaults();
        return builder;
    }

    private static string? Normalize(string? value) => value?.ToLowerInvariant();
}
