using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Search;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>
/// A tenant's knowledge as of now: one short query asks for its version, and what is older than that is loaded again. Where
/// PostgreSQL does not answer in time, what is at hand.
/// </summary>
internal sealed partial class CurrentKnowledge(
    NpgsqlDataSource dataSource,
    SnapshotStore snapshots,
    IOptions<AnswerOptions> options,
    ILogger<CurrentKnowledge> logger)
{
    /// <summary>The snapshot, null where there is none, and whether it is certain to be the newest.</summary>
    public async Task<(KnowledgeSnapshot? Snapshot, bool IsCurrent)> ReadAsync(Guid tenantId, CancellationToken cancellationToken)
    {
        var atHand = snapshots.AtHand(tenantId);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(atHand is null ? options.Value.LoadTimeout : options.Value.SearchTimeout);
        try
        {
            var version = await VersionAsync(tenantId, deadline.Token);
            deadline.CancelAfter(options.Value.LoadTimeout);
            return (await snapshots.GetAsync(tenantId, version, deadline.Token), true);
        }
        catch (Exception e) when (IsOutage(e, cancellationToken))
        {
            LogNotCurrent(tenantId, e.GetBaseException().Message);
            return (atHand, false);
        }
    }

    /// <summary>Whether PostgreSQL is away or too slow, rather than that the caller went away.</summary>
    public static bool IsOutage(Exception exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && (exception is OperationCanceledException or TimeoutException || DatabaseFault.IsOutage(exception));

    private async Task<long> VersionAsync(Guid tenantId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                DataScope.BatchCommand(),
                new("select version from knowledge_bases where tenant_id = $1") { Parameters = { new() { Value = tenantId } } },
            },
        };
        await batch.PrepareAsync(cancellationToken);
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        await rows.NextResultAsync(cancellationToken);
        return await rows.ReadAsync(cancellationToken) ? rows.GetInt64(0) : 0;
    }

    [LoggerMessage(LogLevel.Warning, "The knowledge version of tenant {Tenant} could not be read: {Reason}")]
    private partial void LogNotCurrent(Guid tenant, string reason);
}
