using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;

namespace Mefapex.Tests.Api.Chat;

/// <summary>Asking for answers as server-sent events, and reading them.</summary>
internal static class EventStream
{
    public static Task<HttpResponseMessage> AskForEventsAsync(this HttpClient client, string conversation, ChatRequest question) =>
        SendAsync(client, new HttpRequestMessage(HttpMethod.Post, $"/api/v1/conversations/{conversation}/messages")
        {
            Content = JsonContent.Create(question, options: WireJson.Options),
        });

    public static Task<HttpResponseMessage> FollowAsync(
        this HttpClient client, string conversation, string message, string? lastEventId = null)
    {
        var request = new HttpRequestMessage(
            HttpMethod.Get, $"/api/v1/conversations/{conversation}/messages/{message}/events");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        return SendAsync(client, request);
    }

    /// <summary>The events up to the end of the stream.</summary>
    public static async Task<List<SseItem<string>>> ReadEventsAsync(this HttpResponseMessage response) =>
        await response.EventsAsync().ToListAsync(TestContext.Current.CancellationToken);

    public static async IAsyncEnumerable<SseItem<string>> EventsAsync(this HttpResponseMessage response)
    {
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(TestContext.Current.CancellationToken))
            yield return item;
    }

    public static T Read<T>(this SseItem<string> item) => JsonSerializer.Deserialize<T>(item.Data, WireJson.Options)!;

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request)
    {
        using (request)
        {
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
            return await client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        }
    }
}
