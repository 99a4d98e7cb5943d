using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts;

/// <summary>
/// Makes guessing slow: after a few failures for one account from one address, each further one doubles the wait.
/// Kept in memory, for this replica.
/// </summary>
internal sealed class SignInThrottle(TimeProvider time) : IDisposable
{
    private const int FreeFailures = 5;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(15);

    private readonly MemoryCache _attempts = new(Options.Create(new MemoryCacheOptions { SizeLimit = 20_000 }));

    /// <summary>How long this account must wait before another try from this address; zero when it need not.</summary>
    public TimeSpan Wait(string username, string address)
    {
        var left = (_attempts.Get<Attempts>(Key(username, address))?.NotBefore ?? default) - time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    public void Failed(string username, string address)
    {
        var failures = (_attempts.Get<Attempts>(Key(username, address))?.Failures ?? 0) + 1;
        var wait = failures < FreeFailures
            ? TimeSpan.Zero
            : TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failures - FreeFailures), LongestWait.TotalSeconds));
        _attempts.Set(
            Key(username, address),
            new Attempts(failures, time.GetUtcNow() + wait),
            new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = Memory });
    }

    public void Succeeded(string username, string address) => _attempts.Remove(Key(username, address));

    public void Dispose() => _attempts.Dispose();

    private static (string Username, string Address) Key(string username, string address) => (username, address);

    private sealed record Attempts(int Failures, DateTimeOffset NotBefore);
}
