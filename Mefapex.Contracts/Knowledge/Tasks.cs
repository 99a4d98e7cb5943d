namespace Mefapex.Contracts.Knowledge;

/// <summary>A row of <c>GET /api/v1/knowledge/tasks</c>: something that those who keep the knowledge should look at.</summary>
/// <param name="Id">The task.</param>
/// <param name="Kind">One of <see cref="TaskKind"/>.</param>
/// <param name="Owner">The department it is for.</param>
/// <param name="EntryId">The entry it is about; null where it is about none.</param>
/// <param name="DocumentId">The document it is about; null where it is about none.</param>
/// <param name="ExchangeId">The question and answer that opened it; null where there is none.</param>
/// <param name="Text">What is to be done, or the question that was asked.</param>
/// <param name="Count">How often the same was reported while it was open.</param>
/// <param name="Status">One of <see cref="TaskStatus"/>.</param>
/// <param name="Assigned">User name of the one who looks after it.</param>
/// <param name="Note">What was said when it was closed.</param>
/// <param name="CreatedAt">When it was opened.</param>
/// <param name="UpdatedAt">When it last changed.</param>
/// <param name="ClosedBy">User name of the one who closed it.</param>
/// <param name="ClosedAt">When it was closed.</param>
/// <param name="Revision">Also its ETag, in quotes; one more with each change.</param>
public sealed record TaskItem(
    string Id,
    string Kind,
    string Owner,
    string? EntryId,
    string? DocumentId,
    string? ExchangeId,
    string Text,
    int Count,
    string Status,
    string? Assigned,
    string? Note,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? ClosedBy,
    DateTimeOffset? ClosedAt,
    int Revision);

/// <summary>Answer of <c>GET /api/v1/knowledge/tasks/{id}</c>.</summary>
/// <param name="Task">The task.</param>
/// <param name="Reports">What people said about the answers behind it, newest first, without their names.</param>
public sealed record TaskDetail(TaskItem Task, IReadOnlyList<TaskReport> Reports);

/// <summary>An answer that somebody found not helpful.</summary>
/// <param name="ExchangeId">The question and answer.</param>
/// <param name="Question">What was asked.</param>
/// <param name="Response">What was answered.</param>
/// <param name="Reason">Why it did not help.</param>
/// <param name="Comment">What the person added.</param>
/// <param name="GivenAt">When.</param>
public sealed record TaskReport(
    string ExchangeId,
    string Question,
    string Response,
    string? Reason,
    string? Comment,
    DateTimeOffset GivenAt);

/// <summary>Body of <c>POST /api/v1/knowledge/tasks/{id}/assign</c>.</summary>
/// <param name="Assigned">A user name; null takes the task from whoever has it.</param>
public sealed record AssignTask(string? Assigned);

/// <summary>Body of <c>POST /api/v1/knowledge/tasks/{id}/close</c>.</summary>
/// <param name="Status"><see cref="TaskStatus.Done"/> or <see cref="TaskStatus.Dismissed"/>.</param>
/// <param name="Note">What was done about it.</param>
public sealed record CloseTask(string? Status, string? Note = null);

/// <summary>Why a task was opened.</summary>
public static class TaskKind
{
    /// <summary>Somebody found an answer not helpful.</summary>
    public const string Feedback = "feedback";

    /// <summary>Questions that nothing answers.</summary>
    public const string Gap = "gap";

    /// <summary>An entry that ends soon.</summary>
    public const string Expiry = "expiry";

    /// <summary>Two entries that say different things.</summary>
    public const string Contradiction = "contradiction";
}

/// <summary>How far a task has come.</summary>
public static class TaskStatus
{
    /// <summary>To be looked at.</summary>
    public const string Open = "open";

    /// <summary>Something was done about it.</summary>
    public const string Done = "done";

    /// <summary>Nothing needs to be done.</summary>
    public const string Dismissed = "dismissed";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Open, Done, Dismissed];
}
