using System.Data.Common;
using Mefapex.Api.Accounts;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Mefapex.Api.Data;

/// <summary>
/// Brings the schema and the sample content up to date before readiness turns green, one replica at a time, and keeps
/// trying while PostgreSQL is away.
/// </summary>
internal sealed partial class DatabaseSetup(
    IServiceScopeFactory scopes,
    OwnerDatabase owner,
    DatabaseState state,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<DatabaseSetup> logger) : BackgroundService
{
    private const long LockKey = 0x4D45464150455831; // "MEFAPEX1"
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var delay = TimeSpan.FromMilliseconds(250); ; delay = Longer(delay))
        {
            try
            {
                await SetUpAsync(stoppingToken);
                state.Ready();
                return;
            }
            catch (Exception e) when (DatabaseFault.IsOutage(e))
            {
                state.Waiting($"PostgreSQL is not reachable: {e.GetBaseException().Message}");
                LogWaiting(e.GetBaseException().Message, delay.TotalSeconds);
                await Task.Delay(delay, time, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                state.Refuse(e.Message);
                LogRefused(e.Message, e is DemoUsersInProductionException ? null : e);
                lifetime.StopApplication();
                return;
            }
        }
    }

    private static TimeSpan Longer(TimeSpan delay) => delay * 2 < LongestDelay ? delay * 2 : LongestDelay;

    private async Task SetUpAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await using var services = new ServiceCollection().AddEntityFrameworkNpgsql().BuildServiceProvider();
        await using var db = owner.CreateContext(services);
        await CreateWhenMissingAsync(db, cancellationToken);

        await using var guard = await owner.Source.OpenConnectionAsync(cancellationToken);
        await LockAsync(guard, cancellationToken);
        try
        {
            state.Waiting("applying migrations");
            db.Database.SetCommandTimeout(TimeSpan.FromMinutes(5));
            await db.GetService<IHistoryRepository>().CreateIfNotExistsAsync(cancellationToken);
            var pending = (await db.Database.GetPendingMigrationsAsync(cancellationToken)).ToList();
            await db.Database.MigrateAsync(cancellationToken);
            await RowSecurity.ApplyAsync(guard, cancellationToken);
            LogMigrated(pending.Count == 0 ? "none" : string.Join(", ", pending));

            state.Waiting("seeding");
            await SampleTenants.ApplyAsync(db, cancellationToken);
            await KnowledgeSeed.ApplyAsync(db, time, cancellationToken);
            await scope.ServiceProvider.GetRequiredService<DemoUsers>().ApplyAsync(db, cancellationToken);
        }
        finally
        {
            await UnlockAsync(guard);
        }
    }

    private static async Task CreateWhenMissingAsync(MefapexDb db, CancellationToken cancellationToken)
    {
        var creator = db.GetService<IRelationalDatabaseCreator>();
        if (!await creator.ExistsAsync(cancellationToken))
            await creator.CreateAsync(cancellationToken);
    }

    private async Task LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock($1)", connection)
        {
            Parameters = { new() { Value = LockKey } },
        };
        while (await command.ExecuteScalarAsync(cancellationToken) is not true)
        {
            state.Waiting("another replica is setting up the database");
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellationToken);
        }
    }

    /// <summary>A connection that broke has given its lock back with its session.</summary>
    private static async Task UnlockAsync(NpgsqlConnection connection)
    {
        try
        {
            await using var command = new NpgsqlCommand("select pg_advisory_unlock($1)", connection)
            {
                Parameters = { new() { Value = LockKey } },
            };
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (DbException)
        {
        }
    }

    [LoggerMessage(LogLevel.Warning, "PostgreSQL is not reachable ({Reason}); next try in {Seconds} s")]
    private partial void LogWaiting(string reason, double seconds);

    [LoggerMessage(LogLevel.Information, "Schema up to date; migrations applied now: {Migrations}")]
    private partial void LogMigrated(string migrations);

    [LoggerMessage(LogLevel.Critical, "Start refused: {Reason}")]
    private partial void LogRefused(string reason, Exception? exception);
}
