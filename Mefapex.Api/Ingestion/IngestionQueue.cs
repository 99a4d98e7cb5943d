using System.Globalization;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Documents;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ingestion;

/// <summary>
/// The versions that wait for work, in PostgreSQL. A worker leases one, renews the lease while it lives, and everything it
/// writes asks for the lease first, so that a worker that was thought dead changes nothing any more.
/// </summary>
internal sealed class IngestionQueue(IDbContextFactory<MefapexDb> contexts, IOptions<IngestionOptions> options, TimeProvider time)
{
    private static readonly TimeSpan LongestRetryDelay = TimeSpan.FromMinutes(10);
    private readonly IngestionOptions _options = options.Value;

    /// <summary>Leases the version that has waited longest, or one whose worker died.</summary>
    /// <returns>Null when nothing is to be done.</returns>
    public async Task<DocumentVersion?> TakeAsync(string worker, CancellationToken cancellationToken)
    {
        using var all = DataScope.AllTenants();
        await QuarantineCrashedAsync(cancellationToken);
        var now = time.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var taken = await db.DocumentVersions.FromSql(
            $"""
            update document_versions v
            set status = {DocumentStatus.Running}, leased_by = {worker}, leased_until = {now + _options.Lease},
                attempts = v.attempts + 1
            from (
                select tenant_id, document_id, version from document_versions
                where (status = {DocumentStatus.Waiting} and next_attempt_at <= {now})
                    or (status = {DocumentStatus.Running} and leased_until < {now} and attempts < {_options.MaxAttempts})
                order by next_attempt_at
                limit 1
                for update skip locked) next
            where v.tenant_id = next.tenant_id and v.document_id = next.document_id and v.version = next.version
            returning v.*
            """).AsNoTracking().ToListAsync(cancellationToken);
        return taken.SingleOrDefault();
    }

    /// <summary>Keeps a lease alive.</summary>
    /// <returns>False when it is lost: another worker has the version, or it is gone.</returns>
    public Task<bool> RenewAsync(DocumentVersion job, CancellationToken cancellationToken) => UpdateAsync(
        job, v => v.SetProperty(x => x.LeasedUntil, time.GetUtcNow() + _options.Lease), cancellationToken);

    public Task<bool> ReportAsync(DocumentVersion job, int done, int total, CancellationToken cancellationToken) => UpdateAsync(
        job, v => v.SetProperty(x => x.ProgressDone, done).SetProperty(x => x.ProgressTotal, total), cancellationToken);

    /// <summary>Notes that a step is done; attempts are counted per step.</summary>
    public Task<bool> AdvanceAsync(DocumentVersion job, string nextStep, CancellationToken cancellationToken) => UpdateAsync(
        job,
        v => v.SetProperty(x => x.Step, nextStep)
            .SetProperty(x => x.ProgressDone, 0).SetProperty(x => x.ProgressTotal, 0).SetProperty(x => x.Attempts, 1),
        cancellationToken);

    public Task<bool> AdvanceAsync(
        DocumentVersion job,
        string nextStep,
        int? pages,
        int[] emptyPages,
        CancellationToken cancellationToken) => UpdateAsync(
        job,
        v => v.SetProperty(x => x.Step, nextStep).SetProperty(x => x.Pages, pages).SetProperty(x => x.EmptyPages, emptyPages)
            .SetProperty(x => x.ProgressDone, 0).SetProperty(x => x.ProgressTotal, 0).SetProperty(x => x.Attempts, 1),
        cancellationToken);

    /// <summary>Gives the version back untried, as when this process stops.</summary>
    public Task<bool> GiveBackAsync(DocumentVersion job, CancellationToken cancellationToken) => UpdateAsync(
        job,
        v => v.SetProperty(x => x.Status, DocumentStatus.Waiting).SetProperty(x => x.Attempts, x => x.Attempts - 1)
            .SetProperty(x => x.LeasedBy, (string?)null).SetProperty(x => x.LeasedUntil, (DateTimeOffset?)null),
        cancellationToken);

    /// <summary>Has the step tried again later, each time after a longer wait.</summary>
    public Task<bool> RetryLaterAsync(DocumentVersion job, string reason, CancellationToken cancellationToken)
    {
        var delay = _options.RetryDelay * Math.Pow(2, Math.Min(job.Attempts - 1, 10));
        return UpdateAsync(
            job,
            v => v.SetProperty(x => x.Status, DocumentStatus.Waiting).SetProperty(x => x.ProblemDetail, reason)
                .SetProperty(x => x.NextAttemptAt, time.GetUtcNow() + (delay < LongestRetryDelay ? delay : LongestRetryDelay))
                .SetProperty(x => x.LeasedBy, (string?)null).SetProperty(x => x.LeasedUntil, (DateTimeOffset?)null),
            cancellationToken);
    }

    /// <summary>Ends the work without success.</summary>
    public Task<bool> FailAsync(DocumentVersion job, string status, string problem, string? detail, CancellationToken cancellationToken) =>
        UpdateAsync(
            job,
            v => v.SetProperty(x => x.Status, status).SetProperty(x => x.Problem, problem).SetProperty(x => x.ProblemDetail, detail)
                .SetProperty(x => x.FinishedAt, time.GetUtcNow())
                .SetProperty(x => x.LeasedBy, (string?)null).SetProperty(x => x.LeasedUntil, (DateTimeOffset?)null),
            cancellationToken);

    /// <summary>Has versions on their way indexed anew, because the document has another title.</summary>
    public static Task<int> IndexAgainAsync(MefapexDb db, Document document, CancellationToken cancellationToken) => db.DocumentVersions
        .Where(v => v.TenantId == document.TenantId && v.DocumentId == document.Id
            && (v.Status == DocumentStatus.Waiting || v.Status == DocumentStatus.Running)
            && (v.Step == IngestionStep.Index || v.Step == IngestionStep.Switch))
        .ExecuteUpdateAsync(
            v => v.SetProperty(x => x.Step, IngestionStep.Index).SetProperty(x => x.Status, DocumentStatus.Waiting)
                .SetProperty(x => x.LeasedBy, (string?)null).SetProperty(x => x.LeasedUntil, (DateTimeOffset?)null),
            cancellationToken);

    /// <summary>The row of a job as long as its worker has the lease.</summary>
    public static IQueryable<DocumentVersion> Leased(MefapexDb db, DocumentVersion job) => db.DocumentVersions.Where(v =>
        v.TenantId == job.TenantId && v.DocumentId == job.DocumentId && v.Version == job.Version && v.LeasedBy == job.LeasedBy);

    /// <summary>Sets aside what has ended its worker again and again, before it ends one more.</summary>
    private async Task QuarantineCrashedAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var detail = string.Create(CultureInfo.InvariantCulture, $"its worker ended {_options.MaxAttempts} times at the same step");
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.DocumentVersions
            .Where(v => v.Status == DocumentStatus.Running && v.LeasedUntil < now && v.Attempts >= _options.MaxAttempts)
            .ExecuteUpdateAsync(
                v => v.SetProperty(x => x.Status, DocumentStatus.Quarantined)
                    .SetProperty(x => x.Problem, FileProblem.Crashed).SetProperty(x => x.ProblemDetail, detail)
                    .SetProperty(x => x.FinishedAt, now)
                    .SetProperty(x => x.LeasedBy, (string?)null).SetProperty(x => x.LeasedUntil, (DateTimeOffset?)null),
                cancellationToken);
    }

    private async Task<bool> UpdateAsync(
        DocumentVersion job,
        Action<UpdateSettersBuilder<DocumentVersion>> set,
        CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Leased(db, job).ExecuteUpdateAsync(set, cancellationToken) == 1;
    }
}
