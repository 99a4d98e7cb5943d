using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Knowledge.Entries.Transfer;

/// <summary>Takes over the entries of a file, all of them or none.</summary>
internal sealed class EntryImport(
    MefapexDb db,
    EntryStore entries,
    IOptions<EntryOptions> options,
    IAuditLog audit,
    TimeProvider time)
{
    private const string Created = "created";
    private const string Changed = "changed";
    private const string Unchanged = "unchanged";
    private const string Error = "error";

    private static readonly string[] Statuses = [EntryStatus.Draft, EntryStatus.Review, EntryStatus.Published, EntryStatus.Retired];

    /// <param name="publish">Whether entries go live. The file may keep some of them back by their status; without that
    /// everything becomes a draft.</param>
    /// <param name="overrideReason">Lets them go live although a check advises against it.</param>
    /// <param name="dryRun">Only says what would happen.</param>
    public async Task<(ImportReport? Report, ProblemHttpResult? Problem)> RunAsync(
        TenantScope tenant,
        string author,
        IReadOnlyList<FileEntry> file,
        bool publish,
        string? overrideReason,
        bool dryRun,
        CancellationToken cancellationToken)
    {
        var plan = await PlanAsync(tenant.Id, file, publish, author, locked: false, cancellationToken);
        var live = plan.Where(p => p.GoesLive).ToList();
        if (live.Count > 0 && options.Value.FourEyes)
            return (null, EntryProblems.FourEyes());
        var findings = live.Count > 0
            ? await entries.CheckAsync(PublishSet.Live(tenant, [.. live.Select(p => p.Candidate!)]), cancellationToken)
            : [];
        var report = ReportOf(plan, applied: false, findings);
        if (dryRun)
            return (report, null);
        if (report.Failed > 0)
            return (null, Refused(report));
        if (findings.Any(f => f.Blocking) && overrideReason is null)
            return (null, EntryProblems.PublishRefused(findings));

        try
        {
            return await db.InTransactionAsync<(ImportReport?, ProblemHttpResult?)>(async () =>
            {
                var again = await PlanAsync(tenant.Id, file, publish, author, locked: true, cancellationToken);
                if (!again.Select(p => (p.Id, p.Outcome)).SequenceEqual(plan.Select(p => (p.Id, p.Outcome))))
                    return (null, EntryProblems.ChangedMeanwhile());
                await ApplyAsync(tenant.Id, author, again, overrideReason, cancellationToken);
                var applied = ReportOf(again, applied: true, findings);
                var subject = new AuditSubject("knowledge", tenant.Slug);
                await audit.RecordAsync(
                    new(AuditVerbs.EntriesImported, tenant.Id, subject)
                    {
                        After = new()
                        {
                            ["created"] = applied.Created,
                            ["changed"] = applied.Changed,
                            ["unchanged"] = applied.Unchanged,
                            ["published"] = again.Count(p => p.GoesLive),
                        },
                    },
                    cancellationToken);
                await entries.AuditOverrideAsync(tenant.Id, subject, findings, overrideReason, cancellationToken);
                return (applied, null);
            }, cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is Npgsql.PostgresException { SqlState: Npgsql.PostgresErrorCodes.UniqueViolation })
        {
            return (null, EntryProblems.ChangedMeanwhile());
        }
    }

    private async Task<List<PlannedEntry>> PlanAsync(
        Guid tenantId,
        IReadOnlyList<FileEntry> file,
        bool publish,
        string author,
        bool locked,
        CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var plan = file.Select(entry => PlannedEntry.Of(entry, publish, today)).ToList();
        await NameAsync(tenantId, plan, cancellationToken);

        var ids = plan.Where(p => p.Draft is not null).Select(p => p.Id!).ToArray();
        var query = locked
            ? db.KnowledgeEntries.FromSql(
                $"select * from knowledge_entries where tenant_id = {tenantId} and id = any({ids}) order by id for update")
            : db.KnowledgeEntries.AsNoTracking().Where(e => e.TenantId == tenantId && ids.Contains(e.Id));
        var known = await query.ToDictionaryAsync(e => e.Id, StringComparer.Ordinal, cancellationToken);
        var versions = db.KnowledgeVersions.Where(v => v.TenantId == tenantId && ids.Contains(v.EntryId)
            && db.KnowledgeEntries.Any(e => e.TenantId == tenantId && e.Id == v.EntryId && e.Version == v.Version));
        var newest = await (locked ? versions : versions.AsNoTracking())
            .ToDictionaryAsync(v => v.EntryId, StringComparer.Ordinal, cancellationToken);

        foreach (var planned in plan.Where(p => p.Draft is not null))
            planned.Compare(tenantId, known.GetValueOrDefault(planned.Id!), newest.GetValueOrDefault(planned.Id!), author, time.GetUtcNow());
        return plan;
    }

    /// <summary>Gives ids to those without, as a single new entry would get them.</summary>
    private async Task NameAsync(Guid tenantId, List<PlannedEntry> plan, CancellationToken cancellationToken)
    {
        var taken = plan.Any(p => p is { Draft: not null, Id: null })
            ? await db.KnowledgeEntries.Where(e => e.TenantId == tenantId).Select(e => e.Id).ToHashSetAsync(StringComparer.Ordinal, cancellationToken)
            : [];
        var inFile = new HashSet<string>(StringComparer.Ordinal);
        foreach (var planned in plan.Where(p => p.Id is not null))
        {
            if (!inFile.Add(planned.Id!))
                planned.Fail("id", "row-id-twice");
        }

        taken.UnionWith(inFile);
        foreach (var planned in plan.Where(p => p is { Draft: not null, Id: null }))
        {
            var wanted = EntryRules.IdOf(planned.Draft!.Texts[0].Title);
            planned.Id = Enumerable.Range(1, taken.Count + 1)
                .Select(number => number == 1 ? wanted : $"{wanted}-{number}")
                .First(taken.Add);
        }
    }

    private async Task ApplyAsync(
        Guid tenantId,
        string author,
        List<PlannedEntry> plan,
        string? overrideReason,
        CancellationToken cancellationToken)
    {
        var live = new List<(KnowledgeEntry, KnowledgeVersion)>();
        var touched = plan.Where(p => p.Outcome is Created or Changed).ToList();
        foreach (var planned in touched)
        {
            var entry = planned.Known ?? db.KnowledgeEntries.Add(KnowledgeEntry.Of(tenantId, planned.Id!)).Entity;
            var now = entries.Touch(entry, author);
            var version = planned.SaysTheSame
                ? planned.Newest!
                : KnowledgeWriter.AddVersion(db, entry, planned.Draft!, planned.Status, author, note: null, now);
            if (!planned.GoesLive)
                continue;
            version.OverrideReason = overrideReason;
            live.Add((entry, version));
        }

        await db.SaveChangesAsync(cancellationToken);
        await KnowledgeWriter.SupersedeAsync(db, tenantId, [.. touched.Select(p => p.Id!)], cancellationToken);
        if (live.Count == 0)
            return;
        await KnowledgeWriter.PublishAsync(db, tenantId, live, author, time.GetUtcNow(), cancellationToken);
        await KnowledgeWriter.BumpVersionAsync(db, tenantId, time.GetUtcNow(), cancellationToken);
    }

    private static ImportReport ReportOf(List<PlannedEntry> plan, bool applied, IReadOnlyList<EntryFinding> findings) => new(
        applied,
        plan.Count(p => p.Outcome == Created),
        plan.Count(p => p.Outcome == Changed),
        plan.Count(p => p.Outcome == Unchanged),
        plan.Count(p => p.Outcome == Error),
        [.. plan.Select(p => new ImportRow(p.Line, p.Id, p.Outcome, p.Errors.Any ? p.Errors.ToDictionary() : null))],
        findings);

    private static ProblemHttpResult Refused(ImportReport report) => EntryProblems.Of(
        StatusCodes.Status400BadRequest,
        "import-refused",
        EntryTexts.Get("import-refused", report.Failed, report.Rows.Count),
        new() { ["report"] = report });

    private sealed class PlannedEntry
    {
        public required int Line { get; init; }

        public required string? Id { get; set; }

        public required FieldErrors Errors { get; init; }

        /// <summary>Null when the row cannot be used.</summary>
        public EntryDraft? Draft { get; private set; }

        /// <summary>What the file asks for.</summary>
        public required string Status { get; init; }

        public string Outcome { get; private set; } = Error;

        public KnowledgeEntry? Known { get; private set; }

        public KnowledgeVersion? Newest { get; private set; }

        public bool SaysTheSame { get; private set; }

        public KnowledgeVersion? Candidate { get; private set; }

        public bool GoesLive => Outcome is Created or Changed && Status == EntryStatus.Published;

        public static PlannedEntry Of(FileEntry entry, bool publish, DateOnly today)
        {
            // The rules are asked once more when the plan is made again, so the file's own errors stay untouched.
            var errors = new FieldErrors(entry.Errors);
            var draft = EntryRules.Check(entry.Write, today, errors);
            if (entry.Status is not null && !Statuses.Contains(entry.Status, StringComparer.Ordinal))
                errors.Add("status", "row-status", string.Join(", ", Statuses));
            return new()
            {
                Line = entry.Line,
                Id = string.IsNullOrEmpty(entry.Write.Id) ? null : entry.Write.Id,
                Errors = errors,
                Draft = errors.Any ? null : draft,
                Status = publish ? entry.Status ?? EntryStatus.Published : EntryStatus.Draft,
            };
        }

        public void Fail(string field, string key)
        {
            Errors.Add(field, key);
            Draft = null;
        }

        public void Compare(Guid tenantId, KnowledgeEntry? known, KnowledgeVersion? newest, string author, DateTimeOffset now)
        {
            (Known, Newest) = (known, newest);
            SaysTheSame = newest is not null && newest.ToDraft().SaysTheSameAs(Draft!);
            var published = Status == EntryStatus.Published;
            if (known is null)
                Outcome = Created;
            else if (SaysTheSame && (!published || known.Status == EntryStatus.Published))
                Outcome = Unchanged;
            else if (!SaysTheSame && EntryMoves.Next(known, EntryMoves.Edit) is null)
                Fail("id", "row-in-review");
            else
                Outcome = Changed;
            if (GoesLive)
            {
                Candidate = KnowledgeVersion.Of(
                    tenantId, Id!, (known?.Version ?? 0) + (SaysTheSame ? 0 : 1), EntryStatus.Draft, Draft!, author, note: null, now);
            }
        }
    }
}
