using System.Collections.Concurrent;
using Mefapex.Api.Data;
using Mefapex.Api.Shared;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts;

/// <summary>
/// Whether the session of an access token still goes on. What the database said is believed for <see cref="Freshness"/>,
/// so a session that another replica ended is refused that much later at the latest; when the replicas hear of each other, at
/// once.
/// </summary>
internal sealed class LiveSessions : IDisposable
{
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    private readonly IDbContextFactory<MefapexDb> _databases;
    private readonly DatabaseState _database;
    private readonly IReplicaBus _bus;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IDisposable _subscription;
    private readonly MemoryCache _known = new(Options.Create(new MemoryCacheOptions { SizeLimit = 100_000 }));
    private readonly ConcurrentDictionary<TaskCompletionSource, Guid> _waiting = new();

    public LiveSessions(
        IDbContextFactory<MefapexDb> databases,
        DatabaseState database,
        IReplicaBus bus,
        TimeProvider time,
        ILogger<LiveSessions> logger)
    {
        (_databases, _database, _bus, _time, _logger) = (databases, database, bus, time, logger);
        _subscription = bus.Subscribe(
            BusChannels.SessionEnded,
            message =>
            {
                if (Guid.TryParse(message, out var session))
                    Refuse(session);
            },
            _known.Clear);
    }

    public async ValueTask<bool> IsLiveAsync(Guid session, CancellationToken cancellationToken)
    {
        var known = _known.Get<Verdict>(session);
        if (known is not null && (!known.Live || _time.GetElapsedTime(known.Since) < Freshness))
            return known.Live;

        // Before the schema is there every path that reads data answers 503 by itself.
        if (!_database.IsReady)
            return true;

        var asked = _time.GetTimestamp();
        using var all = DataScope.AllTenants();
        await using var db = await _databases.CreateDbContextAsync(cancellationToken);
        var live = await db.Sessions.AnyAsync(
            s => s.Id == session && s.EndedAt == null && !db.Users.Any(u => u.Id == s.UserId && u.DisabledAt != null), cancellationToken);
        if (_known.Get<Verdict>(session) is not { Live: false })
            Keep(session, new Verdict(live, asked));
        return live;
    }

    /// <summary>Refuses the session's tokens from now on, in every replica.</summary>
    public void Ended(Guid session)
    {
        Refuse(session);
        _bus.Tell(BusChannels.SessionEnded, session.ToString("N"), _logger);
    }

    /// <summary>Returns when the session is known to be over; <see cref="AskAsync"/> has to be called again and again.</summary>
    public async Task WhenEndedAsync(Guid session, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[ended] = session;
        try
        {
            if (_known.Get<Verdict>(session) is not { Live: false })
                await ended.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _waiting.TryRemove(ended, out _);
        }
    }

    /// <summary>Asks the database, in one query, for all sessions whose end somebody waits for.</summary>
    public async Task AskAsync(CancellationToken cancellationToken)
    {
        var asked = _waiting.Values.Distinct().ToList();
        if (asked.Count == 0)
            return;
        using var all = DataScope.AllTenants();
        await using var db = await _databases.CreateDbContextAsync(cancellationToken);
        var live = await db.Sessions
            .Where(s => asked.Contains(s.Id) && s.EndedAt == null && !db.Users.Any(u => u.Id == s.UserId && u.DisabledAt != null))
            .Select(s => s.Id)
            .ToHashSetAsync(cancellationToken);
        asked.RemoveAll(live.Contains);
        asked.ForEach(Refuse);
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _known.Dispose();
    }

    private void Refuse(Guid session)
    {
        Keep(session, new Verdict(Live: false, _time.GetTimestamp()));
        foreach (var (waiting, waitedFor) in _waiting)
        {
            if (waitedFor == session)
                waiting.TrySetResult();
        }
    }

    private void Keep(Guid session, Verdict verdict) => _known.Set(
        session, verdict, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(20) });

    private sealed record Verdict(bool Live, long Since);
}
