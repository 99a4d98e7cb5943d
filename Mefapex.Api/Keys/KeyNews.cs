using Mefapex.Api.Shared;

namespace Mefapex.Api.Keys;

/// <summary>Has every replica ask for a key again once one has revoked or rotated it; one that misses it asks within
/// <see cref="KeyDirectory.Freshness"/>.</summary>
internal sealed class KeyNews(KeyDirectory directory, IReplicaBus bus, ILogger<KeyNews> logger) : IHostedService
{
    private IDisposable? _subscription;

    public void Changed(byte[] hash)
    {
        directory.Forget(hash);
        bus.Tell(BusChannels.KeysChanged, Convert.ToHexString(hash), logger);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = bus.Subscribe(BusChannels.KeysChanged, hash => directory.Forget(Convert.FromHexString(hash)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        return Task.CompletedTask;
    }
}
