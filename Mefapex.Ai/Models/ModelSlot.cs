using System.Diagnostics.CodeAnalysis;

namespace Mefapex.Ai.Models;

/// <summary>A model that is being loaded, loaded, or could not be.</summary>
internal sealed class ModelSlot<T>(string kind)
    where T : class
{
    private volatile Loaded? _loaded;
    private volatile string? _failure;

    public string Kind { get; } = kind;

    /// <summary>Why it cannot be used, or null.</summary>
    public string? Failure => _failure;

    public Loaded? Current => _loaded;

    public bool TryGet([NotNullWhen(true)] out T? model)
    {
        model = _loaded?.Model;
        return model is not null;
    }

    public void Set(Loaded loaded) => _loaded = loaded;

    public void Fail(string reason) => _failure = reason;

    public sealed record Loaded(T Model, DateTimeOffset At, TimeSpan Took);
}
