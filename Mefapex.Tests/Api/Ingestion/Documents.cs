using System.Net;
using System.Net.Http.Headers;
using Mefapex.Api.Data;
using Mefapex.Api.Files;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Ingestion;

/// <summary>Uploading and following documents in tests.</summary>
internal static class Documents
{
    public const string Path = "/api/v1/knowledge/documents";

    public static Task<HttpResponseMessage> UploadAsync(
        this HttpClient client,
        string fileName,
        byte[] content,
        string? mediaType = null,
        params (string Name, string Value)[] fields) => client.SendFileAsync(HttpMethod.Post, Path, fileName, content, mediaType, fields);

    public static async Task<HttpResponseMessage> SendFileAsync(
        this HttpClient client,
        HttpMethod method,
        string path,
        string fileName,
        byte[] content,
        string? mediaType = null,
        params (string Name, string Value)[] fields)
    {
        var file = new ByteArrayContent(content);
        if (mediaType is not null)
            file.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        using var form = new MultipartFormDataContent { { file, "file", fileName } };
        foreach (var (name, value) in fields)
            form.Add(new StringContent(value), name);
        using var request = new HttpRequestMessage(method, path) { Content = form };
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Uploads a file that is accepted as a new document.</summary>
    public static async Task<DocumentRecord> AddAsync(
        this HttpClient client,
        string fileName,
        byte[] content,
        params (string Name, string Value)[] fields)
    {
        using var response = await client.UploadAsync(fileName, content, null, fields);
        var document = await response.ReadWireAsync<DocumentRecord>();
        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        return document;
    }

    /// <summary>Waits until the newest version is neither waiting nor in work.</summary>
    public static async Task<DocumentRecord> FinishedAsync(this HttpClient client, Guid id)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        while (true)
        {
            var document = await client.GetWireAsync<DocumentRecord>($"{Path}/{id}");
            if (!DocumentStatus.IsInWork(document.Status))
                return document;
            await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
        }
    }

    public static async Task<DocumentRecord> AddLiveAsync(
        this HttpClient client,
        string fileName,
        byte[] content,
        params (string Name, string Value)[] fields)
    {
        var added = await client.AddAsync(fileName, content, fields);
        var document = await client.FinishedAsync(added.Id);
        document.Status.ShouldBe(DocumentStatus.Live, document.Problem?.Detail);
        return document;
    }

    /// <summary>The chunks of all versions of a document, in order.</summary>
    public static async Task<List<DocumentChunk>> ChunksAsync(this ApiHost api, Guid id)
    {
        await using var db = api.Services.WholeDatabase();
        return await db.DocumentChunks.AsNoTracking().Where(c => c.DocumentId == id)
            .OrderBy(c => c.Version).ThenBy(c => c.Position).ToListAsync(TestContext.Current.CancellationToken);
    }

    public static FileStore Files(this ApiHost api) => api.Services.GetRequiredService<FileStore>();
}
