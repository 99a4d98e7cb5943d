using Mefapex.Api.Data;
using Mefapex.ServiceDefaults;

namespace Mefapex.Api.Accounts.SigningKeys;

/// <summary>Reads the keys of access tokens again and again, so that each replica knows of new and revoked ones soon.</summary>
internal sealed class SigningKeyKeeper(TokenKeys keys, Recurrence recurrence) : BackgroundService
{
    /// <summary>Another replica may go on with a key that was revoked for a minute.</summary>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        recurrence.EveryAsync(TimeSpan.FromMinutes(1), nameof(SigningKeyKeeper), keys.ReloadAsync, stoppingToken);
}
