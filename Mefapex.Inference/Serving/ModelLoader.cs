using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Serving;

/// <summary>How a model comes into memory.</summary>
/// <param name="Find">Brings the model's files to this machine where they are not, and gives their bytes.</param>
/// <param name="Load">Reads the model and checks its test vectors.</param>
/// <param name="WarmUp">Runs it for the first time, so that no user pays for it.</param>
/// <param name="ManifestOf">What is known of the loaded model; null where it has no manifest of our form.</param>
public sealed record ModelLoader<T>(
    Func<CancellationToken, long> Find,
    Func<CancellationToken, T> Load,
    Action<T, CancellationToken> WarmUp,
    Func<T, ModelManifest?> ManifestOf)
    where T : class;

/// <summary>How long a model is kept, and when a failed load is tried again.</summary>
public sealed record ModelSlotOptions
{
    /// <summary>Unloaded after not being used for this long; zero keeps it.</summary>
    public TimeSpan IdleUnload { get; init; }

    /// <summary>Never loads it; every use is refused.</summary>
    public bool Disabled { get; init; }

    /// <summary>Told of each move, outside of any lock and on any thread; must not throw.</summary>
    public Action<ModelChange>? Changed { get; init; }

    /// <summary>Delay after the first failed load; doubled by each further one.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The delay grows no longer than this.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(5);
}
