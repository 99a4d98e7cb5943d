using System.Diagnostics;
using System.Globalization;
using System.Threading.RateLimiting;
using Mefapex.Ai.Http;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Catalogue;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Models;

internal static class ModelsFeature
{
    /// <summary>Rate limit policy of the endpoints that compute.</summary>
    public const string InferenceLimit = "inference";

    private const int RetryAfterSeconds = 1;

    public static void AddModels(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<ModelOptions>()
            .Bind(builder.Configuration.GetSection(ModelOptions.Section))
            .PostConfigure<IConfiguration>((options, configuration) =>
            {
                if (options.Path.Length == 0)
                    options.Path = configuration["AI_MODELS_PATH"] ?? "";
            })
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder.Services.AddSingleton<ModelHost>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ModelHost>());
        builder.Services.AddHealthChecks().AddCheck<ModelHealthCheck>("models", tags: [HealthEndpoints.ReadyTag]);
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.AddPolicy(InferenceLimit, context => RateLimitPartition.GetConcurrencyLimiter(
                InferenceLimit,
                _ => LimitOf(context.RequestServices.GetRequiredService<IOptions<ModelOptions>>().Value)));
            limiter.OnRejected = RefuseAsync;
        });
    }

    public static void MapModels(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/models/info", Info)
            .WithTags("Models")
            .WithSummary("Loaded models, memory, cache and loading figures.");

    private static Ok<ModelsInfo> Info(ModelHost models)
    {
        var loaded = new List<ModelInfo>();
        if (models.Encoder.Current is { } encoder)
            loaded.Add(Describe(encoder.Model.Manifest, encoder.At, encoder.Took));
        if (models.Detector.Current is { } detector)
            loaded.Add(Describe(detector.Model.Manifest, detector.At, detector.Took));

        using var process = Process.GetCurrentProcess();
        return TypedResults.Ok(new ModelsInfo(
            loaded,
            "cpu",
            new MemoryUsage(Mebibytes.Of(process.WorkingSet64), Mebibytes.Of(GC.GetTotalMemory(forceFullCollection: false))),
            new EmbeddingCacheInfo(Enabled: false),
            new LazyLoadingStats(Enabled: false, models.Loads, Unloads: 0)));
    }

    private static ModelInfo Describe(ModelManifest manifest, DateTimeOffset at, TimeSpan took) => new(
        manifest.Name,
        manifest.Version,
        manifest.Task,
        manifest.Languages,
        manifest.Sha256,
        manifest.Bytes,
        manifest.Dimensions,
        at,
        Math.Round(took.TotalMilliseconds, 1));

    private static ConcurrencyLimiterOptions LimitOf(ModelOptions options) => new()
    {
        PermitLimit = options.MaxConcurrentRequests > 0 ? options.MaxConcurrentRequests : Environment.ProcessorCount,
        QueueLimit = options.MaxQueuedRequests,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    };

    private static async ValueTask RefuseAsync(
        Microsoft.AspNetCore.RateLimiting.OnRejectedContext context, CancellationToken cancellationToken)
    {
        context.HttpContext.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        await AiProblems.Busy(RetryAfterSeconds).ExecuteAsync(context.HttpContext);
    }
}
