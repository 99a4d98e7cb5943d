using System.Text.Json.Nodes;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Files;
using Mefapex.Api.Ingestion.Readers;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Api.Quotas;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Ingestion;

/// <summary>What is to be known of a new document beside its file.</summary>
internal sealed record NewDocument(
    string Title,
    string Category,
    string Owner,
    string[] Audience,
    string CreatedBy,
    string Origin = DocumentOrigin.Upload,
    string? OriginPath = null);

/// <summary>Where documents come from.</summary>
internal static class DocumentOrigin
{
    public const string Upload = "upload";
    public const string Folder = "folder";
}

/// <summary>A file as it came, already in the store.</summary>
/// <param name="MediaType">What its sender called it.</param>
internal sealed record IncomingFile(StoredFile Stored, string FileName, string? MediaType);

/// <summary>Takes in files, and takes documents away without a trace.</summary>
internal sealed class DocumentLibrary(
    IDbContextFactory<MefapexDb> contexts,
    FileStore files,
    FormatCheck formats,
    IngestionSignal signal,
    DocumentQuota quota,
    AuditWriter audit,
    TimeProvider time)
{
    /// <summary>Makes a document of a file; one that the tenant has already, searched or in work, is that document.</summary>
    /// <returns>The document with its versions, and whether it is new. A file that is not new is removed from the store.</returns>
    /// <exception cref="UnreadableFileException">The file is not what its name says, or of no use here.</exception>
    /// <exception cref="QuotaExceededException">The tenant has no room for it.</exception>
    public Task<(Document Document, bool IsNew)> AddAsync(
        Guid tenantId,
        NewDocument description,
        IncomingFile file,
        CancellationToken cancellationToken) => InTransactionAsync(file, async (db, format) =>
    {
        if (await SameFileAsync(db, tenantId, file.Stored.Sha256, cancellationToken) is { } known)
            return (known, false);

        await quota.TakeAsync(db, tenantId, documents: 1, file.Stored.Bytes, cancellationToken);
        var now = time.GetUtcNow();
        var document = new Document
        {
            TenantId = tenantId,
            Id = Guid.CreateVersion7(now),
            Title = description.Title,
            Category = description.Category,
            Owner = description.Owner,
            Audience = description.Audience,
            Origin = description.Origin,
            OriginPath = description.OriginPath,
            NewestVersion = 1,
            Revision = 1,
            CreatedAt = now,
            UpdatedAt = now,
            UpdatedBy = description.CreatedBy,
        };
        document.Versions.Add(NewVersion(document, file, format, description.CreatedBy, now));
        db.Documents.Add(document);
        await db.SaveChangesAsync(cancellationToken);
        await AuditAsync(db, AuditVerbs.DocumentUploaded, tenantId, document.Id, null, Facts(document.Versions[0]), cancellationToken);
        return (document, true);
    }, cancellationToken);

    /// <summary>Gives a document another file, which takes the place of the one before when it can be searched.</summary>
    /// <returns>Null where there is no such document; a file that its newest version has already is not new.</returns>
    /// <exception cref="UnreadableFileException">The file is not what its name says, or of no use here.</exception>
    /// <exception cref="SameFileException">Another document of the tenant has this file.</exception>
    /// <exception cref="QuotaExceededException">The tenant has no room for it.</exception>
    public Task<(Document? Document, bool IsNew)> ReplaceAsync(
        Guid tenantId,
        Guid id,
        IncomingFile file,
        string by,
        CancellationToken cancellationToken) => InTransactionAsync<Document?>(file, async (db, format) =>
    {
        await LockAsync(db, tenantId, id, cancellationToken);
        var document = await db.Documents.Include(d => d.Versions)
            .SingleOrDefaultAsync(d => d.TenantId == tenantId && d.Id == id, cancellationToken);
        if (document is null)
            return (null, false);
        var newest = document.Versions.Single(v => v.Version == document.NewestVersion);
        if (newest.Sha256 == file.Stored.Sha256 && !DocumentStatus.MayRetry(newest.Status))
            return (document, false);
        if (await SameFileAsync(db, tenantId, file.Stored.Sha256, cancellationToken) is { } other && other.Id != id)
            throw new SameFileException(other.Title);

        await quota.TakeAsync(db, tenantId, documents: 0, file.Stored.Bytes, cancellationToken);
        var now = time.GetUtcNow();
        document.NewestVersion++;
        document.Revision++;
        document.UpdatedAt = now;
        document.UpdatedBy = by;
        var added = NewVersion(document, file, format, by, now);
        document.Versions.Add(added);
        await db.SaveChangesAsync(cancellationToken);
        await AuditAsync(db, AuditVerbs.DocumentReplaced, tenantId, id, Facts(newest), Facts(added), cancellationToken);
        return (document, true);
    }, cancellationToken);

    /// <summary>Removes a document with its versions, chunks, vectors, files and texts.</summary>
    /// <returns>False where there is no such document.</returns>
    public async Task<bool> DeleteAsync(Guid tenantId, Guid id, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var keys = await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            await LockAsync(db, tenantId, id, cancellationToken);
            var stored = await db.DocumentVersions
                .Where(v => v.TenantId == tenantId && v.DocumentId == id)
                .Select(v => v.StorageKey)
                .ToListAsync(cancellationToken);
            var deleted = await db.Documents.Where(d => d.TenantId == tenantId && d.Id == id).ExecuteDeleteAsync(cancellationToken);
            if (deleted == 0)
                return null;
            await KnowledgeWriter.BumpVersionAsync(db, tenantId, time.GetUtcNow(), cancellationToken);
            await AuditAsync(
                db, AuditVerbs.DocumentDeleted, tenantId, id, new() { ["versions"] = stored.Count }, null, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return stored;
        });
        foreach (var key in keys ?? [])
            files.Delete(key);
        return keys is not null;
    }

    /// <summary>Begins the newest version anew after it failed.</summary>
    /// <returns>False when it has not failed.</returns>
    public async Task<bool> RetryAsync(Guid tenantId, Guid id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var begun = await db.DocumentVersions
            .Where(v => v.TenantId == tenantId && v.DocumentId == id
                && (v.Status == DocumentStatus.Failed || v.Status == DocumentStatus.Quarantined)
                && db.Documents.Any(d => d.TenantId == tenantId && d.Id == id && d.NewestVersion == v.Version))
            .ExecuteUpdateAsync(
                v => v.SetProperty(x => x.Status, DocumentStatus.Waiting).SetProperty(x => x.Step, IngestionStep.Extract)
                    .SetProperty(x => x.ProgressDone, 0).SetProperty(x => x.ProgressTotal, 0)
                    .SetProperty(x => x.Problem, (string?)null).SetProperty(x => x.ProblemDetail, (string?)null)
                    .SetProperty(x => x.Attempts, 0).SetProperty(x => x.NextAttemptAt, now)
                    .SetProperty(x => x.FinishedAt, (DateTimeOffset?)null),
                cancellationToken);
        signal.Set();
        return begun > 0;
    }

    /// <summary>Locks a document's row for this transaction.</summary>
    public static Task LockAsync(MefapexDb db, Guid tenantId, Guid id, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync(
            $"select from documents where tenant_id = {tenantId} and id = {id} for update", cancellationToken);

    /// <summary>Checks the file, then lets only one at a time decide whether one like it is there.</summary>
    private async Task<(TDocument Document, bool IsNew)> InTransactionAsync<TDocument>(
        IncomingFile file,
        Func<MefapexDb, FileFormat, Task<(TDocument Document, bool IsNew)>> take,
        CancellationToken cancellationToken)
    {
        var isKept = false;
        try
        {
            var format = await formats.OfAsync(files.PathOf(file.Stored.Key), file.FileName, file.MediaType, cancellationToken);
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var taken = await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                db.ChangeTracker.Clear();
                await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
                await db.Database.ExecuteSqlAsync(
                    $"select pg_advisory_xact_lock(hashtextextended({file.Stored.Sha256}, 0))", cancellationToken);
                var result = await take(db, format);
                await transaction.CommitAsync(cancellationToken);
                return result;
            });
            isKept = taken.IsNew;
            signal.Set();
            return taken;
        }
        finally
        {
            if (!isKept)
                files.Delete(file.Stored.Key);
        }
    }

    private Task<long> AuditAsync(
        MefapexDb db,
        string verb,
        Guid tenantId,
        Guid id,
        JsonObject? before,
        JsonObject? after,
        CancellationToken cancellationToken) => audit.AppendAsync(
            db, new(verb, tenantId, new("document", id.ToString())) { Before = before, After = after }, cancellationToken);

    private static JsonObject Facts(DocumentVersion version) =>
        new() { ["version"] = version.Version, ["sha256"] = version.Sha256, ["bytes"] = version.Bytes };

    private static Task<Document?> SameFileAsync(MefapexDb db, Guid tenantId, string sha256, CancellationToken cancellationToken) =>
        db.Documents.AsNoTracking().Include(d => d.Versions)
            .Where(d => d.TenantId == tenantId && d.Versions.Any(v => v.Sha256 == sha256
                && (v.Status == DocumentStatus.Live || v.Status == DocumentStatus.Waiting || v.Status == DocumentStatus.Running)))
            .OrderBy(d => d.Id)
            .FirstOrDefaultAsync(cancellationToken);

    private static DocumentVersion NewVersion(Document document, IncomingFile file, FileFormat format, string by, DateTimeOffset now) => new()
    {
        TenantId = document.TenantId,
        DocumentId = document.Id,
        Version = document.NewestVersion,
        FileName = file.FileName,
        MediaType = format.MediaType,
        Bytes = file.Stored.Bytes,
        Sha256 = file.Stored.Sha256,
        StorageKey = file.Stored.Key,
        Step = IngestionStep.Extract,
        Status = DocumentStatus.Waiting,
        NextAttemptAt = now,
        CreatedAt = now,
        CreatedBy = by,
    };
}

/// <summary>Another document of the tenant has this very file.</summary>
internal sealed class SameFileException(string title) : Exception($"the file is in {title}")
{
    public string Title => title;
}
