using System.Text.Json.Nodes;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>Writes entries: each change takes the entry's row, asks whether the caller saw its present state, and commits at once.</summary>
internal sealed class EntryStore(
    MefapexDb db,
    IEnumerable<IPublishCheck> checks,
    IOptions<EntryOptions> options,
    IAuditLog audit,
    TimeProvider time)
{
    private const int IdAttempts = 3;

    /// <summary>Says why a change must not go on for the caller who saw something else; null when it may.</summary>
    public delegate ProblemHttpResult? Seen(KnowledgeEntry present);

    /// <param name="author">User name.</param>
    /// <param name="id">Made from the title when it is null.</param>
    public async Task<EntryReply> CreateAsync(
        TenantScope tenant,
        string author,
        string? id,
        EntryDraft draft,
        string? note,
        CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var chosen = id ?? await FreeIdAsync(tenant.Id, draft, cancellationToken);
            try
            {
                return await db.InTransactionAsync<EntryReply>(async () =>
                {
                    if (await db.KnowledgeEntries.AnyAsync(e => e.TenantId == tenant.Id && e.Id == chosen, cancellationToken))
                        return EntryProblems.EntryExists(chosen);
                    var entry = db.KnowledgeEntries.Add(KnowledgeEntry.Of(tenant.Id, chosen)).Entity;
                    var version = KnowledgeWriter.AddVersion(db, entry, draft, EntryStatus.Draft, author, note, Touch(entry, author));
                    await db.SaveChangesAsync(cancellationToken);
                    return new EntryReply(entry, version);
                }, cancellationToken);
            }
            catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
            {
                if (id is not null || attempt == IdAttempts)
                    return EntryProblems.EntryExists(chosen);
            }
        }
    }

    /// <summary>Makes a new draft; a published version keeps serving. What says the same changes nothing.</summary>
    public Task<EntryReply> EditAsync(
        TenantScope tenant,
        string author,
        string id,
        Seen seen,
        EntryDraft draft,
        string? note,
        CancellationToken cancellationToken) =>
        ChangeAsync(tenant, id, EntryMoves.Edit, seen, async (entry, next) =>
        {
            var newest = await NewestAsync(entry, cancellationToken);
            if (newest.ToDraft().SaysTheSameAs(draft))
                return new EntryReply(entry, newest);
            var version = KnowledgeWriter.AddVersion(db, entry, draft, next, author, note, Touch(entry, author));
            await db.SaveChangesAsync(cancellationToken);
            await KnowledgeWriter.SupersedeAsync(db, tenant.Id, [entry.Id], cancellationToken);
            return new EntryReply(entry, version);
        }, cancellationToken);

    public Task<EntryReply> ReviewAsync(
        TenantScope tenant, string author, string id, Seen seen, string? note, CancellationToken cancellationToken) =>
        MarkAsync(tenant, author, id, EntryMoves.Review, seen, note, cancellationToken);

    public Task<EntryReply> ReturnAsync(
        TenantScope tenant, string author, string id, Seen seen, string note, CancellationToken cancellationToken) =>
        MarkAsync(tenant, author, id, EntryMoves.Return, seen, note, cancellationToken);

    /// <param name="overrideReason">Lets it go live although a check advises against it.</param>
    public async Task<EntryReply> PublishAsync(
        TenantScope tenant,
        string author,
        string id,
        Seen seen,
        string? overrideReason,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(tenant.Id, id, cancellationToken) is not { } before)
            return EntryProblems.EntryNotFound(id);
        if (Refusal(before, EntryMoves.Publish, seen) is { } refusal)
            return refusal;
        var candidate = await NewestAsync(before, cancellationToken);
        if (options.Value.FourEyes && candidate.Author == author)
            return EntryProblems.FourEyes();
        var findings = await CheckAsync(PublishSet.Live(tenant, candidate), cancellationToken);
        if (findings.Any(f => f.Blocking) && overrideReason is null)
            return EntryProblems.PublishRefused(findings);

        return await ChangeAsync(tenant, id, EntryMoves.Publish, Unchanged(seen, before), async (entry, _) =>
        {
            var version = await NewestAsync(entry, cancellationToken);
            version.OverrideReason = overrideReason;
            var published = entry.PublishedVersion;
            await GoLiveAsync(entry, version, author, cancellationToken);
            await AuditAsync(AuditVerbs.EntryPublished, entry, published, cancellationToken);
            await AuditOverrideAsync(tenant.Id, new("entry", id), findings, overrideReason, cancellationToken);
            return new EntryReply(entry, version) { Findings = findings };
        }, cancellationToken);
    }

    /// <summary>Takes the published version away; a newer draft stays.</summary>
    /// <param name="overrideReason">Takes it away although a check advises against it.</param>
    public async Task<EntryReply> RetireAsync(
        TenantScope tenant,
        string author,
        string id,
        Seen seen,
        string? overrideReason,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(tenant.Id, id, cancellationToken) is not { } before)
            return EntryProblems.EntryNotFound(id);
        if (Refusal(before, EntryMoves.Retire, seen) is { } refusal)
            return refusal;
        IReadOnlyList<EntryFinding> findings = before.PublishedVersion is null
            ? []
            : await CheckAsync(PublishSet.Away(tenant, id), cancellationToken);
        if (findings.Any(f => f.Blocking) && overrideReason is null)
            return EntryProblems.RetireRefused(findings);

        return await ChangeAsync(tenant, id, EntryMoves.Retire, Unchanged(seen, before), async (entry, next) =>
        {
            var now = Touch(entry, author);
            var published = await db.KnowledgeVersions.SingleAsync(
                v => v.TenantId == tenant.Id && v.EntryId == id && v.Version == entry.PublishedVersion, cancellationToken);
            published.Status = EntryStatus.Retired;
            published.OverrideReason = overrideReason ?? published.OverrideReason;
            entry.Status = next;
            entry.PublishedVersion = null;
            await db.SaveChangesAsync(cancellationToken);
            await KnowledgeWriter.RemoveLiveAsync(db, tenant.Id, [id], cancellationToken);
            await KnowledgeWriter.BumpVersionAsync(db, tenant.Id, now, cancellationToken);
            await AuditAsync(AuditVerbs.EntryRetired, entry, published.Version, cancellationToken);
            await AuditOverrideAsync(tenant.Id, new("entry", id), findings, overrideReason, cancellationToken);
            return new EntryReply(entry, await NewestAsync(entry, cancellationToken)) { Findings = findings };
        }, cancellationToken);
    }

    /// <summary>Publishes again, as a new version, what a version that was published once said.</summary>
    public async Task<EntryReply> RollbackAsync(
        TenantScope tenant,
        string author,
        string id,
        Seen seen,
        EntryRollback rollback,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(tenant.Id, id, cancellationToken) is not { } before)
            return EntryProblems.EntryNotFound(id);
        if (Refusal(before, EntryMoves.Rollback, seen) is { } refusal)
            return refusal;
        if (await VersionAsync(tenant.Id, id, rollback.Version, cancellationToken) is not { } old)
            return EntryProblems.VersionNotFound(id, rollback.Version);
        if (old.PublishedAt is null)
            return EntryProblems.NeverPublished(rollback.Version);
        var draft = old.ToDraft();
        var candidate = KnowledgeVersion.Of(
            tenant.Id, id, before.Version + 1, EntryStatus.Draft, draft, author, rollback.Note, time.GetUtcNow());
        var findings = await CheckAsync(PublishSet.Live(tenant, candidate), cancellationToken);
        if (findings.Any(f => f.Blocking) && rollback.OverrideReason is null)
            return EntryProblems.PublishRefused(findings);

        return await ChangeAsync(tenant, id, EntryMoves.Rollback, Unchanged(seen, before), async (entry, next) =>
        {
            var version = KnowledgeWriter.AddVersion(db, entry, draft, next, author, rollback.Note, time.GetUtcNow());
            version.OverrideReason = rollback.OverrideReason;
            var published = entry.PublishedVersion;
            await GoLiveAsync(entry, version, author, cancellationToken);
            await AuditAsync(AuditVerbs.EntryRolledBack, entry, published, cancellationToken, rollback.Version);
            await AuditOverrideAsync(tenant.Id, new("entry", id), findings, rollback.OverrideReason, cancellationToken);
            return new EntryReply(entry, version) { Findings = findings };
        }, cancellationToken);
    }

    /// <summary>Removes an entry that nobody was ever answered with, and its versions.</summary>
    /// <returns>Null when it is gone.</returns>
    public Task<ProblemHttpResult?> DeleteAsync(TenantScope tenant, string id, Seen seen, CancellationToken cancellationToken) =>
        db.InTransactionAsync(async () =>
        {
            if (await LockAsync(tenant.Id, id, cancellationToken) is not { } entry)
                return EntryProblems.EntryNotFound(id);
            if (seen(entry) is { } refusal)
                return refusal;
            if (await db.KnowledgeVersions.AnyAsync(
                v => v.TenantId == tenant.Id && v.EntryId == id && v.PublishedAt != null, cancellationToken))
            {
                return EntryProblems.WasPublished(id);
            }

            db.KnowledgeEntries.Remove(entry);
            await db.SaveChangesAsync(cancellationToken);
            return null;
        }, cancellationToken);

    /// <summary>The entry with its newest version.</summary>
    public async Task<EntryReply> ReadAsync(TenantScope tenant, string id, CancellationToken cancellationToken) =>
        await FindAsync(tenant.Id, id, cancellationToken) is { } entry
            ? new EntryReply(entry, await NewestAsync(entry, cancellationToken))
            : EntryProblems.EntryNotFound(id);

    public Task<KnowledgeVersion?> VersionAsync(Guid tenantId, string id, int version, CancellationToken cancellationToken) =>
        db.KnowledgeVersions.AsNoTracking()
            .SingleOrDefaultAsync(v => v.TenantId == tenantId && v.EntryId == id && v.Version == version, cancellationToken);

    /// <summary>What the checks say about a change of what is published.</summary>
    public async Task<IReadOnlyList<EntryFinding>> CheckAsync(PublishSet set, CancellationToken cancellationToken)
    {
        var findings = new List<EntryFinding>();
        foreach (var check in checks)
        {
            findings.AddRange((await check.CheckAsync(set, cancellationToken))
                .Select(f => new EntryFinding(f.Code, f.Sentence, f.Blocking, f.EntryId, f.Details)));
        }

        return findings;
    }

    /// <summary>Keeps that something went live or away against the advice of a check, and why.</summary>
    public async Task AuditOverrideAsync(
        Guid tenantId,
        AuditSubject subject,
        IReadOnlyList<EntryFinding> findings,
        string? reason,
        CancellationToken cancellationToken)
    {
        var codes = findings.Where(f => f.Blocking).Select(f => f.Code).Distinct(StringComparer.Ordinal).ToList();
        if (codes.Count == 0)
            return;
        await audit.RecordAsync(
            new(AuditVerbs.GateOverridden, tenantId, subject)
            {
                After = new() { ["reason"] = reason, ["findings"] = new JsonArray([.. codes.Select(code => JsonValue.Create(code))]) },
            },
            cancellationToken);
    }

    /// <summary>Marks an entry as changed by a person, which no sample touches any more.</summary>
    /// <returns>Now.</returns>
    public DateTimeOffset Touch(KnowledgeEntry entry, string author)
    {
        entry.Revision++;
        entry.SampleHash = null;
        entry.UpdatedBy = author;
        return entry.UpdatedAt = time.GetUtcNow();
    }

    private Task<EntryReply> MarkAsync(
        TenantScope tenant,
        string author,
        string id,
        string move,
        Seen seen,
        string? note,
        CancellationToken cancellationToken) =>
        ChangeAsync(tenant, id, move, seen, async (entry, next) =>
        {
            Touch(entry, author);
            var version = await NewestAsync(entry, cancellationToken);
            version.Status = entry.Status = next;
            version.Note = note ?? version.Note;
            await db.SaveChangesAsync(cancellationToken);
            return new EntryReply(entry, version);
        }, cancellationToken);

    private Task<EntryReply> ChangeAsync(
        TenantScope tenant,
        string id,
        string move,
        Seen seen,
        Func<KnowledgeEntry, string, Task<EntryReply>> change,
        CancellationToken cancellationToken) =>
        db.InTransactionAsync(async () =>
        {
            if (await LockAsync(tenant.Id, id, cancellationToken) is not { } entry)
                return EntryProblems.EntryNotFound(id);
            return Refusal(entry, move, seen) is { } refusal ? refusal : await change(entry, EntryMoves.Next(entry, move)!);
        }, cancellationToken);

    private async Task GoLiveAsync(KnowledgeEntry entry, KnowledgeVersion version, string author, CancellationToken cancellationToken)
    {
        var now = Touch(entry, author);
        await KnowledgeWriter.PublishAsync(db, entry.TenantId, [(entry, version)], author, now, cancellationToken);
        await KnowledgeWriter.BumpVersionAsync(db, entry.TenantId, now, cancellationToken);
    }

    private Task AuditAsync(
        string verb,
        KnowledgeEntry entry,
        int? published,
        CancellationToken cancellationToken,
        int? backTo = null)
    {
        var after = new JsonObject { ["published_version"] = entry.PublishedVersion };
        if (backTo is not null)
            after["says_what_version"] = backTo;
        return audit.RecordAsync(
            new(verb, entry.TenantId, new("entry", entry.Id))
            {
                Before = new() { ["published_version"] = published },
                After = after,
            },
            cancellationToken);
    }

    private static ProblemHttpResult? Refusal(KnowledgeEntry entry, string move, Seen seen) =>
        seen(entry) ?? (EntryMoves.Next(entry, move) is null ? EntryProblems.MoveNotAllowed(entry, move) : null);

    /// <summary>For a change whose checks looked at <paramref name="before"/>.</summary>
    private static Seen Unchanged(Seen seen, KnowledgeEntry before) => present =>
        seen(present) ?? (present.Revision == before.Revision ? null : EntryProblems.ChangedMeanwhile(present));

    private Task<KnowledgeEntry?> FindAsync(Guid tenantId, string id, CancellationToken cancellationToken) =>
        db.KnowledgeEntries.AsNoTracking().SingleOrDefaultAsync(e => e.TenantId == tenantId && e.Id == id, cancellationToken);

    private Task<KnowledgeEntry?> LockAsync(Guid tenantId, string id, CancellationToken cancellationToken) =>
        db.KnowledgeEntries
            .FromSql($"select * from knowledge_entries where tenant_id = {tenantId} and id = {id} for update")
            .SingleOrDefaultAsync(cancellationToken);

    /// <summary>Tracked.</summary>
    private Task<KnowledgeVersion> NewestAsync(KnowledgeEntry entry, CancellationToken cancellationToken) =>
        db.KnowledgeVersions.SingleAsync(
            v => v.TenantId == entry.TenantId && v.EntryId == entry.Id && v.Version == entry.Version, cancellationToken);

    private async Task<string> FreeIdAsync(Guid tenantId, EntryDraft draft, CancellationToken cancellationToken)
    {
        var wanted = EntryRules.IdOf((draft.Texts.FirstOrDefault(t => t.Language == "tr") ?? draft.Texts[0]).Title);
        var taken = await db.KnowledgeEntries
            .Where(e => e.TenantId == tenantId && e.Id.StartsWith(wanted))
            .Select(e => e.Id)
            .ToHashSetAsync(StringComparer.Ordinal, cancellationToken);
        return Enumerable.Range(1, taken.Count + 1)
            .Select(number => number == 1 ? wanted : $"{wanted}-{number}")
            .First(id => !taken.Contains(id));
    }
}

/// <summary>An entry with its newest version, or why there is none.</summary>
internal sealed record EntryReply(KnowledgeEntry? Entry, KnowledgeVersion? Version, ProblemHttpResult? Problem = null)
{
    /// <summary>What checks said that did not stand in the way.</summary>
    public IReadOnlyList<EntryFinding> Findings { get; init; } = [];

    public static implicit operator EntryReply(ProblemHttpResult problem) => new(null, null, problem);
}
