using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Shared;

/// <summary>The values of this process alone, bounded by their size.</summary>
internal sealed class MemorySharedCache(TimeProvider time) : ISharedCache, IDisposable
{
    private const long MaxBytes = 32 * 1024 * 1024;

    private readonly MemoryCache _values = new(Options.Create(new MemoryCacheOptions { SizeLimit = MaxBytes }));

    public Task<byte[]?> GetAsync(string key, CancellationToken cancellationToken) =>
        Task.FromResult(_values.TryGetValue(key, out Kept? kept) && kept!.Until > time.GetUtcNow() ? kept.Value : null);

    public Task SetAsync(string key, byte[] value, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        _values.Set(
            key,
            new Kept(value, time.GetUtcNow() + lifetime),
            new MemoryCacheEntryOptions { Size = value.Length + (2 * key.Length), AbsoluteExpirationRelativeToNow = lifetime });
        return Task.CompletedTask;
    }

    public Task RemoveAsync(string key, CancellationToken cancellationToken)
    {
        _values.Remove(key);
        return Task.CompletedTask;
    }

    public Task<bool> RemoveAllAsync(string prefix, CancellationToken cancellationToken)
    {
        foreach (var key in _values.Keys.OfType<string>().Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).ToList())
            _values.Remove(key);
        return Task.FromResult(true);
    }

    public void Dispose() => _values.Dispose();

    private sealed record Kept(byte[] Value, DateTimeOffset Until);
}
