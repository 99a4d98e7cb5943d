using System.Text.Json;
using System.Text.Json.Nodes;
using Mefapex.Api.Accounts;
using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Privacy;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Privacy;

/// <summary>Takes everything about a person away in one transaction, and leaves a signed list of what went.</summary>
internal sealed class Erasure(
    MefapexDb db,
    IEnumerable<IPersonalStore> stores,
    IAuditLog audit,
    LiveSessions live,
    ReceiptSigner signer,
    TimeProvider time)
{
    public async Task<ErasureOutcome> EraseAsync(User person, AuditActor actor, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        List<Guid> sessions = [];

        // What is a person's lies in tables of the platform too, and an operator's in every tenant.
        using var rows = DataScope.AllTenants();
        var outcome = await db.InTransactionAsync(async () =>
        {
            var locked = await LockAsync(person, cancellationToken);
            if (locked.Find(u => u.Id == person.Id) is not { } user)
                return ErasureOutcome.Gone;
            var others = locked.Where(u => u.Id != user.Id && u.DisabledAt is null).SelectMany(u => u.Roles);
            if (user.Roles.Where(IsNeeded).Except(others, StringComparer.Ordinal).Any())
                return ErasureOutcome.Last;

            sessions = await db.Sessions.Where(s => s.UserId == user.Id).Select(s => s.Id).ToListAsync(cancellationToken);
            var tenants = await db.Exchanges.Where(e => e.UserId == user.Id).Select(e => e.TenantId).Distinct()
                .ToListAsync(cancellationToken);
            if (user.TenantId is { } own && !tenants.Contains(own))
                tenants.Add(own);
            var items = new List<ErasedItem>();
            foreach (var store in stores)
                items.Add(new(store.Name, store.Kind, await store.EraseAsync(user, cancellationToken)));
            await RowsAsync(user, items, cancellationToken);
            await ForgetActorAsync(user, now, cancellationToken);
            var receipt = await KeepAsync(user, items, now, cancellationToken);

            // What is kept in memory holds questions: every replica drops it once it hears of this, see ErasureFollower.
            foreach (var tenantId in tenants)
                await KnowledgeWriter.BumpVersionAsync(db, tenantId, now, cancellationToken, KnowledgeChange.ErasedMark);
            await audit.RecordAsync(
                new(AuditVerbs.AccountErased, user.TenantId, AuditSubject.User(user.Id))
                {
                    Actor = actor,
                    After = new JsonObject { ["receipt"] = receipt.Id.ToString() },
                },
                cancellationToken);
            if (actor.Id == user.Id)
                await ForgetOriginsAsync(user, cancellationToken);
            return new(receipt, IsLast: false);
        }, cancellationToken);
        if (outcome.Receipt is not null)
            sessions.ForEach(live.Ended);
        return outcome;
    }

    /// <summary>A tenant without its last owner, or a platform without its last operator, could not be run any more.</summary>
    private static bool IsNeeded(string role) => role is Roles.Owner or Roles.Operator;

    /// <summary>
    /// The person, so that nothing of theirs comes meanwhile, and those who share a role that somebody has to have, so that
    /// the last two of them do not go at once.
    /// </summary>
    private Task<List<User>> LockAsync(User person, CancellationToken cancellationToken) => db.Users
        .FromSql(
            $"""
            select * from users
            where id = {person.Id}
                or (tenant_id is not distinct from {person.TenantId} and roles && array[{Roles.Owner}, {Roles.Operator}])
            order by id for update
            """)
        .AsNoTracking()
        .ToListAsync(cancellationToken);

    private async Task RowsAsync(User user, List<ErasedItem> items, CancellationToken cancellationToken)
    {
        foreach (var texts in PersonalColumns.Texts)
            await AddAsync(texts.Table, ErasedKind.Texts, $"update {texts.Table} set {texts.Set} where {texts.Where}");
        foreach (var name in PersonalColumns.Names)
        {
            await AddAsync(
                $"{name.Table}.{name.Column}", ErasedKind.Names, $"update {name.Table} set {name.Column} = @pseudonym where {name.Where}");
        }

        foreach (var rows in PersonalColumns.Rows)
            await AddAsync(rows.Table, ErasedKind.Rows, $"delete from {rows.Table} where {rows.Where}");
        var names = await db.AuditNames.CountAsync(n => n.ActorId == user.Id && n.Name != null, cancellationToken);
        items.Add(new("audit_names", ErasedKind.Names, names));

        async Task AddAsync(string store, string kind, string sql) => items.Add(new(
            store, kind, await db.Database.ExecuteSqlRawAsync(sql, PersonalCommand.Parameters(user), cancellationToken)));
    }

    private Task<int> ForgetActorAsync(User user, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync(
            $"""
            insert into audit_names (actor_id, erased_at) values ({user.Id}, {now})
            on conflict (actor_id) do update set name = null, erased_at = excluded.erased_at
            """,
            cancellationToken);

    /// <summary>The event of the erasure itself came after the others lost theirs.</summary>
    private Task<int> ForgetOriginsAsync(User user, CancellationToken cancellationToken) =>
        db.AuditOrigins.Where(o => db.AuditEvents.Any(e => e.Id == o.EventId && e.ActorId == user.Id))
            .ExecuteDeleteAsync(cancellationToken);

    private async Task<ErasureReceipt> KeepAsync(User user, List<ErasedItem> items, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var pseudonym = PersonalCommand.Pseudonym(user.Id);
        var receipt = signer.Sign(new(Guid.CreateVersion7(now), user.TenantId, pseudonym, now, items, Signature: ""));
        db.Erasures.Add(new()
        {
            Id = receipt.Id,
            TenantId = receipt.TenantId,
            Pseudonym = receipt.Pseudonym,
            ErasedAt = receipt.ErasedAt,
            Items = JsonSerializer.Serialize(items, WireJson.Options),
            Signature = receipt.Signature,
        });
        await db.SaveChangesAsync(cancellationToken);
        return receipt;
    }
}

/// <param name="Receipt">Null where nothing was erased.</param>
/// <param name="IsLast">Whether that is because nobody else has a role that somebody has to have.</param>
internal sealed record ErasureOutcome(ErasureReceipt? Receipt, bool IsLast)
{
    public static ErasureOutcome Gone { get; } = new(null, IsLast: false);

    public static ErasureOutcome Last { get; } = new(null, IsLast: true);
}

/// <summary>Something beside the database that keeps what belongs to people.</summary>
internal interface IPersonalStore
{
    /// <summary>As it stands in receipts.</summary>
    string Name { get; }

    /// <summary>One of <see cref="ErasedKind"/>.</summary>
    string Kind { get; }

    /// <summary>Takes what is the person's away; asked again where the database could not keep up, it finds nothing.</summary>
    /// <returns>How many things went.</returns>
    Task<int> EraseAsync(User person, CancellationToken cancellationToken);
}
