using System.Runtime.ExceptionServices;

namespace Mefapex.ServiceDefaults;

/// <summary>Reads the keys of access tokens from where a service keeps them, with one among them that signs now.</summary>
public delegate Task<IReadOnlyList<TokenKey>> TokenKeySource(CancellationToken cancellationToken);

/// <summary>
/// The keys in memory. They are read again when asked for, and when a token names one that is not known: another replica
/// may have made it. Tokens with made-up keys cost one reading per <see cref="Pause"/>, however many they are, and wait for
/// it; when too many wait, further ones are refused at once.
/// </summary>
public sealed class TokenKeys(TokenKeySource source, TimeProvider time) : IDisposable
{
    /// <summary>Shortest time between two readings that unknown keys ask for.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private const int MostAsking = 100;

    private readonly SemaphoreSlim _reading = new(1);
    private volatile State _state = new([], ReadAt: null, Failure: null);
    private int _asking;

    /// <summary>All that are known.</summary>
    public IReadOnlyCollection<TokenKey> All => _state.Keys.Values;

    /// <summary>Reads them again.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            await ReadAsync(cancellationToken);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>The key that new tokens are signed with.</summary>
    /// <exception cref="InvalidOperationException">The source has none.</exception>
    public async ValueTask<TokenKey> SigningAsync(CancellationToken cancellationToken)
    {
        if (Signing() is { } key)
            return key;
        await ReloadAsync(cancellationToken);
        return Signing() ?? throw new InvalidOperationException("No key signs access tokens now.");
    }

    /// <summary>Whether signatures of this key count, reading again where it is unknown.</summary>
    /// <exception cref="Exception">What kept the source from being read, where nobody can say.</exception>
    public async ValueTask<bool> KnowAsync(string id, CancellationToken cancellationToken)
    {
        if (_state.Keys.ContainsKey(id))
            return Find(id) is not null;
        var asked = time.GetTimestamp();
        try
        {
            if (Interlocked.Increment(ref _asking) <= MostAsking)
                await ReadSinceAsync(asked, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }

        return Find(id) is not null;
    }

    /// <summary>The key of this id whose signatures count now, among those in memory.</summary>
    public TokenKey? Find(string id) => _state.Keys.TryGetValue(id, out var key) && time.GetUtcNow() < key.EndsAt ? key : null;

    /// <inheritdoc/>
    public void Dispose() => _reading.Dispose();

    private TokenKey? Signing()
    {
        var now = time.GetUtcNow();
        return _state.Keys.Values.Where(key => key.SignsAt(now)).MaxBy(key => key.ActivatesAt);
    }

    /// <summary>Sees to it that the keys were read at that time or later.</summary>
    private async Task ReadSinceAsync(long asked, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (_state.ReadAt is { } readAt)
            {
                if (readAt >= asked)
                {
                    _state.Failure?.Throw();
                    return;
                }

                var early = Pause - time.GetElapsedTime(readAt);
                if (early > TimeSpan.Zero)
                    await Task.Delay(early, time, cancellationToken);
            }

            await ReadAsync(cancellationToken);
        }
        finally
        {
            _reading.Release();
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var at = time.GetTimestamp();
        try
        {
            _state = new((await source(cancellationToken)).ToDictionary(key => key.Id, StringComparer.Ordinal), at, Failure: null);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _state = _state with { ReadAt = at, Failure = ExceptionDispatchInfo.Capture(e) };
            throw;
        }
    }

    private sealed record State(Dictionary<string, TokenKey> Keys, long? ReadAt, ExceptionDispatchInfo? Failure);
}
