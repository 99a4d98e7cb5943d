using Mefapex.Api.Admin;
using Mefapex.Contracts;
using Mefapex.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Shared;

internal static class SharedExtensions
{
    /// <summary>What replicas share beside tables: Redis where one is configured, else notifications of PostgreSQL.</summary>
    public static WebApplicationBuilder AddShared(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<RedisOptions>()
            .BindConfiguration(RedisOptions.Section)
            .Configure<IConfiguration>((redis, configuration) => redis.Configured = configuration.GetConnectionString(ResourceNames.Redis))
            .ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<RedisOptions>, RedisOptions.Validator>();
        builder.Services.AddSingleton<RedisConnection>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RedisConnection>());
        builder.Services.AddSingleton<PostgresBus>();
        builder.Services.AddHostedService(services => services.GetRequiredService<PostgresBus>());
        builder.Services.AddSingleton<RedisBus>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RedisBus>());
        builder.Services.AddSingleton<ReplicaBus>();
        builder.Services.AddSingleton<IReplicaBus>(services => services.GetRequiredService<RedisConnection>().IsConfigured
            ? services.GetRequiredService<ReplicaBus>()
            : services.GetRequiredService<PostgresBus>());
        builder.Services.AddSingleton<RedisSharedCache>();
        builder.Services.AddSingleton<MemorySharedCache>();
        builder.Services.AddSingleton<ISharedCache>(services => services.GetRequiredService<RedisConnection>().IsConfigured
            ? services.GetRequiredService<RedisSharedCache>()
            : services.GetRequiredService<MemorySharedCache>());
        builder.Services.AddAdapter("shared state", services =>
            services.GetRequiredService<IOptions<RedisOptions>>().Value is { IsConfigured: true } redis
                ? $"Redis at {redis.Place}"
                : "memory of this process and PostgreSQL");
        builder.Services.AddHealthChecks().AddCheck<RedisHealth>(RedisHealth.Name, tags: [HealthEndpoints.ReadyTag]);
        return builder;
    }
}
