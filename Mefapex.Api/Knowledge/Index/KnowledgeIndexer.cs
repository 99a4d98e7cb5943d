using System.Data.Common;
using Mefapex.Api.Ai;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>
/// Keeps the vector index in step with the knowledge and with the AI service's model: takes up the entries and documents
/// that changed, loads what vectors PostgreSQL has, has the rest embedded, and switches the tenant over when every text
/// has its vector. While the AI service is away it waits.
/// </summary>
internal sealed partial class KnowledgeIndexer(
    IDbContextFactory<MefapexDb> contexts,
    AiClient ai,
    AiAvailability availability,
    IVectorIndex index,
    VectorStore store,
    IndexSignal signal,
    DatabaseState database,
    TimeProvider time,
    ILogger<KnowledgeIndexer> logger) : BackgroundService
{
    /// <summary>Entries and documents whose texts are in memory at a time.</summary>
    private const int OwnersAtOnce = 256;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    /// <summary>A model that was replaced is noticed by the next question; this is for a service nobody asks.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(1);

    /// <summary>What each tenant's index was made from, see <see cref="KnowledgeMarks"/>.</summary>
    private readonly Dictionary<Guid, Dictionary<VectorOwner, string>> _marks = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await database.WhenReadyAsync(stoppingToken);
        while (true)
        {
            try
            {
                await availability.WhenUpAsync(stoppingToken);
                await BringUpToDateAsync(stoppingToken);
                await SignalOrIntervalAsync(stoppingToken);
            }
            catch (AiUnavailableException e)
            {
                LogPostponed(e.Message);
                await Task.Delay(RetryDelay, time, stoppingToken);
            }
            catch (Exception e) when (e is DbException or DbUpdateException || DatabaseFault.IsOutage(e))
            {
                LogPostponed(e.GetBaseException().Message);
                await Task.Delay(RetryDelay, time, stoppingToken);
            }
        }
    }

    /// <summary>Indexes every tenant whose index is of another model or of older knowledge.</summary>
    public async Task BringUpToDateAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        using var all = DataScope.AllTenants();
        var bases = await db.KnowledgeBases.AsNoTracking().OrderBy(k => k.TenantId).ToListAsync(cancellationToken);
        if (bases.Count == 0)
            return;

        var probe = await ai.EmbedAsync(["mefapex"], cancellationToken);
        var built = false;
        foreach (var knowledge in bases)
        {
            var before = index.ModelOf(knowledge.TenantId);
            if (before == new IndexedModel(probe.ModelHash, knowledge.Version))
                continue;
            built |= before?.Hash != probe.ModelHash;
            await IndexAsync(db, knowledge, probe.ModelHash, cancellationToken);
        }

        // Building whole indexes leaves several times behind of what they keep, and an idle service would hold it for long.
        if (built)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private async Task IndexAsync(MefapexDb db, KnowledgeBase knowledge, string modelHash, CancellationToken cancellationToken)
    {
        var tenantId = knowledge.TenantId;
        using var tenant = DataScope.Of(tenantId);
        var marks = await MarksAsync(db, tenantId, cancellationToken);
        var whole = index.ModelOf(tenantId)?.Hash != modelHash || !_marks.ContainsKey(tenantId);
        var before = whole ? [] : _marks[tenantId];
        var changed = marks.Where(m => before.GetValueOrDefault(m.Key) != m.Value).Select(m => m.Key).ToList();
        var stale = before.Keys.Where(owner => marks.GetValueOrDefault(owner) != before[owner]).ToList();

        var vectors = new List<IndexedVector>();
        var made = 0;
        foreach (var owners in changed.Chunk(OwnersAtOnce))
        {
            var texts = await TextsAsync(db, tenantId, owners, cancellationToken);
            var stored = await store.LoadAsync(tenantId, modelHash, texts, cancellationToken);
            foreach (var batch in texts.Where(t => !stored.ContainsKey(t)).ToList().Chunk(AiClient.MaxBatch))
            {
                var response = await ai.EmbedAsync(tenantId, [.. batch.Select(t => t.Text)], cancellationToken);
                if (response.ModelHash != modelHash)
                {
                    signal.Set();
                    return;
                }

                var fresh = batch.Select((text, i) => (text, response.Embeddings[i])).ToList();
                await store.SaveAsync(tenantId, modelHash, fresh, cancellationToken);
                foreach (var (text, values) in fresh)
                    stored[text] = values;
                made += fresh.Count;
            }

            vectors.AddRange(texts.Select(t => new IndexedVector(t.Key, t.Audience, stored[t])));
            await store.RemoveStaleAsync(tenantId, modelHash, owners, texts, cancellationToken);
        }

        var model = new IndexedModel(modelHash, knowledge.Version);
        if (whole)
            await index.ReplaceAsync(tenantId, model, vectors, cancellationToken);
        else
            await index.ApplyAsync(tenantId, new VectorChange(model, stale, vectors), cancellationToken);
        _marks[tenantId] = marks;
        await store.RemoveStaleAsync(tenantId, modelHash, [.. stale.Where(o => !marks.ContainsKey(o))], [], cancellationToken);
        LogIndexed(tenantId, vectors.Count, made, modelHash);
    }

    private static async Task<Dictionary<VectorOwner, string>> MarksAsync(MefapexDb db, Guid tenantId, CancellationToken cancellationToken)
    {
        var entries = await KnowledgeMarks.OfEntriesAsync(db, tenantId, cancellationToken);
        var documents = await KnowledgeMarks.OfDocumentsAsync(db, tenantId, cancellationToken);
        return entries.Select(e => (Owner: VectorOwner.Entry(e.Key), e.Value))
            .Concat(documents.Select(d => (Owner: VectorOwner.Document(d.Key), d.Value)))
            .ToDictionary(m => m.Owner, m => m.Value);
    }

    private static async Task<List<IndexedText>> TextsAsync(
        MefapexDb db, Guid tenantId, VectorOwner[] owners, CancellationToken cancellationToken) =>
    [
        .. await IndexedText.OfEntriesAsync(
            db, tenantId, [.. owners.Where(o => o.Source == VectorSource.Entries).Select(o => o.Id)], cancellationToken),
        .. await IndexedText.OfDocumentsAsync(
            db, tenantId, [.. owners.Where(o => o.Source == VectorSource.Chunks).Select(o => Guid.Parse(o.Id))], cancellationToken),
    ];

    private async Task SignalOrIntervalAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(signal.WaitAsync(limit.Token), Task.Delay(CheckInterval, time, limit.Token));
        await limit.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    [LoggerMessage(LogLevel.Information, "Vector index of tenant {Tenant} follows: {Texts} texts taken up, {Made} embedded now, model {ModelHash}")]
    private partial void LogIndexed(Guid tenant, int texts, int made, string modelHash);

    [LoggerMessage(LogLevel.Information, "Indexing waits: {Reason}")]
    private partial void LogPostponed(string reason);
}
