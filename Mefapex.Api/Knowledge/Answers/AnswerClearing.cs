using Mefapex.Api.Shared;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Drops kept answers in every replica and in what they share.</summary>
internal sealed class AnswerClearing(AnswerCache cache, SharedAnswers shared, IReplicaBus bus, ILogger<AnswerClearing> logger)
    : IHostedService
{
    private const string Everybody = "all";
    private IDisposable? _subscription;

    /// <summary>Drops the answers of a tenant, or of all, also because words of somebody who was erased may be in them.</summary>
    /// <returns>How many this process dropped, and whether those that replicas share are gone too: where not, they are not seen
    /// here any more, and go as soon as Redis is back or within an hour.</returns>
    public async Task<(int Cleared, bool IsComplete)> ClearAsync(Guid? tenantId, CancellationToken cancellationToken)
    {
        var cleared = cache.Clear(tenantId);
        var isComplete = await shared.RemoveAsync(tenantId, cancellationToken);
        bus.Tell(BusChannels.AnswersVoid, tenantId?.ToString("N") ?? Everybody, logger);
        return (cleared, isComplete);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = bus.Subscribe(
            BusChannels.AnswersVoid,
            tenant => cache.Clear(Guid.TryParse(tenant, out var id) ? id : null),
            () => cache.Clear(tenantId: null));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        return Task.CompletedTask;
    }
}
