using Mefapex.Api.Data;
using Mefapex.Contracts.Knowledge;
using Microsoft.EntityFrameworkCore;
using TaskStatus = Mefapex.Contracts.Knowledge.TaskStatus;

namespace Mefapex.Api.Knowledge.Tasks;

/// <summary>
/// Opens and closes tasks for other features. It takes part in the transaction of the context it shares with its caller.
/// </summary>
internal sealed class KnowledgeTasks(MefapexDb db, TimeProvider time)
{
    /// <summary>Opens a task, or adds one to the count of the open task of the same kind and topic.</summary>
    /// <returns>The id of the task.</returns>
    public async Task<Guid> OpenAsync(Guid tenantId, NewTask task, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var ids = await db.Database.SqlQuery<Guid>(
            $"""
            insert into knowledge_tasks (
                id, tenant_id, kind, topic, owner, entry_id, document_id, exchange_id, text, count, status, created_at,
                updated_at, revision)
            values (
                {Guid.CreateVersion7(now)}, {tenantId}, {task.Kind}, {task.Topic}, {task.Owner}, {task.EntryId},
                {task.DocumentId}, {task.ExchangeId}, {task.Text}, 1, {TaskStatus.Open}, {now}, {now}, 1)
            on conflict (tenant_id, kind, topic) where status = 'open'
                do update set count = knowledge_tasks.count + 1, updated_at = excluded.updated_at,
                    revision = knowledge_tasks.revision + 1
            returning id as "Value"
            """).ToListAsync(cancellationToken);
        return ids[0];
    }

    /// <summary>Takes back one report of an open task; without any left the task is gone.</summary>
    public async Task WithdrawAsync(Guid id, CancellationToken cancellationToken)
    {
        await db.KnowledgeTasks
            .Where(t => t.Id == id && t.Status == TaskStatus.Open)
            .ExecuteUpdateAsync(
                set => set.SetProperty(t => t.Count, t => t.Count - 1).SetProperty(t => t.Revision, t => t.Revision + 1),
                cancellationToken);
        await db.KnowledgeTasks
            .Where(t => t.Id == id && t.Status == TaskStatus.Open && t.Count < 1)
            .ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>Closes the open task of a kind and topic because its cause is gone, if there is one.</summary>
    /// <param name="by">User name of the one who removed the cause.</param>
    public async Task<bool> ResolveAsync(
        Guid tenantId,
        string kind,
        string topic,
        string by,
        string? note,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return await db.KnowledgeTasks
            .Where(t => t.TenantId == tenantId && t.Kind == kind && t.Topic == topic && t.Status == TaskStatus.Open)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(t => t.Status, TaskStatus.Done)
                    .SetProperty(t => t.Note, note)
                    .SetProperty(t => t.ClosedBy, by)
                    .SetProperty(t => t.ClosedAt, now)
                    .SetProperty(t => t.UpdatedAt, now)
                    .SetProperty(t => t.Revision, t => t.Revision + 1),
                cancellationToken) > 0;
    }
}

/// <summary>A task to open; the fields mean what they mean in <see cref="KnowledgeTask"/>.</summary>
/// <param name="Kind">One of <see cref="TaskKind"/>.</param>
/// <param name="Topic">What makes it the same as another, such as <c>entry:yillik-izin</c>.</param>
/// <param name="Owner">The department it is for.</param>
/// <param name="Text">What is to be done, or the question that was asked.</param>
internal sealed record NewTask(
    string Kind,
    string Topic,
    string Owner,
    string Text,
    string? EntryId = null,
    Guid? DocumentId = null,
    Guid? ExchangeId = null);
