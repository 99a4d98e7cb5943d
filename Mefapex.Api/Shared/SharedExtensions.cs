using Mefapex.Api.Admin;
using Mefapex.Contracts;
using Mefapex.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Shared;

internal static class SharedExtensions
{
    /// <summary>What replicas share beside PostgreSQL: Redis, where one is configured.</summary>
    public static WebApplicationBuilder AddShared(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<RedisOptions>()
            .BindConfiguration(RedisOptions.Section)
            .Configure<IConfiguration>((redis, configuration) => redis.Configured = configuration.GetConnectionString(ResourceNames.Redis))
            .ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<RedisOptions>, RedisOptions.Validator>();
        builder.Services.AddSingleton<RedisConnection>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RedisConnection>());
        builder.Services.AddAdapter("shared state", services =>
            services.GetRequiredService<IOptions<RedisOptions>>().Value is { IsConfigured: true } redis
                ? $"Redis at {redis.Place}"
                : "memory of this process and PostgreSQL");
        builder.Services.AddHealthChecks().AddCheck<RedisHealth>(RedisHealth.Name, tags: [HealthEndpoints.ReadyTag]);
        return builder;
    }
}
