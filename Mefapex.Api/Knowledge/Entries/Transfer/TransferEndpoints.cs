using System.Runtime.CompilerServices;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Contracts.Knowledge;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Knowledge.Entries.Transfer;

/// <summary>Entries in and out as files.</summary>
internal static class TransferEndpoints
{
    private const string Json = "json";
    private const string Csv = "csv";
    private const int ExportPage = 200;

    /// <summary>What a form takes beside the file in it.</summary>
    private const int FormBytes = 64 << 10;

    public static void MapTransfer(this IEndpointRouteBuilder knowledge)
    {
        knowledge.MapGet("/export", ExportAsync);
        knowledge.MapPost("/import", ImportAsync).DisableAntiforgery().TakesFile();
    }

    private static async Task<Results<PushStreamHttpResult, ProblemHttpResult>> ExportAsync(
        EditorScope editor,
        MefapexDb db,
        IAuditLog audit,
        CancellationToken cancellationToken,
        string format = Json,
        string? status = null,
        string? category = null,
        string? owner = null,
        string? missing = null,
        [FromQuery(Name = "expiring_before")] DateOnly? expiringBefore = null,
        string? q = null)
    {
        if (format is not (Json or Csv))
            return EntryProblems.Of(StatusCodes.Status400BadRequest, "format-unknown");
        var filter = new EntryFilter(status, category, owner, missing, expiringBefore, q);
        if (EntryEndpoints.Check(filter) is { } problem)
            return problem;
        var tenant = editor.Tenant;
        await audit.RecordAsync(
            new(AuditVerbs.KnowledgeExported, tenant.Id, new("knowledge", tenant.Slug)) { After = new() { ["format"] = format } },
            cancellationToken);
        var pages = PagesAsync(filter, db, tenant.Id, cancellationToken);
        return TypedResults.Stream(
            stream => format == Json
                ? JsonEntryFile.WriteAsync(stream, tenant, pages, cancellationToken)
                : CsvEntryFile.WriteAsync(stream, pages, cancellationToken),
            format == Json ? "application/json" : "text/csv; charset=utf-8",
            $"{tenant.Slug}-knowledge.{format}");
    }

    private static async Task<Results<Ok<ImportReport>, ProblemHttpResult>> ImportAsync(
        EditorScope editor,
        EntryImport import,
        IOptions<EntryOptions> options,
        HttpContext http,
        CancellationToken cancellationToken,
        string format = Json,
        string mode = "draft",
        [FromQuery(Name = "dry_run")] bool dryRun = false,
        [FromQuery(Name = "override_reason")] string? overrideReason = null)
    {
        if (format is not (Json or Csv))
            return EntryProblems.Of(StatusCodes.Status400BadRequest, "format-unknown");
        if (mode is not ("draft" or "publish"))
            return EntryProblems.FilterInvalid("mode", "draft, publish");
        var errors = new FieldErrors();
        EntryRules.Note(overrideReason, errors, "override_reason");
        if (errors.Any)
            return EntryProblems.Invalid(errors);
        if (await FileAsync(http, options.Value.ImportBytes, cancellationToken) is not { Length: > 0 } file)
            return EntryProblems.Of(StatusCodes.Status400BadRequest, "file-missing");
        try
        {
            var entries = format == Json ? JsonEntryFile.Read(file) : CsvEntryFile.Read(file);
            var (report, problem) = await import.RunAsync(
                editor.Tenant,
                editor.Author,
                entries,
                mode == "publish",
                string.IsNullOrWhiteSpace(overrideReason) ? null : overrideReason.Trim(),
                dryRun,
                cancellationToken);
            return problem is null ? TypedResults.Ok(report) : problem;
        }
        catch (UnreadableFileException e)
        {
            return EntryProblems.Of(StatusCodes.Status400BadRequest, "file-unreadable", format.ToUpperInvariant(), e.Line, e.Message);
        }
    }

    /// <summary>The body, or the one file of a form; null where there is none.</summary>
    private static async Task<byte[]?> FileAsync(HttpContext http, int most, CancellationToken cancellationToken)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = http.Request.HasFormContentType ? most + FormBytes : most;
        using var memory = new MemoryStream();
        if (!http.Request.HasFormContentType)
        {
            await http.Request.Body.CopyToAsync(memory, cancellationToken);
            return memory.ToArray();
        }

        var form = await http.Request.ReadFormAsync(cancellationToken);
        if (form.Files is not [{ } file])
            return null;
        await file.CopyToAsync(memory, cancellationToken);
        return memory.ToArray();
    }

    /// <summary>Entries in the order of their ids, a page at a time, so that an export needs no more memory for more of them.</summary>
    private static async IAsyncEnumerable<IReadOnlyList<EntryRow>> PagesAsync(
        EntryFilter filter,
        MefapexDb db,
        Guid tenantId,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var last = ""; ;)
        {
            var after = last;
            var page = await filter.Of(db, tenantId)
                .Where(r => EF.Functions.GreaterThan(ValueTuple.Create(r.Entry.Id), ValueTuple.Create(after)))
                .OrderBy(r => r.Entry.Id)
                .Take(ExportPage)
                .ToListAsync(cancellationToken);
            yield return page;
            if (page.Count < ExportPage)
                yield break;
            last = page[^1].Entry.Id;
        }
    }
}
