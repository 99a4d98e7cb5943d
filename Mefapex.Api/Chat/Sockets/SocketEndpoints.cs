using Mefapex.Api.Accounts;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Chat.Sockets;

/// <summary>The WebSocket of the old contract.</summary>
internal static class SocketEndpoints
{
    private const string Path = "/ws";

    /// <summary>The subprotocol that a browser names together with the token, as it cannot send an Authorization header.</summary>
    private const string BearerProtocol = "bearer";

    public static void AddChatSockets(this IServiceCollection services)
    {
        services.AddSingleton<ChatSockets>();
        services.AddSingleton<OpenSockets>();
        services.AddHostedService(provider => provider.GetRequiredService<OpenSockets>());
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).PostConfigure(bearer =>
        {
            var otherwise = bearer.Events.OnMessageReceived;
            bearer.Events.OnMessageReceived = context =>
            {
                if (context.Request.Path.StartsWithSegments(Path, StringComparison.Ordinal)
                    && context.Request.Headers.Authorization.Count == 0)
                {
                    context.Token = TokenOf(context.HttpContext);
                }

                return otherwise(context);
            };
        });
    }

    public static void MapChatSockets(this IEndpointRouteBuilder endpoints)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Connect];
        var sockets = endpoints.MapGroup(Path).ExcludeFromDescription().NeedsDatabase().Requires(Policies.Chat.Write);
        sockets.MapMethods("", methods, ConnectAsync);
        sockets.MapMethods("/{userId}", methods, ConnectAsync);
    }

    /// <param name="sessionId">The conversation to continue.</param>
    private static async Task<IResult> ConnectAsync(
        HttpContext http,
        Caller caller,
        RequestTenant tenant,
        ChatSockets sockets,
        IOptions<WebOptions> web,
        [FromQuery(Name = "session_id")] string? sessionId = null)
    {
        if (!http.WebSockets.IsWebSocketRequest)
            return ChatProblems.SocketNeeded();
        // The address is never trusted: it may only repeat who is signed in.
        if (http.GetRouteValue("userId") is string userId && !(Guid.TryParse(userId, out var named) && named == caller.UserId))
            return ChatProblems.SocketOfAnother();
        var origin = http.Request.Headers.Origin.ToString();
        if (origin.Length > 0 && !web.Value.Allows(origin, http.Request))
            return ChatProblems.OriginRefused(origin);
        if (await tenant.ResolveAsync(http) is { } problem)
            return problem;

        var offersBearer = http.WebSockets.WebSocketRequestedProtocols.Contains(BearerProtocol, StringComparer.OrdinalIgnoreCase);
        using var socket = await http.WebSockets.AcceptWebSocketAsync(offersBearer ? BearerProtocol : null);
        await sockets.ServeAsync(socket, tenant.Scope, caller, sessionId, http.User, http.Connection.RemoteIpAddress, http.RequestAborted);
        return Results.Empty;
    }

    private static string? TokenOf(HttpContext http)
    {
        if (http.Request.Query["token"] is [{ Length: > 0 } token])
            return token;
        var offered = http.WebSockets.WebSocketRequestedProtocols;
        return offered.Count > 1 && offered[0].Equals(BearerProtocol, StringComparison.OrdinalIgnoreCase) ? offered[1] : null;
    }
}
