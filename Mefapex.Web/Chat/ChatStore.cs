using System.Diagnostics;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Web.Api;

namespace Mefapex.Web.Chat;

/// <summary>
/// The conversations of one browser tab. It outlives the pages of its circuit, so an answer keeps coming while the
/// person looks at another conversation. Used only on the circuit's own dispatcher.
/// </summary>
internal sealed class ChatStore(ApiClient api, TimeProvider clock) : IDisposable
{
    private const string AskSpan = "chat.ask";

    /// <summary>Pieces that come faster than this are shown together.</summary>
    private static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(40);

    private static readonly ActivitySource Tracing = new("Mefapex.Web");

    private readonly CancellationTokenSource _closing = new();
    private readonly Dictionary<string, ChatThread> _threads = new(StringComparer.Ordinal);
    private List<ConversationSummary> _conversations = [];
    private string[]? _suggestions;

    /// <summary>Something that the pages show has changed.</summary>
    public event EventHandler? Changed;

    /// <summary>Newest first.</summary>
    public IReadOnlyList<ConversationSummary> Conversations => _conversations;

    /// <summary>Where the list goes on; null when all of it is here.</summary>
    public string? Next { get; private set; }

    public Page<ConversationSummary> Listed => new(_conversations, Next);

    public ConversationSummary? Find(string? id) =>
        id is null ? null : _conversations.Find(conversation => conversation.Id == id);

    public void Show(Page<ConversationSummary> page)
    {
        var listed = page.Items.Select(conversation => conversation.Id).ToHashSet(StringComparer.Ordinal);
        var older = _conversations.Where(conversation => !listed.Contains(conversation.Id)).ToList();
        if (older.Count == 0)
            Next = page.Next;

        // A conversation whose first question failed has nothing to read.
        _conversations = [.. page.Items.Where(conversation => conversation.MessageCount > 0), .. older];
        Notify();
    }

    public async Task LoadAsync() => Show(await api.GetConversationsAsync(cursor: null, _closing.Token));

    public async Task LoadMoreAsync()
    {
        var page = await api.GetConversationsAsync(Next, _closing.Token);
        Next = page.Next;
        _conversations.AddRange(page.Items.Where(conversation => conversation.MessageCount > 0 && Find(conversation.Id) is null));
        Notify();
    }

    /// <summary>A conversation with all it holds, from here if it was opened before.</summary>
    public async Task<ChatThread> OpenAsync(string id)
    {
        if (_threads.TryGetValue(id, out var known))
            return known;

        var exchanges = new List<Exchange>();
        string? cursor = null;
        do
        {
            var page = await api.GetExchangesAsync(id, cursor, _closing.Token);
            exchanges.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);
        var thread = ChatThread.Of(id, exchanges);
        Keep(thread);
        return thread;
    }

    /// <summary>Takes in a conversation that was opened elsewhere.</summary>
    public void Keep(ChatThread thread) => _threads[thread.Id!] = thread;

    public async Task DeleteAsync(string id)
    {
        try
        {
            await api.DeleteConversationAsync(id, _closing.Token);
        }
        catch (ApiException e) when (e.Failure == ApiFailure.NotFound)
        {
            // Deleted elsewhere: what was wanted.
        }

        if (_threads.Remove(id, out var thread))
            thread.Stop();
        _conversations.RemoveAll(conversation => conversation.Id == id);
        Notify();
    }

    /// <summary>A few questions that have an answer; none where they cannot be had.</summary>
    public async Task<string[]> SuggestAsync()
    {
        try
        {
            return _suggestions ??= [.. (await api.GetSuggestionsAsync(_closing.Token)).Items.Select(item => item.Text)];
        }
        catch (Exception e) when (e is ApiException or OperationCanceledException)
        {
            return [];
        }
    }

    /// <summary>Asks and follows the answer to its end; a failure is kept in the turn, except a session that ended.</summary>
    public Task AskAsync(ChatThread thread, string question) =>
        thread.IsBusy ? Task.CompletedTask : AskAsync(thread, new Turn(question, clock.GetUtcNow()));

    private async Task AskAsync(ChatThread thread, Turn turn)
    {
        thread.Add(turn);
        Notify();

        using var asking = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        thread.Asking = asking;
        using var span = Tracing.StartActivity(AskSpan);
        try
        {
            var id = thread.Id ?? await StartAsync(thread, turn, asking.Token);
            await FollowAsync(turn, api.AskAsync(id, turn.Question, turn.MessageId, asking.Token));
        }
        catch (OperationCanceledException) when (asking.IsCancellationRequested)
        {
            turn.Stop();
            await CancelAsync(thread, turn);
        }
        catch (ApiException e)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Failure.ToString());
            turn.Fail(e);
            if (e.Failure == ApiFailure.SignedOut)
                throw;
        }
        finally
        {
            thread.Asking = null;
            Notify();
        }

        await RefreshAsync();
    }

    /// <summary>Asks the question of a turn that failed or was stopped again, in its place.</summary>
    public Task RetryAsync(ChatThread thread, Turn turn)
    {
        if (thread.IsBusy)
            return Task.CompletedTask;

        thread.Remove(turn);
        return AskAsync(thread, new Turn(turn.Question, clock.GetUtcNow(), turn.MessageId));
    }

    public void Dispose()
    {
        _closing.Cancel();
        _closing.Dispose();
    }

    private void Notify() => Changed?.Invoke(this, EventArgs.Empty);

    private async Task<string> StartAsync(ChatThread thread, Turn turn, CancellationToken cancellationToken)
    {
        var conversation = await api.OpenConversationAsync(cancellationToken);
        thread.Id = conversation.Id;
        Keep(thread);
        _conversations.Insert(0, conversation with { Title = turn.Question });
        Notify();
        return conversation.Id;
    }

    /// <summary>Hanging up does not stop an answer, so it is said.</summary>
    private async Task CancelAsync(ChatThread thread, Turn turn)
    {
        if (thread.Id is not { } id || _closing.IsCancellationRequested)
            return;
        try
        {
            await api.CancelAsync(id, turn.MessageId, _closing.Token);
        }
        catch (Exception e) when (e is ApiException or OperationCanceledException)
        {
            // It was whole already, or the conversation is gone.
        }
    }

    private async Task FollowAsync(Turn turn, IAsyncEnumerable<AnswerEvent> events)
    {
        var frame = Task.CompletedTask;
        await foreach (var step in events)
        {
            if (step.Delta is { } delta)
                turn.Add(delta.Text);
            else if (step.Done is { } answer)
                turn.Complete(answer);

            if (frame.IsCompleted)
                frame = NotifySoonAsync();
        }
    }

    private async Task NotifySoonAsync()
    {
        await Task.Delay(FrameTime, clock, _closing.Token);
        Notify();
    }

    /// <summary>Brings the titles and the order of the newest conversations; the list is no reason to spoil an answer.</summary>
    private async Task RefreshAsync()
    {
        try
        {
            await LoadAsync();
        }
        catch (Exception e) when (e is ApiException or OperationCanceledException)
        {
            Notify();
        }
    }
}
