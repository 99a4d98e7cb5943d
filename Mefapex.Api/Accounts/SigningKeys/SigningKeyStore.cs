using System.Collections.Concurrent;
using System.Security.Cryptography;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Api.Accounts.SigningKeys;

/// <summary>
/// Keys of access tokens in PostgreSQL. Whoever reads them and finds the end of the present one near makes the next, under a
/// lock, so that all replicas know it before it signs. Keys that the configured secret does not open count as none.
/// </summary>
internal sealed class SigningKeyStore(
    IServiceScopeFactory scopes,
    DatabaseState database,
    IOptions<TokenOptions> options,
    TimeProvider time) : IDisposable
{
    private const long LockKey = 0x4D45464150455832; // "MEFAPEX2"

    /// <summary>How long before it signs a key is there at most.</summary>
    private static readonly TimeSpan LongestLead = TimeSpan.FromDays(1);

    /// <summary>For tokens of replicas that have not heard of a change yet.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    private readonly SecretBox _box = new(options.Value, "signing-keys");
    private readonly ConcurrentDictionary<string, ECDsa> _opened = new(StringComparer.Ordinal);

    private TimeSpan Signs => TimeSpan.FromDays(options.Value.KeyDays);

    private TimeSpan Lead => Signs / 4 < LongestLead ? Signs / 4 : LongestLead;

    /// <summary>The keys whose signatures count, after making what is missing.</summary>
    public async Task<IReadOnlyList<TokenKey>> LoadAsync(CancellationToken cancellationToken)
    {
        // Told like an outage: it passes in the same way.
        if (!database.IsReady)
            throw new NpgsqlException("The schema is not up to date yet.");

        using var all = DataScope.AllTenants();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MefapexDb>();
        var keys = await ReadAsync(db, cancellationToken);
        if (NextStart(keys, time.GetUtcNow()) is null)
            return keys;
        return await db.InTransactionAsync(
            async () =>
            {
                await LockAsync(db, cancellationToken);
                var locked = await ReadAsync(db, cancellationToken);
                if (NextStart(locked, time.GetUtcNow()) is not { } start)
                    return locked;
                await AddAsync(db, start, cancellationToken);
                return await ReadAsync(db, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Has a new key sign from now on.</summary>
    /// <param name="revoke">Whether tokens of the older ones stop counting at once; else they live to their end.</param>
    /// <returns>The new key's id.</returns>
    public async Task<string> RotateAsync(bool revoke, CancellationToken cancellationToken)
    {
        using var all = DataScope.AllTenants();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MefapexDb>();
        var audit = scope.ServiceProvider.GetRequiredService<IAuditLog>();
        return await db.InTransactionAsync(
            async () =>
            {
                await LockAsync(db, cancellationToken);
                var now = time.GetUtcNow();
                var ends = now + TimeSpan.FromMinutes(TokenOptions.MaxLifetimeMinutes) + Grace;
                var before = (await ReadAsync(db, cancellationToken)).Where(key => key.SignsAt(now)).MaxBy(key => key.ActivatesAt)?.Id;
                foreach (var key in await db.SigningKeys.Where(k => k.EndsAt > now).ToListAsync(cancellationToken))
                {
                    key.RetiresAt = key.RetiresAt < now ? key.RetiresAt : now;
                    key.EndsAt = revoke || key.ActivatesAt > now ? now : key.EndsAt < ends ? key.EndsAt : ends;
                }

                var id = await AddAsync(db, now, cancellationToken);
                await audit.RecordAsync(
                    new(AuditVerbs.SigningKeyRotated, TenantId: null, new("signing-key", id))
                    {
                        Before = before is null ? null : new() { ["signing_key"] = before },
                        After = new() { ["signing_key"] = id, ["revoked"] = revoke },
                    },
                    cancellationToken);
                return id;
            },
            cancellationToken);
    }

    public void Dispose()
    {
        foreach (var key in _opened.Values)
            key.Dispose();
    }

    private static Task<int> LockAsync(MefapexDb db, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock({LockKey})", cancellationToken);

    /// <returns>When a key that is missing has to sign from; null where none is.</returns>
    private DateTimeOffset? NextStart(IReadOnlyList<TokenKey> keys, DateTimeOffset now)
    {
        if (keys.Where(key => key.SignsAt(now)).MaxBy(key => key.RetiresAt) is not { } signing)
            return now;
        return signing.RetiresAt - now < Lead && keys.All(key => key.RetiresAt <= signing.RetiresAt) ? signing.RetiresAt : null;
    }

    private async Task<IReadOnlyList<TokenKey>> ReadAsync(MefapexDb db, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = await db.SigningKeys.AsNoTracking().Where(k => k.EndsAt > now).ToListAsync(cancellationToken);
        return [.. rows.Where(IsOpen).Select(row => new TokenKey(_opened[row.Id], row.ActivatesAt, row.RetiresAt, row.EndsAt))];
    }

    private bool IsOpen(SigningKey row)
    {
        if (_opened.ContainsKey(row.Id))
            return true;
        if (_box.Open(row.Sealed, row.Id) is not { } pkcs8)
            return false;
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        CryptographicOperations.ZeroMemory(pkcs8);
        if (!_opened.TryAdd(row.Id, key))
            key.Dispose();
        return true;
    }

    private async Task<string> AddAsync(MefapexDb db, DateTimeOffset start, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await db.SigningKeys.Where(k => k.EndsAt <= now).ExecuteDeleteAsync(cancellationToken);
        using var key = TokenKey.Generate();
        var pkcs8 = key.ExportPkcs8PrivateKey();
        var id = TokenKey.IdOf(key);
        var retires = start + Signs;
        db.SigningKeys.Add(new SigningKey
        {
            Id = id,
            Sealed = _box.Seal(pkcs8, id),
            CreatedAt = now,
            ActivatesAt = start,
            RetiresAt = retires,
            EndsAt = retires + TimeSpan.FromMinutes(TokenOptions.MaxLifetimeMinutes) + Grace,
        });
        CryptographicOperations.ZeroMemory(pkcs8);
        await db.SaveChangesAsync(cancellationToken);
        return id;
    }
}
