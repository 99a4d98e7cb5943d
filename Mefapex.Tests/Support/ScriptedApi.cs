using System.Collections.Concurrent;
using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mefapex.Tests.Support;

/// <summary>
/// An API that speaks the contract over a real socket and does what the real one cannot be made to do at will: answer
/// slowly, break off, refuse, degrade. Conversations are kept in memory for one person.
/// </summary>
public sealed class ScriptedApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, List<Exchange>> _conversations = new(StringComparer.Ordinal);

    private ScriptedApi(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    /// <summary>Answers a question; by default in two pieces with one source.</summary>
    public Func<ScriptedAnswer, Task> Answer { get; set; } = stream => stream.AnswerAsync("Bu bir ", "**yanıt**.");

    /// <summary>Set to refuse everything with this status instead.</summary>
    public HttpStatusCode? Refusal { get; set; }

    /// <summary>Sends the rest of an answer whose stream broke off, behind the event that is named.</summary>
    public Func<ScriptedAnswer, string, Task> Rest { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Messages whose answers were stopped.</summary>
    public ConcurrentQueue<string> Cancelled { get; } = new();

    /// <summary>Id of each question.</summary>
    public ConcurrentQueue<Guid> Asked { get; } = new();

    /// <summary>Id of the trace that each question came with.</summary>
    public ConcurrentQueue<string> Traces { get; } = new();

    public static async Task<ScriptedApi> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.ConfigureHttpJsonOptions(json => WireJson.Configure(json.SerializerOptions));
        var app = builder.Build();
        var api = new ScriptedApi(app);
        app.Use(api.RefuseAsync);
        app.MapPost("/login", SignIn);
        app.MapPost("/api/v1/sign-in/second-factor", (SecondFactorSignIn step) =>
            step is { Challenge: "a-challenge", Code: "123456" } ? SignIn(new("demo", "1234")) : Results.Problem("Kod yanlış.", statusCode: 401));
        app.MapGet("/api/v1/conversations", api.List);
        app.MapPost("/api/v1/conversations", api.Open);
        app.MapDelete("/api/v1/conversations/{id}", (string id) =>
            api._conversations.TryRemove(id, out _) ? Results.NoContent() : Results.Problem(statusCode: 404));
        app.MapGet("/api/v1/conversations/{id}/messages", (string id) => api._conversations.TryGetValue(id, out var exchanges)
            ? Results.Ok(new Page<Exchange>(exchanges, Next: null))
            : Results.Problem(statusCode: 404));
        app.MapPost("/api/v1/conversations/{id}/messages", api.AskAsync);
        app.MapGet("/api/v1/conversations/{id}/messages/{message}/events", api.FollowAsync);
        app.MapDelete("/api/v1/conversations/{id}/messages/{message}", (string message) =>
        {
            api.Cancelled.Enqueue(message);
            return Results.NoContent();
        });
        app.MapGet("/api/v1/suggestions", () => new SuggestionList([new Suggestion("Önerilen soru?", "kaynak", "Konu")]));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return api;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static IResult SignIn(LoginRequest login) => login.Password == "needs a code"
        ? Results.Problem(statusCode: 401, extensions: new Dictionary<string, object?> { ["challenge"] = "a-challenge" })
        : login.Password == "1234"
        ? Results.Ok(new LoginResponse("a-token", "bearer", 3600, new UserInfo(
            login.Username!, "7d1c", "Demo Çalışan", Email: null, "fabrika", "Mefapex Fabrika", [Roles.Member])))
        : Results.Problem(statusCode: 401);

    private async Task RefuseAsync(HttpContext context, RequestDelegate next)
    {
        if (Refusal is { } status && context.Request.Path != "/login")
            await Results.Problem(statusCode: (int)status).ExecuteAsync(context);
        else
            await next(context);
    }

    private Page<ConversationSummary> List() => new(
        [.. _conversations
            .Where(conversation => conversation.Value.Count > 0)
            .OrderByDescending(conversation => conversation.Value[^1].AskedAt)
            .Select(conversation => new ConversationSummary(
                conversation.Key,
                conversation.Value[0].Question,
                conversation.Value[0].AskedAt,
                conversation.Value[^1].AskedAt,
                conversation.Value.Count))],
        Next: null);

    private ConversationSummary Open()
    {
        var id = Guid.NewGuid().ToString();
        _conversations[id] = [];
        return new ConversationSummary(id, "", TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow(), 0);
    }

    private async Task FollowAsync(string id, string message, HttpContext context)
    {
        var stream = new ScriptedAnswer(id, message, context);
        await Rest(stream, context.Request.Headers["Last-Event-ID"].ToString());
        if (!context.Response.HasStarted)
            await Results.Problem(statusCode: 404).ExecuteAsync(context);
    }

    private async Task AskAsync(string id, ChatRequest request, HttpContext context)
    {
        Traces.Enqueue(context.Request.Headers.TraceParent.ToString().Split('-').ElementAtOrDefault(1) ?? "");
        Asked.Enqueue(request.MessageId!.Value);
        var stream = new ScriptedAnswer(id, request.Message!, context);
        await Answer(stream);
        if (stream.Given is { } answer)
            _conversations[id].Add(new Exchange(answer.MessageId!, request.Message!, answer, TimeProvider.System.GetUtcNow()));
    }
}

/// <summary>The answer that a script gives to one question.</summary>
public sealed class ScriptedAnswer(string conversation, string question, HttpContext context)
{
    public string Question => question;

    /// <summary>Cancelled when the caller hangs up.</summary>
    public CancellationToken HungUp => context.RequestAborted;

    /// <summary>The whole answer, once it was given.</summary>
    public ChatAnswer? Given { get; private set; }

    public Task PieceAsync(string text, string? id = null) => SendAsync(ChatEvents.Delta, new ChatDelta(text), id);

    /// <summary>Ends the stream in the middle.</summary>
    public void BreakOff() => context.Abort();

    public Task FailAsync(HttpStatusCode status) =>
        SendAsync(ChatEvents.Error, new ProblemDetails { Status = (int)status });

    public Task AnswerAsync(params string[] pieces) => AnswerAsync(pieces, Answered());

    /// <summary>Sends the pieces and ends with them as the answer's text, where the answer has none of its own.</summary>
    public async Task AnswerAsync(IReadOnlyList<string> pieces, ChatAnswer answer)
    {
        foreach (var piece in pieces)
            await PieceAsync(piece);
        Given = answer with
        {
            Response = answer.Response.Length > 0 ? answer.Response : string.Concat(pieces),
            SessionId = conversation,
            MessageId = Guid.NewGuid().ToString(),
        };
        await SendAsync(ChatEvents.Done, Given);
    }

    public static ChatAnswer Answered(string decision = Decision.Answer, string degradation = Degradation.NoGenerator) => new()
    {
        Response = "",
        Source = "knowledge",
        Decision = decision,
        Sources = [new AnswerSource("kaynak", "Kaynağın başlığı", "entry", 0.93, "Konu", "Sorumlu Birim", new DateOnly(2026, 1, 1))],
        Confidence = 0.93,
        Language = "tr",
        Degradation = degradation,
    };

    private async Task SendAsync<T>(string type, T data, string? id = null)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "text/event-stream";
            context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        }

        await context.Response.WriteAsync(
            $"{(id is null ? "" : $"id: {id}\n")}event: {type}\ndata: {JsonSerializer.Serialize(data, WireJson.Options)}\n\n", HungUp);
        await context.Response.Body.FlushAsync(HungUp);
    }
}
