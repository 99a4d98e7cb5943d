using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Mefapex.Api.Files;
using Mefapex.Api.Http;
using Mefapex.Api.Ingestion.Readers;
using Mefapex.Api.Keys;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Api.Limits;
using Mefapex.Api.Quotas;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Ingestion;

internal static partial class DocumentEndpoints
{
    private const string Path = "/api/v1/knowledge/documents";
    private const string DefaultCategory = "genel";
    private const int MaxPage = 100;
    private const int MaxField = 200;
    private const int MaxAudience = 20;
    private const int MaxSpan = 20_000;
    private static readonly TimeSpan EventInterval = TimeSpan.FromMilliseconds(300);

    public static void MapDocuments(this IEndpointRouteBuilder endpoints)
    {
        var documents = endpoints.MapGroup(Path).WithTags("Documents").Requires(Policies.Documents).NeedsDatabase().ForTenant().TakesKeys();
        documents.MapGet("/{id:guid}", ReadAsync);
        documents.MapGet("/{id:guid}/file", DownloadAsync);
        documents.MapGet("/{id:guid}/versions/{version:int}/text", TextAsync);
        documents.MapGet("", ListAsync).Requires(Policies.Knowledge.Read);
        documents.MapGet("/{id:guid}/events", EventsAsync).Requires(Policies.Knowledge.Read);
        documents.MapPost("", UploadAsync).Accepts<IFormFile>("multipart/form-data").TakesFile().LimitedAs(LimitKind.Uploads);
        documents.MapPut("/{id:guid}", ChangeAsync);
        documents.MapPut("/{id:guid}/file", ReplaceAsync).Accepts<IFormFile>("multipart/form-data").TakesFile().LimitedAs(LimitKind.Uploads);
        documents.MapPost("/{id:guid}/retry", RetryAsync);
        documents.MapDelete("/{id:guid}", DeleteAsync);
    }

    private static async Task<Results<Ok<Page<DocumentRecord>>, ProblemHttpResult>> ListAsync(
        RequestTenant tenant,
        MefapexDb db,
        CancellationToken cancellationToken,
        string? status = null,
        string? category = null,
        string? q = null,
        string? cursor = null,
        int limit = 20)
    {
        if (limit is < 1 or > MaxPage)
            return Problems.LimitOutOfRange(1, MaxPage);
        if (status is not null && !DocumentStatus.All.Contains(status))
            return DocumentProblems.StatusInvalid();

        var query = db.Documents.Where(d => d.TenantId == tenant.Id);
        if (status is not null)
            query = query.Where(d => d.Versions.Any(v => v.Version == d.NewestVersion && v.Status == status));
        if (category is not null)
            query = query.Where(d => d.Category == category);
        if (!string.IsNullOrWhiteSpace(q))
        {
            var pattern = $"%{LikeWildcard().Replace(q.Trim(), @"\$0")}%";
            query = query.Where(d => EF.Functions.ILike(d.Title, pattern)
                || d.Versions.Any(v => v.Version == d.NewestVersion && EF.Functions.ILike(v.FileName, pattern)));
        }

        return query.Include(d => d.Versions).NewestFirst(cursor, d => new(d.UpdatedAt, d.Id)) is { } documents
            ? TypedResults.Ok(await documents.ToPageAsync(
                limit, d => new Cursor(d.UpdatedAt, d.Id), DocumentMapping.ToWire, cancellationToken))
            : Problems.CursorInvalid();
    }

    private static async Task<Results<Accepted<DocumentRecord>, Ok<DocumentRecord>, ProblemHttpResult>> UploadAsync(
        HttpRequest request,
        Caller caller,
        RequestTenant tenant,
        UploadReader uploads,
        DocumentLibrary library,
        DocumentQuota quota,
        FileStore files,
        CancellationToken cancellationToken)
    {
        var (room, full) = await RoomAsync(quota, tenant.Id, documents: 1, cancellationToken);
        if (room is null)
            return full!;
        var (file, fields, refusal) = await uploads.ReadAsync(request, room, cancellationToken);
        if (file is null)
            return refusal!;
        var audience = fields.GetValueOrDefault("audience", "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
        if (Invalid(fields.GetValueOrDefault("title"), fields.GetValueOrDefault("category"), fields.GetValueOrDefault("owner"), audience)
            is { } invalid)
        {
            files.Delete(file.Stored.Key);
            return invalid;
        }

        try
        {
            var (document, isNew) = await library.AddAsync(
                tenant.Id,
                new NewDocument(
                    Given(fields, "title") ?? System.IO.Path.GetFileNameWithoutExtension(file.FileName),
                    Given(fields, "category") ?? DefaultCategory,
                    Given(fields, "owner") ?? caller.Username,
                    audience,
                    caller.Username),
                file,
                cancellationToken);
            return Stored(request, document, isNew);
        }
        catch (UnreadableFileException e)
        {
            return DocumentProblems.Refused(e);
        }
        catch (QuotaExceededException e)
        {
            return QuotaProblems.Exceeded(e.Excess);
        }
    }

    /// <returns>What may still be stored; or what is used up.</returns>
    private static async Task<(StorageRoom? Room, ProblemHttpResult? Problem)> RoomAsync(
        DocumentQuota quota, Guid tenantId, int documents, CancellationToken cancellationToken)
    {
        try
        {
            return (await quota.RoomAsync(tenantId, documents, cancellationToken), null);
        }
        catch (QuotaExceededException e)
        {
            return (null, QuotaProblems.Exceeded(e.Excess));
        }
    }

    private static async Task<Results<Ok<DocumentRecord>, ProblemHttpResult>> ReadAsync(
        Guid id,
        Caller caller,
        HttpRequest request,
        RequestTenant tenant,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        var document = await Readable(db, tenant, caller, id).Include(d => d.Versions).SingleOrDefaultAsync(cancellationToken);
        if (document is null)
            return DocumentProblems.NotFound();
        if (!caller.May(Policies.Knowledge.Read))
            document.Versions.RemoveAll(v => v.Version != document.CurrentVersion);
        SetETag(request, document);
        return TypedResults.Ok(document.ToWire());
    }

    private static async Task<Results<FileStreamHttpResult, ProblemHttpResult>> DownloadAsync(
        Guid id,
        Caller caller,
        HttpResponse response,
        RequestTenant tenant,
        MefapexDb db,
        FileStore files,
        CancellationToken cancellationToken,
        int? version = null)
    {
        var file = await Readable(db, tenant, caller, id)
            .SelectMany(d => d.Versions.Where(v => v.Version == (version ?? d.CurrentVersion ?? d.NewestVersion)))
            .Select(v => new { v.StorageKey, v.FileName })
            .SingleOrDefaultAsync(cancellationToken);
        if (file is null || !files.Exists(file.StorageKey))
            return version is null ? DocumentProblems.NotFound() : DocumentProblems.VersionNotFound();

        // Whatever the file is, no browser shall run it.
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        return TypedResults.File(files.Open(file.StorageKey), "application/octet-stream", file.FileName);
    }

    private static async Task<Results<Ok<DocumentText>, ProblemHttpResult>> TextAsync(
        Guid id,
        int version,
        Caller caller,
        RequestTenant tenant,
        MefapexDb db,
        FileStore files,
        CancellationToken cancellationToken,
        int start = 0,
        int? end = null)
    {
        var stored = await Readable(db, tenant, caller, id)
            .SelectMany(d => d.Versions.Where(v => v.Version == version), (d, v) => new { d.Title, v.StorageKey })
            .SingleOrDefaultAsync(cancellationToken);
        start = Math.Max(start, 0);
        var last = (int)Math.Min(end ?? int.MaxValue, start + (long)MaxSpan);
        if (stored is null
            || await ExtractedText.SpanAsync(files, stored.StorageKey, start, last, cancellationToken) is not { } span)
            return DocumentProblems.VersionNotFound();
        return TypedResults.Ok(new DocumentText(
            id, version, stored.Title, span.Start, span.Start + span.Part.Length, span.Length, span.Part));
    }

    private static async Task<Results<Ok<DocumentRecord>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        DocumentChange change,
        Caller caller,
        HttpRequest request,
        RequestTenant tenant,
        MefapexDb db,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (Invalid(change.Title, change.Category, change.Owner, change.Audience ?? []) is { } invalid)
            return invalid;

        return await db.Database.CreateExecutionStrategy()
            .ExecuteAsync<Results<Ok<DocumentRecord>, ProblemHttpResult>>(async () =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            await DocumentLibrary.LockAsync(db, tenant.Id, id, cancellationToken);
            var document = await db.Documents.Include(d => d.Versions)
                .SingleOrDefaultAsync(d => d.TenantId == tenant.Id && d.Id == id, cancellationToken);
            if (document is null)
                return DocumentProblems.NotFound();
            switch (request.IfMatch(ETags.Of(document.Revision)))
            {
                case Precondition.Missing:
                    return DocumentProblems.PreconditionMissing();
                case Precondition.Fails:
                    SetETag(request, document);
                    return DocumentProblems.Changed(document);
            }

            await ApplyAsync(db, document, change, caller, time.GetUtcNow(), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            SetETag(request, document);
            return TypedResults.Ok(document.ToWire());
        });
    }

    private static async Task ApplyAsync(
        MefapexDb db,
        Document document,
        DocumentChange change,
        Caller caller,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var title = change.Title?.Trim() ?? document.Title;
        var isRenamed = title != document.Title;
        document.Title = title;
        document.Category = change.Category?.Trim() ?? document.Category;
        document.Owner = change.Owner?.Trim() ?? document.Owner;
        document.Audience = change.Audience is null ? document.Audience : [.. change.Audience.Distinct(StringComparer.Ordinal)];
        document.Revision++;
        document.UpdatedAt = now;
        document.UpdatedBy = caller.Username;
        await db.SaveChangesAsync(cancellationToken);
        if (isRenamed)
        {
            await ChunkStore.IndexCurrentAsync(db, document, cancellationToken);
            await IngestionQueue.IndexAgainAsync(db, document, cancellationToken);
        }

        if (document.CurrentVersion is not null)
            await KnowledgeWriter.BumpVersionAsync(db, document.TenantId, now, cancellationToken);
    }

    private static async Task<Results<Accepted<DocumentRecord>, Ok<DocumentRecord>, ProblemHttpResult>> ReplaceAsync(
        Guid id,
        HttpRequest request,
        Caller caller,
        RequestTenant tenant,
        UploadReader uploads,
        DocumentLibrary library,
        DocumentQuota quota,
        CancellationToken cancellationToken)
    {
        var (room, full) = await RoomAsync(quota, tenant.Id, documents: 0, cancellationToken);
        if (room is null)
            return full!;
        var (file, _, refusal) = await uploads.ReadAsync(request, room, cancellationToken);
        if (file is null)
            return refusal!;
        try
        {
            var (document, isNew) = await library.ReplaceAsync(tenant.Id, id, file, caller.Username, cancellationToken);
            if (document is null)
                return DocumentProblems.NotFound();
            return Stored(request, document, isNew);
        }
        catch (UnreadableFileException e)
        {
            return DocumentProblems.Refused(e);
        }
        catch (SameFileException e)
        {
            return DocumentProblems.SameFile(e.Title);
        }
        catch (QuotaExceededException e)
        {
            return QuotaProblems.Exceeded(e.Excess);
        }
    }

    private static async Task<Results<Accepted<DocumentRecord>, ProblemHttpResult>> RetryAsync(
        Guid id,
        Caller caller,
        RequestTenant tenant,
        DocumentLibrary library,
        MefapexDb db,
        CancellationToken cancellationToken)
    {
        var hasBegun = await library.RetryAsync(tenant.Id, id, cancellationToken);
        var document = await Readable(db, tenant, caller, id).Include(d => d.Versions).SingleOrDefaultAsync(cancellationToken);
        if (document is null)
            return DocumentProblems.NotFound();
        var wire = document.ToWire();
        return hasBegun
            ? TypedResults.Accepted($"{Path}/{document.Id}", wire)
            : DocumentProblems.RetryNotNeeded(wire.Status);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        RequestTenant tenant,
        DocumentLibrary library,
        CancellationToken cancellationToken)
    {
        return await library.DeleteAsync(tenant.Id, id, cancellationToken) ? TypedResults.NoContent() : DocumentProblems.NotFound();
    }

    private static async Task<Results<ServerSentEventsResult<DocumentVersionRecord>, ProblemHttpResult>> EventsAsync(
        Guid id,
        RequestTenant tenant,
        IDbContextFactory<MefapexDb> contexts,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        return await NewestAsync(contexts, tenant.Id, id, cancellationToken) is null
            ? DocumentProblems.NotFound()
            : TypedResults.ServerSentEvents(FollowAsync(contexts, tenant.Id, id, time, cancellationToken));
    }

    private static async IAsyncEnumerable<SseItem<DocumentVersionRecord>> FollowAsync(
        IDbContextFactory<MefapexDb> contexts,
        Guid tenantId,
        Guid id,
        TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        DocumentVersionRecord? told = null;
        while (await NewestAsync(contexts, tenantId, id, cancellationToken) is { } version)
        {
            if (!DocumentStatus.IsInWork(version.Status))
            {
                yield return new(version.ToWire(), DocumentEvents.Done);
                yield break;
            }

            var now = version.ToWire();
            if (told is null || told.Progress != now.Progress || told.Status != now.Status)
                yield return new(told = now, DocumentEvents.Progress);
            await Task.Delay(EventInterval, time, cancellationToken);
        }
    }

    private static async Task<DocumentVersion?> NewestAsync(
        IDbContextFactory<MefapexDb> contexts,
        Guid tenantId,
        Guid id,
        CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.DocumentVersions.AsNoTracking()
            .Where(v => v.TenantId == tenantId && v.DocumentId == id)
            .OrderByDescending(v => v.Version)
            .FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>Editors read every document of the tenant, others what is searched and for them.</summary>
    private static IQueryable<Document> Readable(MefapexDb db, RequestTenant tenant, Caller caller, Guid id)
    {
        var document = db.Documents.AsNoTracking().Where(d => d.TenantId == tenant.Id && d.Id == id);
        if (caller.May(Policies.Knowledge.Read))
            return document;
        var keys = Reader.Of(caller).Keys;
        return document.Where(d => d.CurrentVersion != null && (d.Audience.Length == 0 || d.Audience.Any(a => keys.Contains(a))));
    }

    private static Results<Accepted<DocumentRecord>, Ok<DocumentRecord>, ProblemHttpResult> Stored(
        HttpRequest request, Document document, bool isNew)
    {
        SetETag(request, document);
        return isNew
            ? TypedResults.Accepted($"{Path}/{document.Id}", document.ToWire())
            : TypedResults.Ok(document.ToWire());
    }

    private static void SetETag(HttpRequest request, Document document) =>
        request.HttpContext.Response.Set(ETags.Of(document.Revision));

    private static string? Given(Dictionary<string, string> fields, string name) =>
        fields.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    private static ProblemHttpResult? Invalid(string? title, string? category, string? owner, IReadOnlyCollection<string?> audience)
    {
        foreach (var (field, value) in new[] { ("title", title), ("category", category), ("owner", owner) })
        {
            if (value is not null && (value.Length > MaxField || value.Any(char.IsControl)))
                return DocumentProblems.FieldInvalid(field, MaxField);
        }

        return audience.Count > MaxAudience || audience.Any(a => a is null || a.Length > MaxField || !AudienceKey().IsMatch(a))
            ? DocumentProblems.FieldInvalid("audience", MaxField)
            : null;
    }

    [GeneratedRegex(@"^(role|group):[\p{L}\p{N}._-]+$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AudienceKey();

    [GeneratedRegex(@"[%_\\]", RegexOptions.None, 1000)]
    private static partial Regex LikeWildcard();
}
