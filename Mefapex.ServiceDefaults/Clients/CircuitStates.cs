using System.Collections.Concurrent;

namespace Mefapex.ServiceDefaults;

/// <summary>How the circuit breakers of outgoing calls stand, by the service that they guard.</summary>
public sealed class CircuitStates(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, CircuitState> _states = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Those that have ever opened.</summary>
    public IReadOnlyDictionary<string, CircuitState> All => _states;

    internal void Opened(string? service, Exception? failure) => Set(
        service, state => new("open", time.GetUtcNow(), (state?.Opened ?? 0) + 1, failure?.GetBaseException().GetType().Name));

    internal void HalfOpened(string? service) =>
        Set(service, state => new("half-open", time.GetUtcNow(), state?.Opened ?? 0, state?.Reason));

    internal void Closed(string? service) => Set(service, state => new("closed", time.GetUtcNow(), state?.Opened ?? 0, Reason: null));

    private void Set(string? service, Func<CircuitState?, CircuitState> next) =>
        _states.AddOrUpdate(service ?? "", _ => next(null), (_, state) => next(state));
}

/// <summary>One breaker.</summary>
/// <param name="State"><c>closed</c>, <c>open</c> or <c>half-open</c>.</param>
/// <param name="Since">When it came into that state.</param>
/// <param name="Opened">How often it opened since the start.</param>
/// <param name="Reason">The kind of the failure that opened it; null once it is closed.</param>
public sealed record CircuitState(string State, DateTimeOffset Since, int Opened, string? Reason);
