using Mefapex.Inference.Serving;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Models;

/// <summary>A model that the service has a place for.</summary>
/// <param name="Preload">Whether it is loaded at the start and tried again when that failed.</param>
internal sealed record ModelRegistration(ModelSlot Slot, bool Preload)
{
    /// <summary>Whether a request would find it loaded, or load it.</summary>
    public bool IsUsable(ModelStatus status) => status.State switch
    {
        ModelState.Ready or ModelState.Draining => true,
        ModelState.Failed => false,
        _ => !IsStarting(status),
    };

    /// <summary>Whether it is still to be loaded for the first time.</summary>
    public bool IsStarting(ModelStatus status) =>
        Preload && status is { Loads: 0, State: not (ModelState.Ready or ModelState.Failed) };
}

internal static class ModelRegistrationExtensions
{
    /// <summary>Makes room for a model: a <see cref="ModelSlot{T}"/> that follows <see cref="ModelOptions"/>.</summary>
    /// <param name="kind">The model's role, such as <c>embedding</c>.</param>
    /// <param name="preload">Whether it belongs to those that are loaded at the start.</param>
    public static IServiceCollection AddModelSlot<T>(
        this IServiceCollection services, string kind, bool preload, Func<IServiceProvider, ModelLoader<T>> loader)
        where T : class
    {
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<ModelOptions>>().Value;
            var log = provider.GetRequiredService<ModelLog>();
            return new ModelSlot<T>(
                kind,
                loader(provider),
                new ModelSlotOptions
                {
                    IdleUnload = TimeSpan.FromMinutes(options.IdleUnloadMinutes),
                    Disabled = options.Disabled,
                    Changed = log.Write,
                },
                provider.GetRequiredService<MemoryBudget>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ServingMetrics>());
        });
        return services.AddSingleton(provider => new ModelRegistration(
            provider.GetRequiredService<ModelSlot<T>>(),
            preload && provider.GetRequiredService<IOptions<ModelOptions>>().Value is { Preload: true, Disabled: false }));
    }
}
