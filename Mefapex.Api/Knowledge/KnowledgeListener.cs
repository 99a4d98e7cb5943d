using System.Data.Common;
using System.Threading.Channels;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Api.Shared;
using Npgsql;

namespace Mefapex.Api.Knowledge;

/// <summary>
/// Listens to PostgreSQL for changes of knowledge that any replica made, and has this one follow: caches, the vector
/// index, and the snapshot, ahead of the next question. What was missed while there was no connection counts as changed. It
/// is PostgreSQL also where there is Redis: only there a notice goes out with the transaction that it tells of, or not at all.
/// </summary>
internal sealed partial class KnowledgeListener(
    NpgsqlDataSource dataSource,
    DatabaseState database,
    KnowledgeChanges changes,
    IndexSignal indexSignal,
    SnapshotStore snapshots,
    TimeProvider time,
    ILogger<KnowledgeListener> logger) : BackgroundService
{
    private readonly Channel<KnowledgeChange> _toRefresh = System.Threading.Channels.Channel.CreateUnbounded<KnowledgeChange>(
        new UnboundedChannelOptions { SingleReader = true });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await database.WhenReadyAsync(stoppingToken);
        await Task.WhenAll(
            dataSource.ListenAsync(
                KnowledgeChange.Channel,
                payload => Follow(KnowledgeChange.Parse(payload)),
                () => Follow(KnowledgeChange.Unknown),
                LogLost,
                time,
                stoppingToken),
            RefreshAsync(stoppingToken));
    }

    private void Follow(KnowledgeChange change)
    {
        changes.Publish(change);
        indexSignal.Set();
        _toRefresh.Writer.TryWrite(change);
    }

    /// <summary>Loads what changed once, however many changes came meanwhile.</summary>
    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        while (await _toRefresh.Reader.WaitToReadAsync(cancellationToken))
        {
            var tenants = new HashSet<Guid>();
            while (_toRefresh.Reader.TryRead(out var change))
            {
                if (change.TenantId is { } tenantId)
                    tenants.Add(tenantId);
                else
                    tenants.UnionWith(snapshots.Tenants);
            }

            try
            {
                foreach (var tenantId in tenants)
                {
                    using var tenant = DataScope.Of(tenantId);
                    await snapshots.RefreshAsync(tenantId, cancellationToken);
                }
            }
            catch (Exception e) when (e is DbException || DatabaseFault.IsOutage(e))
            {
                // The next question finds the old version and loads the new one itself.
                LogNotRefreshed(e.GetBaseException().Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Changes of knowledge are not heard of for now: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(LogLevel.Warning, "Changed knowledge was not loaded ahead: {Reason}")]
    private partial void LogNotRefreshed(string reason);
}
