using Mefapex.Api.Ai;
using Mefapex.Api.Data;
using Mefapex.Api.Files;
using Mefapex.Api.Ingestion.Readers;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Documents;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ingestion;

/// <summary>
/// What is done with a file, step by step. Each step can be begun again: it first removes what an earlier try of it left, or
/// goes on after what is whole. Only <see cref="SwitchAsync"/> changes what is found.
/// </summary>
internal sealed partial class IngestionSteps(
    IDbContextFactory<MefapexDb> contexts,
    IngestionQueue queue,
    ChunkStore chunks,
    FileStore files,
    FormatCheck formats,
    IEnumerable<ITextReader> readers,
    AiClient ai,
    IOptions<IngestionOptions> options,
    TimeProvider time,
    ILogger<IngestionSteps> logger)
{
    private readonly IngestionOptions _options = options.Value;

    /// <summary>Runs what is left to do.</summary>
    /// <exception cref="LeaseLostException">The version is another worker's, or gone.</exception>
    public async Task RunAsync(DocumentVersion job, Pace pace, CancellationToken cancellationToken)
    {
        while (job.Step != IngestionStep.Done)
        {
            switch (job.Step)
            {
                case IngestionStep.Extract:
                    await ExtractAsync(job, cancellationToken);
                    break;
                case IngestionStep.Chunk:
                    await ChunkAsync(job, pace, cancellationToken);
                    break;
                case IngestionStep.Embed:
                    await EmbedAsync(job, pace, cancellationToken);
                    break;
                case IngestionStep.Index:
                    await IndexAsync(job, pace, cancellationToken);
                    break;
                case IngestionStep.Switch:
                    await SwitchAsync(job, cancellationToken);
                    return;
                default:
                    throw new InvalidOperationException($"There is no step {job.Step}.");
            }

            job.Step = IngestionStep.After(job.Step);
            job.Attempts = 1;
            await pace.RestAsync(cancellationToken);
        }
    }

    private async Task ExtractAsync(DocumentVersion job, CancellationToken cancellationToken)
    {
        var path = files.PathOf(job.StorageKey);
        var format = await formats.OfAsync(path, job.FileName, job.MediaType, cancellationToken);
        var output = new TextCollector(_options.MaxCharacters);
        await readers.Single(reader => reader.Format == format).ReadAsync(path, output, cancellationToken);
        var extracted = output.Finish();
        await extracted.SaveAsync(files, job.StorageKey, cancellationToken);
        Keep(await queue.AdvanceAsync(job, IngestionStep.Chunk, extracted.Pages, extracted.EmptyPages, cancellationToken));
    }

    /// <summary>A document that was deleted meanwhile must not leave its text behind.</summary>
    public async Task ClearDeletedAsync(DocumentVersion job, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await db.DocumentVersions.AnyAsync(v => v.StorageKey == job.StorageKey, cancellationToken))
            files.Delete(job.StorageKey);
    }

    private async Task ChunkAsync(DocumentVersion job, Pace pace, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var locale = await db.Tenants.Where(t => t.Id == job.TenantId).Select(t => t.Locale).SingleAsync(cancellationToken);
        var extracted = await ExtractedText.LoadAsync(files, job.StorageKey, cancellationToken);
        Keep(await chunks.ReplaceAsync(job, extracted, locale, pace, cancellationToken) is not null);
        Keep(await queue.AdvanceAsync(job, IngestionStep.Embed, cancellationToken));
    }

    /// <summary>Goes on after the vectors that are there. Without the AI service the document goes live without them, and the
    /// indexer adds them later.</summary>
    private async Task EmbedAsync(DocumentVersion job, Pace pace, CancellationToken cancellationToken)
    {
        try
        {
            var model = await chunks.ModelOfAsync(job, cancellationToken);
            var missing = await chunks.WithoutVectorAsync(job, model, cancellationToken);
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var total = await ChunkStore.ChunksOf(db, job).CountAsync(cancellationToken);
            var done = total - missing.Count;
            foreach (var batch in missing.Chunk(_options.EmbeddingBatch))
            {
                Keep(await queue.ReportAsync(job, done, total, cancellationToken));
                var response = await ai.EmbedAsync(job.TenantId, [.. batch.Select(c => c.EmbeddedText)], cancellationToken);
                // A model that changed on the way leaves the rest to the indexer, which embeds for the new one anyway.
                if (model is not null && response.ModelHash != model)
                    break;
                model = response.ModelHash;
                Keep(await chunks.AddVectorsAsync(job, model, batch, response.Embeddings, cancellationToken));
                done += batch.Length;
                await pace.RestAsync(cancellationToken);
            }
        }
        catch (AiUnavailableException e)
        {
            LogWithoutVectors(job.DocumentId, job.Version, e.Message);
        }

        Keep(await queue.AdvanceAsync(job, IngestionStep.Index, cancellationToken));
    }

    private async Task IndexAsync(DocumentVersion job, Pace pace, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var document = await db.Documents.AsNoTracking()
            .SingleOrDefaultAsync(d => d.TenantId == job.TenantId && d.Id == job.DocumentId, cancellationToken)
            ?? throw new LeaseLostException();
        var total = await ChunkStore.ChunksOf(db, job).CountAsync(cancellationToken);
        for (var done = 0; done < total;)
        {
            Keep(await queue.ReportAsync(job, done, total, cancellationToken));
            done += await ChunkStore.IndexAsync(db, document, job.Version, done, cancellationToken);
            await pace.RestAsync(cancellationToken);
        }

        Keep(await queue.AdvanceAsync(job, IngestionStep.Switch, cancellationToken));
    }

    /// <summary>Puts the version in place of the one before, in one transaction: a search sees the old or the new.</summary>
    private async Task SwitchAsync(DocumentVersion job, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            var document = await db.Documents
                .FromSql($"select * from documents where tenant_id = {job.TenantId} and id = {job.DocumentId} for update")
                .SingleOrDefaultAsync(cancellationToken)
                ?? throw new LeaseLostException();
            var now = time.GetUtcNow();
            var isOvertaken = document.CurrentVersion > job.Version;
            Keep(await IngestionQueue.Leased(db, job).ExecuteUpdateAsync(
                v => v.SetProperty(x => x.Status, isOvertaken ? DocumentStatus.Replaced : DocumentStatus.Live)
                    .SetProperty(x => x.Step, IngestionStep.Done)
                    .SetProperty(x => x.ProgressDone, 0).SetProperty(x => x.ProgressTotal, 0)
                    .SetProperty(x => x.Problem, (string?)null).SetProperty(x => x.ProblemDetail, (string?)null)
                    .SetProperty(x => x.FinishedAt, now)
                    .SetProperty(x => x.LeasedBy, (string?)null).SetProperty(x => x.LeasedUntil, (DateTimeOffset?)null),
                cancellationToken) == 1);
            if (!isOvertaken)
            {
                // Whatever of an older version is still on its way loses its lease with its status.
                await db.DocumentVersions
                    .Where(v => v.TenantId == job.TenantId && v.DocumentId == job.DocumentId && v.Version < job.Version
                        && v.Status != DocumentStatus.Replaced)
                    .ExecuteUpdateAsync(
                        v => v.SetProperty(x => x.Status, DocumentStatus.Replaced).SetProperty(x => x.FinishedAt, now)
                            .SetProperty(x => x.LeasedBy, (string?)null).SetProperty(x => x.LeasedUntil, (DateTimeOffset?)null),
                        cancellationToken);
                document.CurrentVersion = job.Version;
                document.Revision++;
                document.UpdatedAt = now;
                document.UpdatedBy = job.CreatedBy;
                await db.SaveChangesAsync(cancellationToken);
            }

            await db.DocumentChunks
                .Where(c => c.TenantId == job.TenantId && c.DocumentId == job.DocumentId
                    && (isOvertaken ? c.Version == job.Version : c.Version < job.Version))
                .ExecuteDeleteAsync(cancellationToken);
            if (!isOvertaken)
                await KnowledgeWriter.BumpVersionAsync(db, job.TenantId, now, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        });
    }

    private static void Keep(bool leased)
    {
        if (!leased)
            throw new LeaseLostException();
    }

    [LoggerMessage(LogLevel.Information, "Document {Document} version {Version} goes live without vectors for now: {Reason}")]
    private partial void LogWithoutVectors(Guid document, int version, string reason);
}
