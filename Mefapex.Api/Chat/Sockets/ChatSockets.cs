using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Security.Claims;
using Mefapex.Api.Accounts;
using Mefapex.Api.Limits;
using Mefapex.Api.Tenants;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Mefapex.Api.Chat.Sockets;

/// <summary>Serves sockets to their end: until the other side closes, the token or its session ends, or the process stops.</summary>
internal sealed partial class ChatSockets(
    IServiceScopeFactory scopes,
    IOptions<ChatOptions> options,
    IOptions<JsonOptions> json,
    RequestLimits limits,
    LiveSessions sessions,
    OpenSockets open,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<ChatSockets> logger)
{
    /// <summary>The token or its session has ended: sign in and connect again.</summary>
    public const WebSocketCloseStatus TokenEnded = (WebSocketCloseStatus)4401;

    /// <summary>How long the other side has to answer a close.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(3);

    public async Task ServeAsync(
        WebSocket socket,
        TenantScope tenant,
        Caller caller,
        string? sessionId,
        ClaimsPrincipal principal,
        IPAddress? address,
        CancellationToken aborted)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        using var session = new ChatSocket(
            socket,
            tenant,
            caller,
            sessionId,
            ct => limits.TakeAsync(LimitKind.Chat, principal, address, ct),
            scopes,
            options.Value,
            json.Value.SerializerOptions,
            time,
            logger);
        try
        {
            await session.OpenAsync(aborted);
            using var shown = open.Add(session);
            var working = session.WorkAsync(ending.Token);
            var receiving = session.ReceiveAsync(aborted);
            var expiring = Task.Delay(Remaining(principal), time, ending.Token);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping, ending.Token);
            var stopping = Task.Delay(Timeout.InfiniteTimeSpan, time, stop.Token);
            var ended = caller.Session is { } id ? sessions.WhenEndedAsync(id, ending.Token) : stopping;
            var first = await Task.WhenAny(receiving, expiring, stopping, working, ended);
            var (status, reason) = first == expiring ? (TokenEnded, "token-expired")
                : first == ended && first != stopping ? (TokenEnded, "session-ended")
                : first == receiving ? await receiving
                : first == working ? (WebSocketCloseStatus.InternalServerError, "failed")
                : (WebSocketCloseStatus.EndpointUnavailable, "stopping");
            await ending.CancelAsync();
            await session.CloseAsync(status, reason, aborted);
            await session.DrainAsync(receiving, aborted).WaitAsync(Farewell, time, aborted);
            await working;
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or TimeoutException)
        {
            LogBroke(e.Message);
            socket.Abort();
        }
    }

    private TimeSpan Remaining(ClaimsPrincipal principal)
    {
        var ends = long.Parse(principal.FindFirstValue("exp")!, CultureInfo.InvariantCulture);
        var remaining = DateTimeOffset.FromUnixTimeSeconds(ends) - time.GetUtcNow();
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    [LoggerMessage(LogLevel.Debug, "A socket broke off: {Reason}")]
    private partial void LogBroke(string reason);
}
