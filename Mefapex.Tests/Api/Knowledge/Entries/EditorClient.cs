using System.Net.Http.Headers;
using System.Net.Http.Json;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge.Entries;

/// <summary>An editor at work over HTTP.</summary>
internal sealed class EditorClient(HttpClient http) : IDisposable
{
    public const string Root = "/api/v1/knowledge";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public HttpClient Http => http;

    /// <param name="tenant">For the operator: the tenant to work on.</param>
    public static async Task<EditorClient> SignInAsync(ApiHost host, string username = "editor", string? tenant = null)
    {
        var http = await host.SignInAsync(username);
        if (tenant is not null)
            http.DefaultRequestHeaders.Add(RequestTenant.Header, tenant);
        return new(http);
    }

    public static EntryWrite Write(string question, string answer, string title = "Terlik dolabı", string? id = null) => new()
    {
        Id = id,
        Category = "Yemekhane",
        Owner = "İdari İşler",
        ValidFrom = new DateOnly(2026, 1, 1),
        Tags = ["terlik"],
        Texts = new Dictionary<string, EntryTextWrite?> { ["tr"] = new(title, [question], answer) },
    };

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null, string? ifMatch = null) =>
        SendAsync(method, path, body is null ? null : JsonContent.Create(body, body.GetType(), options: WireJson.Options), ifMatch);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, string? ifMatch)
    {
        using var request = new HttpRequestMessage(method, new Uri(Root + path, UriKind.Relative)) { Content = content };
        if (ifMatch is not null)
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Parse(ifMatch));
        return await http.SendAsync(request, Cancellation);
    }

    public async Task<T> ReadAsync<T>(string path) => await http.GetWireAsync<T>(Root + path);

    public async Task<Entry> CreateAsync(EntryWrite write)
    {
        using var response = await SendAsync(HttpMethod.Post, "/entries", write);
        return await response.ReadWireAsync<Entry>();
    }

    /// <summary>A change of an entry that was seen as it is.</summary>
    public async Task<Entry> DoAsync(Entry entry, string move, object? body = null)
    {
        using var response = await TryAsync(entry, move, body);
        return await response.ReadWireAsync<Entry>();
    }

    public Task<HttpResponseMessage> TryAsync(Entry entry, string move, object? body = null) => move == "edit"
        ? SendAsync(HttpMethod.Put, $"/entries/{entry.Id}", body, $"\"{entry.Revision}\"")
        : SendAsync(HttpMethod.Post, $"/entries/{entry.Id}/{move}", body, $"\"{entry.Revision}\"");

    /// <summary>Creates an entry and takes it to publication.</summary>
    public async Task<Entry> PublishAsync(EntryWrite write) =>
        await DoAsync(await DoAsync(await CreateAsync(write), "review"), "publish");

    /// <summary>What this person is answered.</summary>
    public Task<ChatAnswer> AskAsync(string question) => AskAsync(http, question);

    public static Task<ChatAnswer> AskAsync(HttpClient http, string question) =>
        http.PostWireAsync<ChatAnswer>("/chat", new ChatRequest(question));

    public void Dispose() => http.Dispose();
}
