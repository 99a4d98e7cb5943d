using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Ai;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>
/// Keeps the vector index in step with the knowledge and with the AI service's model: loads what PostgreSQL has, has the
/// rest embedded, and switches a tenant over when every text has its vector. While the AI service is away it waits.
/// </summary>
internal sealed partial class KnowledgeIndexer(
    IDbContextFactory<MefapexDb> contexts,
    AiClient ai,
    AiAvailability availability,
    IVectorIndex index,
    IndexSignal signal,
    DatabaseState database,
    TimeProvider time,
    ILogger<KnowledgeIndexer> logger) : BackgroundService
{
    private const int BatchSize = 64;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    /// <summary>A model that was replaced is noticed by the next question; this is for a service nobody asks.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(1);

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
        var bases = await db.KnowledgeBases.AsNoTracking().OrderBy(k => k.TenantId).ToListAsync(cancellationToken);
        if (bases.Count == 0)
            return;

        var probe = await ai.EmbedAsync(["mefapex"], cancellationToken);
        foreach (var knowledge in bases)
        {
            if (index.ModelOf(knowledge.TenantId) == new IndexedModel(probe.ModelHash, knowledge.Version))
                continue;
            await IndexAsync(db, knowledge, probe.ModelHash, cancellationToken);
        }
    }

    private async Task IndexAsync(MefapexDb db, KnowledgeBase knowledge, string modelHash, CancellationToken cancellationToken)
    {
        var tenantId = knowledge.TenantId;
        var wanted = await WantedAsync(db, tenantId, cancellationToken);
        var stored = await db.KnowledgeVectors.AsNoTracking()
            .Where(v => v.TenantId == tenantId && v.ModelHash == modelHash)
            .ToDictionaryAsync(v => (v.EntryId, v.TextHash), cancellationToken);
        var missing = wanted.Where(w => !stored.ContainsKey((w.EntryId, w.TextHash))).ToList();
        foreach (var batch in missing.Chunk(BatchSize))
        {
            var response = await ai.EmbedAsync([.. batch.Select(w => w.Text)], cancellationToken);
            if (response.ModelHash != modelHash)
            {
                signal.Set();
                return;
            }

            KnowledgeVector[] made =
            [
                .. batch.Select((w, i) => new KnowledgeVector
                {
                    TenantId = tenantId,
                    EntryId = w.EntryId,
                    ModelHash = modelHash,
                    TextHash = w.TextHash,
                    Kind = w.Kind,
                    Values = response.Embeddings[i],
                }),
            ];
            await StoreAsync(db, made, cancellationToken);
            foreach (var vector in made)
                stored[(vector.EntryId, vector.TextHash)] = vector;
        }

        await index.ReplaceAsync(
            tenantId,
            new IndexedModel(modelHash, knowledge.Version),
            [.. wanted.Select(w => new IndexedVector(w.EntryId, w.Kind, w.Audience, stored[(w.EntryId, w.TextHash)].Values))],
            cancellationToken);
        await RemoveStaleAsync(db, tenantId, modelHash, wanted, cancellationToken);
        LogIndexed(tenantId, wanted.Count, missing.Count, modelHash);
    }

    private static async Task<List<WantedText>> WantedAsync(MefapexDb db, Guid tenantId, CancellationToken cancellationToken)
    {
        var entries = await db.KnowledgeEntries.AsNoTracking()
            .Where(e => e.TenantId == tenantId && e.PublishedVersion != null)
            .Include(e => e.Texts)
            .Include(e => e.Questions)
            .OrderBy(e => e.Id)
            .AsSplitQuery()
            .ToListAsync(cancellationToken);
        return
        [
            .. entries.SelectMany(e => ((IEnumerable<WantedText>)
            [
                .. e.Texts.OrderBy(t => t.Language, StringComparer.Ordinal).Select(t => WantedText.Of(e, KnowledgeVector.Title, t.Title)),
                .. e.Questions.OrderBy(q => q.Language, StringComparer.Ordinal).ThenBy(q => q.Position)
                    .Select(q => WantedText.Of(e, KnowledgeVector.Question, q.Text)),
                .. e.Texts.OrderBy(t => t.Language, StringComparer.Ordinal).Select(t => WantedText.Of(e, KnowledgeVector.Answer, t.Answer)),
            ]).DistinctBy(w => w.TextHash, StringComparer.Ordinal)),
        ];
    }

    /// <summary>Another replica may have stored the same vectors meanwhile; entries that were removed take none.</summary>
    private static Task<int> StoreAsync(MefapexDb db, KnowledgeVector[] vectors, CancellationToken cancellationToken)
    {
        var ids = Array.ConvertAll(vectors, v => v.EntryId);
        var hashes = Array.ConvertAll(vectors, v => v.TextHash);
        var kinds = Array.ConvertAll(vectors, v => v.Kind);
        var values = Array.ConvertAll(vectors, v => $"{{{string.Join(',', v.Values.Select(x => x.ToString("R", CultureInfo.InvariantCulture)))}}}");
        return db.Database.ExecuteSqlAsync(
            $"""
            insert into knowledge_vectors (tenant_id, entry_id, model_hash, text_hash, kind, values)
            select {vectors[0].TenantId}, x.entry_id, {vectors[0].ModelHash}, x.text_hash, x.kind, x.vector::real[]
            from unnest({ids}, {hashes}, {kinds}, {values}) as x (entry_id, text_hash, kind, vector)
            where exists (select from knowledge_entries e where e.tenant_id = {vectors[0].TenantId} and e.id = x.entry_id)
            on conflict do nothing
            """, cancellationToken);
    }

    private static Task<int> RemoveStaleAsync(
        MefapexDb db,
        Guid tenantId,
        string modelHash,
        List<WantedText> wanted,
        CancellationToken cancellationToken)
    {
        string[] ids = [.. wanted.Select(w => w.EntryId)];
        string[] hashes = [.. wanted.Select(w => w.TextHash)];
        return db.Database.ExecuteSqlAsync(
            $"""
            delete from knowledge_vectors v
            where v.tenant_id = {tenantId} and (v.model_hash <> {modelHash} or not exists (
                select from unnest({ids}, {hashes}) as x (entry_id, text_hash)
                where x.entry_id = v.entry_id and x.text_hash = v.text_hash))
            """, cancellationToken);
    }

    private async Task SignalOrIntervalAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(signal.WaitAsync(limit.Token), Task.Delay(CheckInterval, time, limit.Token));
        await limit.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    [LoggerMessage(LogLevel.Information, "Vector index of tenant {Tenant} ready: {Texts} texts, {Made} embedded now, model {ModelHash}")]
    private partial void LogIndexed(Guid tenant, int texts, int made, string modelHash);

    [LoggerMessage(LogLevel.Information, "Indexing waits: {Reason}")]
    private partial void LogPostponed(string reason);

    private sealed record WantedText(string EntryId, string Kind, string[] Audience, string Text, string TextHash)
    {
        public static WantedText Of(KnowledgeEntry entry, string kind, string text) =>
            new(entry.Id, kind, entry.Audience, text, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }
}
