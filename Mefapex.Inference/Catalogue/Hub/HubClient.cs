using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization;

namespace Mefapex.Inference.Catalogue.Hub;

/// <summary>
/// The two calls of a hub that are needed: which files a revision has, and a file from some byte on. Paths and fields are
/// those of Hugging Face's hub (https://huggingface.co/docs/hub/api).
/// </summary>
internal sealed class HubClient(HttpClient http, HubOptions options)
{
    private const int MaxPages = 100;

    /// <summary>The commit that a branch or tag stands for now.</summary>
    public async Task<string> ResolveAsync(HubReference reference, CancellationToken cancellationToken)
    {
        var url = new Uri(options.Endpoint, $"/api/models/{reference.Repository}/revision/{reference.Revision}");
        using var response = await SendAsync(url, from: 0, reference, cancellationToken);
        var model = await response.Content.ReadFromJsonAsync<Model>(cancellationToken);
        return model?.Sha ?? throw new ModelException(
            ModelFault.Damaged, $"the hub at {options.Endpoint} does not say which commit {reference} is.");
    }

    /// <summary>All files of the reference's folder, by path.</summary>
    public async Task<IReadOnlyList<HubFile>> ListAsync(HubReference reference, CancellationToken cancellationToken)
    {
        var folder = reference.Folder.Length > 0 ? "/" + Escaped(reference.Folder) : "";
        Uri? url = new(
            options.Endpoint,
            $"/api/models/{reference.Repository}/tree/{reference.Revision}{folder}?recursive=true");
        var files = new List<HubFile>();
        for (var page = 0; url is not null && page < MaxPages; page++)
        {
            using var response = await SendAsync(url, from: 0, reference, cancellationToken);
            var items = await response.Content.ReadFromJsonAsync<IReadOnlyList<TreeItem>>(cancellationToken) ?? [];
            files.AddRange(items
                .Where(item => string.Equals(item.Type, "file", StringComparison.Ordinal))
                .Select(item => new HubFile(item.Path, item.Lfs?.Size ?? item.Size, item.Lfs?.Oid, item.Lfs is null ? item.Oid : null)));
            url = NextPage(response, url);
        }

        if (files.Find(file => !HubFile.IsSafe(file.Path)) is { } unsafeFile)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"{reference} has a file with the path {unsafeFile.Path}, which could leave the folder it is put in; nothing was downloaded.");
        }

        return [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    /// <summary>The answer with a file's content from byte <paramref name="from"/> on; 206, or 200 with all of it.</summary>
    public Task<HttpResponseMessage> OpenAsync(
        HubReference reference, HubFile file, long from, CancellationToken cancellationToken) =>
        SendAsync(
            new Uri(options.Endpoint, $"/{reference.Repository}/resolve/{reference.Revision}/{Escaped(file.Path)}"),
            from,
            reference,
            cancellationToken);

    private async Task<HttpResponseMessage> SendAsync(
        Uri url, long from, HubReference reference, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (options.Token is { Length: > 0 } token && string.Equals(url.Authority, options.Endpoint.Authority, StringComparison.OrdinalIgnoreCase))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (from > 0)
            request.Headers.Range = new RangeHeaderValue(from, null);

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            return response;
        using (response)
            throw Refused(response, url, reference);
    }

    /// <summary>What a person can mend is final; what may pass by itself is tried again by the caller.</summary>
    private static Exception Refused(HttpResponseMessage response, Uri url, HubReference reference)
    {
        var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound => new ModelException(
                ModelFault.Missing, $"the hub does not have {reference} (404 at {url}); check owner, name, revision and folder."),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new ModelException(
                ModelFault.Missing,
                $"the hub refuses {reference} ({status} at {url}): accept the model's terms there and set an access token " +
                "(Models:Hub:Token or HF_TOKEN)."),
            >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout =>
                new HttpRequestException($"the hub answered {status} at {url}", null, response.StatusCode),
            _ => new ModelException(ModelFault.Missing, $"the hub answered {status} at {url} for {reference}."),
        };
    }

    private static Uri? NextPage(HttpResponseMessage response, Uri url)
    {
        if (!response.Headers.TryGetValues("Link", out var links))
            return null;
        foreach (var link in links.SelectMany(value => value.Split(',')))
        {
            var end = link.IndexOf('>', StringComparison.Ordinal);
            var start = link.IndexOf('<', StringComparison.Ordinal);
            if (start >= 0 && end > start && link.Contains("rel=\"next\"", StringComparison.Ordinal))
                return new Uri(url, link[(start + 1)..end]);
        }

        return null;
    }

    private static string Escaped(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private sealed record Model([property: JsonPropertyName("sha")] string? Sha);

    private sealed record TreeItem(
        [property: JsonPropertyName("type")] string Type,
        [property: JsonPropertyName("path")] string Path,
        [property: JsonPropertyName("size")] long Size,
        [property: JsonPropertyName("oid")] string? Oid,
        [property: JsonPropertyName("lfs")] LargeFile? Lfs);

    private sealed record LargeFile(
        [property: JsonPropertyName("oid")] string Oid,
        [property: JsonPropertyName("size")] long Size);
}
