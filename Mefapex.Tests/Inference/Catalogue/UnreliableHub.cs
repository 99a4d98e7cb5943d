using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mefapex.Tests.Inference.Catalogue;

/// <summary>A model hub on the loopback interface that serves one repository and misbehaves as told.</summary>
internal sealed class UnreliableHub : IAsyncDisposable
{
    public const string Repository = "clinic/encoder";
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly WebApplication _app;
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _large = new(StringComparer.Ordinal);

    private UnreliableHub()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public Uri Address => new(_app.Urls.Single());

    /// <summary>Each request as <c>path</c> or <c>path bytes=N-</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    public ConcurrentQueue<string?> Tokens { get; } = [];

    /// <summary>Asked before a file is sent; how many bytes of the answer go out before the connection drops.</summary>
    public Func<string, int?> DropAfter { get; set; } = _ => null;

    /// <summary>May change a file's bytes on their way.</summary>
    public Func<string, byte[], byte[]> Alter { get; set; } = (_, bytes) => bytes;

    /// <summary>A status instead of the answer.</summary>
    public Func<string, int?> Status { get; set; } = _ => null;

    /// <summary>Whether ranges are answered; otherwise each answer holds the whole file.</summary>
    public bool Ranges { get; set; } = true;

    /// <summary>Paths that the list names although nobody should.</summary>
    public List<string> ExtraPaths { get; } = [];

    public static async Task<UnreliableHub> StartAsync()
    {
        var hub = new UnreliableHub();
        hub.Add("config.json", Encoding.UTF8.GetBytes("""{"hidden_size":32}"""));
        hub.Add("tokenizer.json", Encoding.UTF8.GetBytes("{}"));
        hub.Add("README.md", Encoding.UTF8.GetBytes("# An encoder"));
        hub.Add("onnx/model.onnx", RandomNumberGenerator.GetBytes(300_000), large: true);
        await hub._app.StartAsync(TestContext.Current.CancellationToken);
        return hub;
    }

    public void Add(string path, byte[] content, bool large = false)
    {
        _files[path] = content;
        if (large)
            _large.Add(path);
    }

    public byte[] Content(string path) => _files[path];

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var range = context.Request.Headers.Range.ToString();
        Requests.Enqueue(range.Length > 0 ? $"{path} {range}" : path);
        Tokens.Enqueue(context.Request.Headers.Authorization);
        if (Status(path) is { } status)
        {
            context.Response.StatusCode = status;
            return;
        }

        const string resolve = $"/{Repository}/resolve/{Commit}/";
        if (path.StartsWith($"/api/models/{Repository}/tree/{Commit}", StringComparison.Ordinal))
            await ListAsync(context);
        else if (path == $"/api/models/{Repository}/revision/main")
            await context.Response.WriteAsJsonAsync(new { sha = Commit }, context.RequestAborted);
        else if (path.StartsWith(resolve, StringComparison.Ordinal) && _files.ContainsKey(path[resolve.Length..]))
            await SendAsync(context, path[resolve.Length..]);
        else
            context.Response.StatusCode = StatusCodes.Status404NotFound;
    }

    /// <summary>Two files to a page.</summary>
    private async Task ListAsync(HttpContext context)
    {
        var all = _files.Keys.Concat(ExtraPaths).Order(StringComparer.Ordinal).ToArray();
        var page = context.Request.Query.TryGetValue("page", out var number) ? int.Parse(number!, null) : 0;
        if ((page + 1) * 2 < all.Length)
            context.Response.Headers.Link = $"<{context.Request.Path}?recursive=true&page={page + 1}>; rel=\"next\"";
        await context.Response.WriteAsJsonAsync(all.Skip(page * 2).Take(2).Select(Describe), context.RequestAborted);
    }

    private object Describe(string path)
    {
        var content = _files.GetValueOrDefault(path, []);
        return _large.Contains(path)
            ? new
            {
                type = "file",
                path,
                size = content.Length,
                oid = "of the pointer",
                lfs = new { oid = Convert.ToHexStringLower(SHA256.HashData(content)), size = content.Length },
            }
            : new { type = "file", path, size = content.Length, oid = GitBlob(content) };
    }

    private async Task SendAsync(HttpContext context, string path)
    {
        var content = Alter(path, _files[path]);
        var from = 0;
        if (Ranges && context.Request.GetTypedHeaders().Range?.Ranges.Single().From is { } start)
        {
            from = (int)start;
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.Headers.ContentRange = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }

        context.Response.ContentLength = content.Length - from;
        var send = Math.Min(DropAfter(path) ?? int.MaxValue, content.Length - from);
        await context.Response.Body.WriteAsync(content.AsMemory(from, send), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        if (send < content.Length - from)
            context.Abort();
    }

#pragma warning disable CA5350 // Git's own object ids.
    private static string GitBlob(byte[] content) => Convert.ToHexStringLower(
        SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350
}
