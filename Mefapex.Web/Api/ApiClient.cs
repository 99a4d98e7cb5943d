using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Mime;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Accounts;
using Mefapex.Contracts.Chat;
using Mefapex.Web.Accounts;
using Microsoft.AspNetCore.Mvc;

namespace Mefapex.Web.Api;

/// <summary>
/// Everything the web UI asks of the API, on behalf of the signed-in person. Every failure is an
/// <see cref="ApiException"/>, except a cancellation by the caller.
/// </summary>
internal sealed class ApiClient(HttpClient http, CurrentSession session)
{
    private const string Conversations = "api/v1/conversations";

    /// <summary>How often an answer's stream is opened at most.</summary>
    private const int MaxAttempts = 4;

    public async Task<LoginResponse> SignInAsync(string username, string password, CancellationToken cancellationToken)
    {
        using var request = Post("login", new LoginRequest(username, password));
        return await SendAsync<LoginResponse>(request, cancellationToken);
    }

    /// <summary>The second step, after <see cref="ApiException.Challenge"/>.</summary>
    public async Task<LoginResponse> ContinueSignInAsync(string challenge, string code, CancellationToken cancellationToken)
    {
        using var request = Post("api/v1/sign-in/second-factor", new SecondFactorSignIn(challenge, code));
        return await SendAsync<LoginResponse>(request, cancellationToken);
    }

    public async Task<Page<ConversationSummary>> GetConversationsAsync(
        string? cursor,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, WithCursor(Conversations, cursor));
        await AuthorizeAsync(request, cancellationToken);
        return await SendAsync<Page<ConversationSummary>>(request, cancellationToken);
    }

    public async Task<ConversationSummary> OpenConversationAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Conversations);
        await AuthorizeAsync(request, cancellationToken);
        return await SendAsync<ConversationSummary>(request, cancellationToken);
    }

    public async Task DeleteConversationAsync(string id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, PathOf(id));
        await AuthorizeAsync(request, cancellationToken);
        using var response = await SendAsync(request, cancellationToken);
    }

    public async Task<Page<Exchange>> GetExchangesAsync(string id, string? cursor, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, WithCursor($"{PathOf(id)}/messages", cursor));
        await AuthorizeAsync(request, cancellationToken);
        return await SendAsync<Page<Exchange>>(request, cancellationToken);
    }

    /// <summary>
    /// Asks, and yields the answer as it comes; ends after the event that carries the whole answer. A stream that breaks
    /// off is taken up again where it was.
    /// </summary>
    /// <param name="message">Made for this question; asked again under it, the question is not asked twice.</param>
    public async IAsyncEnumerable<AnswerEvent> AskAsync(
        string id,
        string question,
        Guid message,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? last = null;
        for (var attempt = 1; ; attempt++)
        {
            using var request = last is null
                ? Post($"{PathOf(id)}/messages", new ChatRequest(question, MessageId: message))
                : new HttpRequestMessage(HttpMethod.Get, $"{PathOf(id)}/messages/{message}/events");
            if (last is not null)
                request.Headers.Add("Last-Event-ID", last);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaTypeNames.Text.EventStream));
            await AuthorizeAsync(request, cancellationToken);

            using var response = await SendAsync(request, cancellationToken);
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var events = SseParser.Create(body).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
            await using var closing = events.ConfigureAwait(true);
            while (await NextAsync(events, cancellationToken))
            {
                var (type, data) = (events.Current.EventType, events.Current.Data);
                last = events.Current.EventId ?? last;
                switch (type)
                {
                    case ChatEvents.Meta:
                        yield return new AnswerEvent(Meta: Read<ChatMeta>(data));
                        break;
                    case ChatEvents.Delta:
                        yield return new AnswerEvent(Delta: Read<ChatDelta>(data));
                        break;
                    case ChatEvents.Done:
                        yield return new AnswerEvent(Done: Read<ChatAnswer>(data));
                        yield break;
                    case ChatEvents.Error:
                        throw ExceptionOf(Read<ProblemDetails>(data), HttpStatusCode.InternalServerError);
                }
            }

            if (last is null || attempt == MaxAttempts)
                throw new ApiException(ApiFailure.Unavailable, "The stream ended before the answer was whole.");
        }
    }

    /// <summary>Stops an answer that is being made.</summary>
    public async Task CancelAsync(string id, Guid message, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"{PathOf(id)}/messages/{message}");
        await AuthorizeAsync(request, cancellationToken);
        using var response = await SendAsync(request, cancellationToken);
    }

    /// <summary>A few questions that have an answer.</summary>
    public async Task<SuggestionList> GetSuggestionsAsync(CancellationToken cancellationToken)
    {
        var language = CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "en" ? "en" : "tr";
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/v1/suggestions?lang={language}");
        await AuthorizeAsync(request, cancellationToken);
        return await SendAsync<SuggestionList>(request, cancellationToken);
    }

    /// <returns>False also where the connection broke: only the last event says that the answer is whole.</returns>
    private static async Task<bool> NextAsync(
        IAsyncEnumerator<SseItem<string>> events,
        CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception e) when (IsOutage(e, cancellationToken))
        {
            return false;
        }
    }

    private async Task<T> SendAsync<T>(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(request, cancellationToken);
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(WireJson.Options, cancellationToken)
                ?? throw new ApiException(ApiFailure.Unavailable, "The API answered with an empty body.");
        }
        catch (Exception e) when (e is JsonException || IsOutage(e, cancellationToken))
        {
            throw new ApiException(ApiFailure.Unavailable, inner: e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.AcceptLanguage.Add(new StringWithQualityHeaderValue(CultureInfo.CurrentUICulture.Name));
        try
        {
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.IsSuccessStatusCode)
                return response;

            using (response)
                throw ExceptionOf(await ReadProblemAsync(response, cancellationToken), response.StatusCode);
        }
        catch (Exception e) when (IsOutage(e, cancellationToken))
        {
            throw new ApiException(ApiFailure.Unavailable, inner: e);
        }
    }

    private async Task AuthorizeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var token = await session.GetTokenAsync(cancellationToken) ?? throw new ApiException(ApiFailure.SignedOut);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>
    /// Resilience policies throw exceptions of their own (circuit open, time-out) whose types differ between the
    /// package profiles, so whatever sending throws counts as an outage unless the caller cancelled.
    /// </summary>
    private static bool IsOutage(Exception e, CancellationToken cancellationToken) =>
        e is not ApiException && !cancellationToken.IsCancellationRequested;

    private static ApiException ExceptionOf(ProblemDetails? problem, HttpStatusCode status) =>
        new(ApiException.FailureOf((HttpStatusCode?)problem?.Status ?? status), problem?.Detail)
        {
            Challenge = problem?.Extensions.TryGetValue("challenge", out var challenge) is true ? challenge?.ToString() : null,
        };

    private static async Task<ProblemDetails?> ReadProblemAsync(
        HttpResponseMessage response,
        CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType is not (MediaTypeNames.Application.ProblemJson or MediaTypeNames.Application.Json))
            return null;

        try
        {
            return await response.Content.ReadFromJsonAsync<ProblemDetails>(WireJson.Options, cancellationToken);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static T Read<T>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, WireJson.Options)
                ?? throw new ApiException(ApiFailure.Unavailable, "The API sent an empty event.");
        }
        catch (JsonException e)
        {
            throw new ApiException(ApiFailure.Unavailable, inner: e);
        }
    }

    private static HttpRequestMessage Post<T>(string path, T body) =>
        new(HttpMethod.Post, path) { Content = JsonContent.Create(body, options: WireJson.Options) };

    private static string PathOf(string id) => $"{Conversations}/{Uri.EscapeDataString(id)}";

    private static string WithCursor(string path, string? cursor) =>
        cursor is null ? path : $"{path}?cursor={Uri.EscapeDataString(cursor)}";
}
