using System.Collections.Concurrent;
using Mefapex.Api.Chat.Sockets;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Shared;

namespace Mefapex.Api.Chat;

/// <summary>
/// The answers that this process is making. They go on when the one who asked goes away, and are found here by those who
/// come back; the process ends only after they were stored.
/// </summary>
internal sealed partial class RunningAnswers(
    IServiceScopeFactory scopes,
    OpenSockets sockets,
    IReplicaBus bus,
    TimeProvider time,
    ILogger<RunningAnswers> logger) : IHostedService
{
    private const string Cancel = "cancel";
    private const string Cancelled = "cancelled";

    /// <summary>How long the other replicas have to say that they stopped an answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>How long one that failed or was cancelled can still be followed; what was stored is replayed from there.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(Guid UserId, Guid MessageId), AnswerRun> _runs = new();
    private readonly ConcurrentDictionary<Task, bool> _tasks = new();
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<bool>> _cancelling = new();
    private IDisposable? _subscription;

    /// <summary>An answer of the person that is being made, or was not made and ended a moment ago.</summary>
    public AnswerRun? Find(Guid userId, Guid messageId) => _runs.GetValueOrDefault((userId, messageId));

    /// <summary>Starts to answer; a question that is being answered already under its id is not asked again.</summary>
    public AnswerRun Start(AcceptedQuestion asked)
    {
        var key = (asked.Caller.UserId, asked.MessageId);
        var fresh = new AnswerRun(asked.Conversation.Id, asked.MessageId, asked.Text);
        while (true)
        {
            var run = _runs.GetOrAdd(key, fresh);
            if (run == fresh)
                break;
            if (!run.Reply.IsCompleted)
            {
                // The place of the first stands for both.
                _ = asked.Place.CloseAsync(isAnswered: false);
                return run;
            }

            // It ended without an answer, so this is a new attempt.
            if (_runs.TryUpdate(key, fresh, run))
                break;
        }

        fresh.Open();
        var task = RunAsync(asked, fresh);
        _tasks[task] = true;
        _ = task.ContinueWith(
            done => _tasks.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return fresh;
    }

    /// <summary>Stops what is being answered to a person, and forgets what was.</summary>
    /// <returns>How many answers there were.</returns>
    public int CancelOf(Guid userId)
    {
        var theirs = _runs.Where(run => run.Key.UserId == userId).ToList();
        foreach (var (key, run) in theirs)
        {
            run.TryCancel();
            _runs.TryRemove(KeyValuePair.Create(key, run));
        }

        return theirs.Count;
    }

    /// <summary>Has the replica that makes this answer stop it.</summary>
    /// <returns>Whether it will not be stored; null where no replica makes it.</returns>
    public async Task<bool?> CancelElsewhereAsync(
        Guid userId, Guid conversationId, Guid messageId, CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid();
        var stopped = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _cancelling[id] = stopped;
        try
        {
            await bus.PublishAsync(
                BusChannels.Cancelling, $"{Cancel} {id:N} {userId:N} {conversationId:N} {messageId:N}", cancellationToken);
            return await stopped.Task.WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or BusAwayException)
        {
            return null;
        }
        finally
        {
            _cancelling.TryRemove(id, out _);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = bus.Subscribe(BusChannels.Cancelling, HeardCancelling);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        return Task.WhenAll(_tasks.Keys).WaitAsync(cancellationToken);
    }

    private void HeardCancelling(string message)
    {
        switch (message.Split(' '))
        {
            case [Cancel, var id, var user, var conversation, var answer]
                when Find(Guid.ParseExact(user, "N"), Guid.ParseExact(answer, "N")) is { } run
                    && run.ConversationId == Guid.ParseExact(conversation, "N"):
                bus.Tell(BusChannels.Cancelling, $"{Cancelled} {id} {(run.TryCancel() || run.IsCancelled ? 1 : 0)}", logger);
                break;
            case [Cancelled, var id, var done] when _cancelling.TryGetValue(Guid.ParseExact(id, "N"), out var stopped):
                stopped.TrySetResult(done == "1");
                break;
        }
    }

    private async Task RunAsync(AcceptedQuestion asked, AnswerRun run)
    {
        sockets.ShowTyping(asked, typing: true);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<Answering>().RunAsync(asked, run);
        }
        catch (OperationCanceledException) when (run.IsCancelled)
        {
            run.End(ChatProblems.AnswerCancelled());
        }
        catch (Exception e)
        {
            LogFailed(asked.MessageId, e);
            run.End(DatabaseFault.IsOutage(e) ? DatabaseOutage.Problem() : ChatProblems.AnswerFailed(), e);
        }

        sockets.ShowTyping(asked, typing: false);
        var key = (asked.Caller.UserId, asked.MessageId);
        var answer = run.Reply is { IsCompletedSuccessfully: true, Result.Answer: { } made } ? made : null;
        await asked.Place.CloseAsync(isAnswered: answer is not null);
        if (answer is not null)
        {
            sockets.ShowAnswer(asked, answer);
            Forget(key, run);
        }
        else
        {
            _ = ForgetLaterAsync(key, run);
        }
    }

    private async Task ForgetLaterAsync((Guid UserId, Guid MessageId) key, AnswerRun run)
    {
        await Task.Delay(Remembered, time, CancellationToken.None);
        Forget(key, run);
    }

    private void Forget((Guid UserId, Guid MessageId) key, AnswerRun run)
    {
        _runs.TryRemove(KeyValuePair.Create(key, run));
        run.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "Answer {MessageId} failed")]
    private partial void LogFailed(Guid messageId, Exception exception);
}
