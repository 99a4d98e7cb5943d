using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Mefapex.Api.Accounts;
using Mefapex.Api.Conversations;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Limits;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;

namespace Mefapex.Api.Chat.Sockets;

/// <summary>
/// One person's socket. What needs the database waits in a queue and is done one by one; the rest is answered at once.
/// </summary>
internal sealed partial class ChatSocket(
    WebSocket socket,
    TenantScope tenant,
    Caller caller,
    string? sessionId,
    Func<CancellationToken, ValueTask<LimitVerdict?>> takeToken,
    IServiceScopeFactory scopes,
    ChatOptions options,
    JsonSerializerOptions json,
    TimeProvider time,
    ILogger logger) : IDisposable
{
    private const int MaxMessageBytes = 64 * 1024;
    private const int BufferBytes = 4 * 1024;
    private const int DefaultHistory = 20;

    private readonly Channel<Func<CancellationToken, Task>> _work =
        Channel.CreateBounded<Func<CancellationToken, Task>>(options.SocketQueue);

    private readonly SemaphoreSlim _sending = new(1);
    private Guid _newSession = Guid.CreateVersion7(time.GetUtcNow());
    private string? _session = sessionId;

    public Guid Id { get; } = Guid.NewGuid();

    public Caller Caller => caller;

    public TenantScope Tenant => tenant;

    /// <summary>The conversation that questions go to; null where the client named none that there can be.</summary>
    public Guid? ConversationId => _session is null ? _newSession : Guid.TryParse(_session, out var id) ? id : null;

    /// <summary>Sends what happened elsewhere, without waiting for it.</summary>
    public void Show(SocketTyping typing) => _ = ShowAsync(ct => SendAsync(typing, ct));

    /// <summary>Sends an exchange that was asked elsewhere, without waiting for it.</summary>
    public void Show(string question, ChatAnswer answer) => _ = ShowAsync(async ct =>
    {
        await SendAsync(new SocketQuestion(question, answer.MessageId!, answer.SessionId!, time.GetUtcNow()), ct);
        await SendAsync(ResponseOf(answer), ct);
    });

    public Task OpenAsync(CancellationToken cancellationToken) =>
        SendAsync(new SocketOpened(_session ?? _newSession.ToString(), caller.UserId.ToString(), time.GetUtcNow()), cancellationToken);

    /// <summary>Does what is queued, until it is cancelled.</summary>
    public async Task WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var work in _work.Reader.ReadAllAsync(cancellationToken))
                await work(cancellationToken);
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is OperationCanceledException or WebSocketException)
        {
        }
    }

    /// <summary>Takes messages in until the other side closes or sends one that is too large.</summary>
    /// <returns>How to close.</returns>
    public async Task<(WebSocketCloseStatus Status, string Reason)> ReceiveAsync(CancellationToken cancellationToken)
    {
        var message = new ArrayBufferWriter<byte>(BufferBytes);
        while (true)
        {
            var part = await socket.ReceiveAsync(message.GetMemory(BufferBytes), cancellationToken);
            if (part.MessageType == WebSocketMessageType.Close)
                return (WebSocketCloseStatus.NormalClosure, "");
            message.Advance(part.Count);
            if (message.WrittenCount > MaxMessageBytes)
                return (WebSocketCloseStatus.MessageTooBig, "message-too-big");
            if (!part.EndOfMessage || socket.State != WebSocketState.Open)
                continue;

            if (part.MessageType == WebSocketMessageType.Binary)
                await RefuseAsync(ChatProblems.Text("socket.text"), cancellationToken);
            else
                await TakeAsync(message.WrittenMemory, cancellationToken);
            message.ResetWrittenCount();
        }
    }

    public async Task CloseAsync(WebSocketCloseStatus status, string reason, CancellationToken cancellationToken)
    {
        _work.Writer.TryComplete();
        await _sending.WaitAsync(cancellationToken);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(status, reason, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Reads on until the other side has closed too: a connection dropped with something unread in it may cost
    /// that side the reason.</summary>
    public async Task DrainAsync(Task receiving, CancellationToken cancellationToken)
    {
        await receiving;
        var rest = new byte[BufferBytes];
        while (socket.State == WebSocketState.CloseSent)
            await socket.ReceiveAsync(rest.AsMemory(), cancellationToken);
    }

    public void Dispose() => _sending.Dispose();

    private async Task TakeAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellationToken)
    {
        if (Read(utf8) is not { } message)
        {
            await RefuseAsync(ChatProblems.Text("socket.json"), cancellationToken);
            return;
        }

        switch (message.Type)
        {
            case SocketTypes.ChatMessage:
                if (await takeToken(cancellationToken) is { Allowed: false } verdict)
                    await RefuseAsync(LimitProblems.Text("too-many-requests", verdict.RetryAfterSeconds), cancellationToken);
                else
                    await QueueAsync(ct => AnswerAsync(message, ct), cancellationToken);
                break;
            case SocketTypes.GetHistory when message.Limit is null or (>= 1 and <= History.Newest):
                await QueueAsync(ct => ShowHistoryAsync(message.Limit ?? DefaultHistory, ct), cancellationToken);
                break;
            case SocketTypes.GetHistory:
                await RefuseAsync(ChatProblems.Text("socket.limit", History.Newest), cancellationToken);
                break;
            case SocketTypes.ClearHistory:
                await QueueAsync(ClearHistoryAsync, cancellationToken);
                break;
            case SocketTypes.Ping:
                await SendAsync(new SocketPong(time.GetUtcNow()), cancellationToken);
                break;
            case SocketTypes.TypingStart or SocketTypes.TypingStop:
                break;
            default:
                await RefuseAsync(ChatProblems.Text("socket.type", string.Join(", ", SocketTypes.FromClient)), cancellationToken);
                break;
        }
    }

    /// <returns>Null where it is not a JSON object with a type, or holds text that is none.</returns>
    private static SocketMessage? Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || Text("type") is not { } type)
                return null;
            return new SocketMessage(
                type,
                Text("message"),
                Text("message_id") is { } id && Guid.TryParse(id, out var parsed) ? parsed : null,
                root.TryGetProperty("limit", out var limit) && limit.ValueKind != JsonValueKind.Null
                    ? limit.ValueKind == JsonValueKind.Number && limit.TryGetInt32(out var number) ? number : 0
                    : null);

            string? Text(string name) =>
                root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private async Task QueueAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        if (!_work.Writer.TryWrite(ct => GuardAsync(work, ct)))
            await RefuseAsync(ChatProblems.Text("socket.busy", options.SocketQueue), cancellationToken);
    }

    /// <summary>A failure is told to the person, and the socket stays open.</summary>
    private async Task GuardAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
        }
        catch (Exception e) when (e is not (OperationCanceledException or WebSocketException))
        {
            LogFailed(e);
            var problem = DatabaseFault.IsOutage(e) ? DatabaseOutage.Problem() : ChatProblems.AnswerFailed();
            await RefuseAsync(problem.ProblemDetails.Detail!, cancellationToken);
        }
    }

    private async Task AnswerAsync(SocketMessage message, CancellationToken cancellationToken)
    {
        await SendAsync(new SocketTyping(true), cancellationToken);
        ChatReply reply;
        try
        {
            reply = await AskAsync(message, cancellationToken);
        }
        finally
        {
            await SendAsync(new SocketTyping(false), cancellationToken);
        }

        if (reply.Answer is not { } answer)
        {
            await RefuseAsync(reply.Problem!.ProblemDetails.Detail!, cancellationToken);
            return;
        }

        _session = answer.SessionId;
        await SendAsync(ResponseOf(answer), cancellationToken);
    }

    private JsonObject ResponseOf(ChatAnswer answer)
    {
        var response = JsonSerializer.SerializeToNode(answer, json)!.AsObject();
        response["type"] = SocketTypes.ChatResponse;
        response["timestamp"] = JsonSerializer.SerializeToNode(time.GetUtcNow(), json);
        return response;
    }

    private static async Task ShowAsync(Func<CancellationToken, Task> send)
    {
        try
        {
            await send(CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Who has gone needs not see it.
        }
    }

    private async Task<ChatReply> AskAsync(SocketMessage message, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();

        // A socket outlives the moment at which its tenant was found to be in use.
        if (await scope.ServiceProvider.GetRequiredService<TenantDirectory>().FindAsync(tenant.Slug, cancellationToken) is { } present
            && RequestTenant.SuspensionFor(caller, present) is { } suspended)
        {
            return suspended;
        }

        var chat = scope.ServiceProvider.GetRequiredService<ChatService>();
        var (run, problem) = await chat.StartAsync(
            tenant,
            caller,
            _session,
            new ChatRequest(message.Message, MessageId: message.MessageId),
            cancellationToken,
            newConversation: _newSession,
            origin: Id);
        return run is null ? problem! : await run.Reply.WaitAsync(cancellationToken);
    }

    private async Task ShowHistoryAsync(int limit, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var history = await History.ReadAsync(
            scope.ServiceProvider.GetRequiredService<MefapexDb>(), caller.UserId, limit, cancellationToken);
        await SendAsync(
            new SocketHistory(new SocketHistoryData(history.Messages, history.Messages.Count)), cancellationToken);
    }

    private async Task ClearHistoryAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await History.ClearAsync(
            scope.ServiceProvider.GetRequiredService<MefapexDb>(),
            scope.ServiceProvider.GetRequiredService<ConversationContexts>(),
            caller.UserId,
            cancellationToken);
        (_session, _newSession) = (null, Guid.CreateVersion7(time.GetUtcNow()));
        await SendAsync(new SocketHistoryCleared(_newSession.ToString(), Texts.HistoryCleared), cancellationToken);
    }

    private Task RefuseAsync(string message, CancellationToken cancellationToken) =>
        SendAsync(new SocketError(message), cancellationToken);

    private async Task SendAsync<T>(T message, CancellationToken cancellationToken)
    {
        var utf8 = JsonSerializer.SerializeToUtf8Bytes(message, json);
        await _sending.WaitAsync(cancellationToken);
        try
        {
            if (socket.State == WebSocketState.Open)
                await socket.SendAsync(utf8, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    [LoggerMessage(LogLevel.Error, "A message of a socket failed")]
    private partial void LogFailed(Exception exception);

    private sealed record SocketMessage(string Type, string? Message, Guid? MessageId, int? Limit);
}
