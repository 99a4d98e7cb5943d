using Mefapex.Inference.Embedding;
using Mefapex.Inference.Serving;
using Mefapex.ServiceDefaults;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Models;

internal static class ModelsFeature
{
    public static void AddModels(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ModelOptions>()
            .Bind(builder.Configuration.GetSection(ModelOptions.Section))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddSingleton<ServingMetrics>();
        services.AddSingleton<ModelLog>();
        services.AddSingleton(provider => new MemoryBudget(OptionsOf(provider).ToBudget()));
        services.AddSingleton(provider => OptionsOf(provider) is { EmergencyMode: false, CacheSize: var size }
            ? new VectorCache(size)
            : new VectorCache(0));
        services.AddModelCatalogue(builder.Configuration);
        services.AddModelSlot("language", preload: true, ModelLoaders.Detector);
        services.AddModelSlot("embedding", preload: true, ModelLoaders.Encoder);
        services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(provider => new BatchingEmbeddingGenerator(
            provider.GetRequiredService<ModelSlot<ITextEncoder>>(),
            provider.GetRequiredService<VectorCache>(),
            OptionsOf(provider).ToServing(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ServingMetrics>()));
        services.AddHostedService<ModelHost>();
        services.AddSingleton<MemoryGuard>();
        services.AddHostedService(provider => provider.GetRequiredService<MemoryGuard>());
        services.AddHealthChecks().AddCheck<ModelHealthCheck>("models", tags: [HealthEndpoints.ReadyTag]);
        services.AddExceptionHandler<ModelExceptionHandler>();
        KeepThreadsForHttp(builder.Configuration.GetValue<int>($"{ModelOptions.Section}:{nameof(ModelOptions.Workers)}"));
    }

    /// <summary>Models compute on threads of the pool, as many as there are workers; requests, health among them, must
    /// not wait until the pool grows.</summary>
    private static void KeepThreadsForHttp(int workers)
    {
        ThreadPool.GetMinThreads(out var threads, out var ports);
        var wanted = Environment.ProcessorCount + (workers > 0 ? workers : Environment.ProcessorCount);
        if (threads < wanted)
            ThreadPool.SetMinThreads(wanted, ports);
    }

    private static ModelOptions OptionsOf(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<ModelOptions>>().Value;
}
