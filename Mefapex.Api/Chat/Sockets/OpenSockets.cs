using System.Collections.Concurrent;
using System.Collections.Immutable;
using Mefapex.Api.Data;
using Mefapex.Api.Shared;
using Mefapex.Contracts.Chat;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Chat.Sockets;

/// <summary>
/// The sockets of this process, and the people who have some at other replicas. What happens in a conversation is shown in
/// every socket that is in it, wherever it was asked: ids go over the bus, and the replica with the socket reads the rest. Nothing is
/// sent about people who have no socket elsewhere.
/// </summary>
internal sealed partial class OpenSockets(
    IReplicaBus bus,
    IServiceScopeFactory scopes,
    TimeProvider time,
    ILogger<OpenSockets> logger) : BackgroundService
{
    private const string Here = "here";
    private const string Who = "who";
    private const string Typing = "typing";
    private const string Answer = "answer";

    /// <summary>People named in one message.</summary>
    private const int Batch = 100;

    /// <summary>How often the others are told who is here; they believe it for three times as long.</summary>
    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(30);

    private readonly string _replica = Guid.NewGuid().ToString("N");
    private readonly ConcurrentDictionary<Guid, ImmutableList<ChatSocket>> _here = new();
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _elsewhere = new();

    /// <summary>Has the socket shown what happens in its conversation, and closed when its session ends.</summary>
    /// <returns>To be disposed when the socket closes.</returns>
    public IDisposable Add(ChatSocket socket)
    {
        _here.AddOrUpdate(socket.Caller.UserId, [socket], (_, others) => others.Add(socket));
        bus.Tell(BusChannels.Sockets, $"{Here} {_replica} {socket.Caller.UserId:N}", logger);
        return new Registration(this, socket);
    }

    /// <summary>Tells that a question is being answered, or is not any more.</summary>
    public void ShowTyping(AcceptedQuestion asked, bool typing)
    {
        var (user, conversation) = (asked.Caller.UserId, asked.Conversation.Id);
        foreach (var socket in In(user, conversation).Where(s => s.Id != asked.Origin))
            socket.Show(new SocketTyping(typing));
        if (IsElsewhere(user))
            bus.Tell(BusChannels.Sockets, $"{Typing} {_replica} {user:N} {conversation:N} {(typing ? 1 : 0)}", logger);
    }

    /// <summary>Tells that a question was answered and stored.</summary>
    public void ShowAnswer(AcceptedQuestion asked, ChatAnswer answer)
    {
        var (user, conversation) = (asked.Caller.UserId, asked.Conversation.Id);
        foreach (var socket in In(user, conversation).Where(s => s.Id != asked.Origin))
            socket.Show(asked.Text, answer);
        if (IsElsewhere(user))
            bus.Tell(BusChannels.Sockets, $"{Answer} {_replica} {user:N} {conversation:N} {asked.MessageId:N}", logger);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var heard = bus.Subscribe(BusChannels.Sockets, Heard, Ask);
        Ask();
        while (true)
        {
            await Task.Delay(TellInterval, time, stoppingToken);
            TellWhoIsHere();
            foreach (var person in _elsewhere.Keys)
                IsElsewhere(person);
        }
    }

    private void Ask() => bus.Tell(BusChannels.Sockets, $"{Who} {_replica}", logger);

    private void TellWhoIsHere()
    {
        foreach (var people in _here.Keys.Chunk(Batch))
            bus.Tell(BusChannels.Sockets, $"{Here} {_replica} {string.Join(' ', people.Select(p => p.ToString("N")))}", logger);
    }

    private void Heard(string message)
    {
        var parts = message.Split(' ');
        if (parts.Length < 2 || parts[1] == _replica)
            return;
        switch (parts)
        {
            case [Who, _]:
                TellWhoIsHere();
                break;
            case [Here, _, .. var people]:
                var until = time.GetUtcNow() + (3 * TellInterval);
                foreach (var person in people)
                    _elsewhere[Guid.ParseExact(person, "N")] = until;
                break;
            case [Typing, _, var user, var conversation, var typing]:
                foreach (var socket in In(Guid.ParseExact(user, "N"), Guid.ParseExact(conversation, "N")))
                    socket.Show(new SocketTyping(typing == "1"));
                break;
            case [Answer, _, var user, var conversation, var id]:
                var sockets = In(Guid.ParseExact(user, "N"), Guid.ParseExact(conversation, "N")).ToList();
                if (sockets.Count > 0)
                    _ = ShowStoredAsync(sockets, Guid.ParseExact(id, "N"));
                break;
        }
    }

    private async Task ShowStoredAsync(List<ChatSocket> sockets, Guid messageId)
    {
        try
        {
            var (userId, tenantId) = (sockets[0].Caller.UserId, sockets[0].Tenant.Id);
            using var scoped = DataScope.Of(tenantId);
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<MefapexDb>();
            var stored = await db.Exchanges.AsNoTracking().SingleOrDefaultAsync(
                e => e.Id == messageId && e.UserId == userId && e.TenantId == tenantId, CancellationToken.None);
            foreach (var socket in stored is null ? [] : sockets)
                socket.Show(stored!.Question, stored.ToAnswer());
        }
        catch (Exception e) when (DatabaseFault.IsOutage(e))
        {
            LogNotShown(messageId, e.GetBaseException().Message);
        }
    }

    private IEnumerable<ChatSocket> In(Guid userId, Guid conversationId) =>
        _here.TryGetValue(userId, out var sockets) ? sockets.Where(s => s.ConversationId == conversationId) : [];

    private void Remove(ChatSocket socket)
    {
        var user = socket.Caller.UserId;
        while (_here.TryGetValue(user, out var sockets))
        {
            var others = sockets.Remove(socket);
            if (others.IsEmpty ? _here.TryRemove(KeyValuePair.Create(user, sockets)) : _here.TryUpdate(user, others, sockets))
                return;
        }
    }

    /// <summary>Whether the person has a socket at another replica, as far as this one has heard.</summary>
    public bool IsElsewhere(Guid userId)
    {
        if (!_elsewhere.TryGetValue(userId, out var until))
            return false;
        if (until > time.GetUtcNow())
            return true;
        _elsewhere.TryRemove(KeyValuePair.Create(userId, until));
        return false;
    }

    [LoggerMessage(LogLevel.Warning, "The answer {MessageId} of another replica was not shown in a socket: {Reason}")]
    private partial void LogNotShown(Guid messageId, string reason);

    private sealed class Registration(OpenSockets all, ChatSocket socket) : IDisposable
    {
        public void Dispose() => all.Remove(socket);
    }
}
