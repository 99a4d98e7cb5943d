using System.Globalization;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Chat;

/// <summary>
/// An answer on its way, or one that is there: the events that anybody who may see it can follow from any point on. The
/// same answer has the same events, so that one that was begun here can be followed to its end from what was stored.
/// </summary>
internal sealed class AnswerRun(Guid conversationId, Guid messageId, string question) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<AnswerEvent> _events = [];
    private readonly CancellationTokenSource _cancelling = new();
    private readonly TaskCompletionSource<ChatReply> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Stage _stage;

    private enum Stage
    {
        Answering,
        Cancelled,
        Storing,
        Ended,
    }

    public Guid ConversationId => conversationId;

    public Guid MessageId => messageId;

    public string Question => question;

    /// <summary>Cancelled when the person wants no answer any more.</summary>
    public CancellationToken Cancellation => _cancelling.Token;

    public bool IsCancelled
    {
        get
        {
            lock (_gate)
                return _stage == Stage.Cancelled;
        }
    }

    /// <summary>The whole answer, or why there is none; faults with what failed unexpectedly.</summary>
    public Task<ChatReply> Reply => _reply.Task;

    /// <summary>The events of an answer that was stored.</summary>
    public static AnswerRun Of(ChatAnswer answer, string question)
    {
        var run = new AnswerRun(Guid.Parse(answer.SessionId!), Guid.Parse(answer.MessageId!), question);
        run.Open();
        run.Write(answer);
        run.End(answer);
        return run;
    }

    /// <summary>Names the message, before anything is known about its answer.</summary>
    public void Open() => Add(ChatEvents.Meta, new ChatMeta(conversationId.ToString(), messageId.ToString()));

    /// <summary>What was decided, the text in pieces and what it rests on.</summary>
    public void Write(ChatAnswer answer)
    {
        Add(ChatEvents.Meta, new ChatMeta(
            conversationId.ToString(),
            messageId.ToString(),
            answer.Decision,
            answer.Language,
            answer.Degradation,
            answer.Understood));
        foreach (var piece in AnswerPieces.Of(answer.Response))
            Add(ChatEvents.Delta, new ChatDelta(piece));
        foreach (var citation in answer.Citations)
            Add(ChatEvents.Citation, citation);
    }

    public void End(ChatAnswer answer)
    {
        Add(ChatEvents.Done, answer, Stage.Ended);
        _reply.TrySetResult(answer);
    }

    public void End(ProblemHttpResult problem)
    {
        Add(ChatEvents.Error, problem.ProblemDetails, Stage.Ended);
        _reply.TrySetResult(problem);
    }

    /// <summary>Ends with a failure that only the caller of the plain path gets to see as it is.</summary>
    public void End(ProblemHttpResult problem, Exception failure)
    {
        Add(ChatEvents.Error, problem.ProblemDetails, Stage.Ended);
        _reply.TrySetException(failure);
        _ = _reply.Task.Exception;
    }

    /// <summary>Stops the answer unless it is whole.</summary>
    /// <returns>Whether it will not be stored.</returns>
    public bool TryCancel()
    {
        lock (_gate)
        {
            if (_stage != Stage.Answering)
                return false;
            _stage = Stage.Cancelled;
        }

        _cancelling.Cancel();
        return true;
    }

    /// <summary>From here on the answer can't be cancelled.</summary>
    /// <exception cref="OperationCanceledException">It was.</exception>
    public void BeginStoring()
    {
        lock (_gate)
        {
            if (_stage == Stage.Cancelled)
                throw new OperationCanceledException(_cancelling.Token);
            _stage = Stage.Storing;
        }
    }

    /// <param name="first">Number of the first event wanted, from 0.</param>
    /// <returns>The events that there are, whether they are the last, and what completes when there are more.</returns>
    public (IReadOnlyList<AnswerEvent> Events, bool Ended, Task More) From(int first)
    {
        lock (_gate)
        {
            return (
                [.. _events.Skip(first)],
                _events is [.., { Type: ChatEvents.Done or ChatEvents.Error }],
                _changed.Task);
        }
    }

    public void Dispose() => _cancelling.Dispose();

    private void Add(string type, object data, Stage? stage = null)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _events.Add(new AnswerEvent(
                string.Create(CultureInfo.InvariantCulture, $"{messageId}:{_events.Count}"), type, data));
            _stage = stage ?? _stage;
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.SetResult();
    }
}

/// <param name="Id">The message's id, a colon, and the number of the event from 0.</param>
/// <param name="Type">One of <see cref="ChatEvents"/>.</param>
internal sealed record AnswerEvent(string Id, string Type, object Data);
