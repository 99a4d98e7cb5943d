using Mefapex.Api.Admin;
using Mefapex.Api.Shared;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.OpenApi;

namespace Mefapex.Api.Limits;

internal static class LimitExtensions
{
    public static WebApplicationBuilder AddLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<LimitOptions>()
            .BindConfiguration(LimitOptions.Section)
            .Validate(
                options => options.IsValid,
                $"{LimitOptions.Section}: Permits lie between 0 (no limit) and 10000000, Window between 1 second and 1 day.")
            .ValidateOnStart();
        builder.Services.AddSingleton<MemoryRateLimiter>();
        builder.Services.AddSingleton<RedisRateLimiter>();
        builder.Services.AddSingleton<IRateLimiter>(services => services.GetRequiredService<RedisConnection>().IsConfigured
            ? services.GetRequiredService<RedisRateLimiter>()
            : services.GetRequiredService<MemoryRateLimiter>());
        builder.Services.AddSingleton<RequestLimits>();
        builder.Services.AddAdapter("rate limits", services => services.GetRequiredService<RedisConnection>().IsConfigured
            ? "Redis, in the memory of this process while it is away"
            : "in the memory of this process");
        builder.Services.AddHealthChecks().AddCheck<LimiterHealth>(LimiterHealth.Name, tags: [HealthEndpoints.ReadyTag]);
        builder.Services.AddSingleton<IdempotencyStore>();
        builder.Services.ConfigureAll<OpenApiOptions>(options => options.AddOperationTransformer(IdempotencyMetadata.DescribeAsync));
        return builder;
    }

    /// <summary>Comes after authorization: an answer is given again only to whom it was given.</summary>
    public static WebApplication UseIdempotencyKeys(this WebApplication app)
    {
        app.UseMiddleware<IdempotencyMiddleware>();
        return app;
    }

    public static WebApplication UseLimits(this WebApplication app)
    {
        app.UseMiddleware<LimitMiddleware>();
        return app;
    }
}
