using System.Net;
using System.Security.Claims;
using Mefapex.Api.Limits;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Keys;

/// <summary>
/// Counts wrong keys like failed sign-ins of their address. While an address has used up its guesses, keys from there that
/// this process does not know yet are refused without asking the database; those that it knows go on working, as an address
/// may stand for many.
/// </summary>
internal sealed class KeyGuesses(RequestLimits limits, TimeProvider time) : IDisposable
{
    private static readonly ClaimsPrincipal Nobody = new();

    private readonly MemoryCache _refused = new(Options.Create(new MemoryCacheOptions { SizeLimit = 10_000 }));

    /// <exception cref="KeyRefusedException">Too many came from there.</exception>
    public void ThrowIfTooMany(IPAddress? address)
    {
        if (address is not null
            && _refused.Get<Pause>(RequestLimits.AddressOf(address)) is { } pause
            && pause.Length - time.GetElapsedTime(pause.Since) is { Ticks: > 0 } left)
        {
            throw new KeyRefusedException(KeyRefusal.TooManyGuesses, left);
        }
    }

    /// <summary>Counts one.</summary>
    /// <returns>What to tell.</returns>
    public async ValueTask<KeyRefusedException> WrongAsync(IPAddress? address, CancellationToken cancellationToken)
    {
        if (await limits.TakeAsync(LimitKind.SignIn, Nobody, address, cancellationToken) is not { Allowed: false } verdict)
            return new(KeyRefusal.Invalid);
        var wait = verdict.Decision.RetryAfter;
        _refused.Set(
            RequestLimits.AddressOf(address!),
            new Pause(time.GetTimestamp(), wait),
            new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = wait });
        return new(KeyRefusal.TooManyGuesses, wait);
    }

    public void Dispose() => _refused.Dispose();

    private sealed record Pause(long Since, TimeSpan Length);
}
