using System.Collections.Concurrent;
using System.Security.Cryptography;
using Mefapex.Cli;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mefapex.Tests.Cli.Setup;

/// <summary>An npm registry on a free port that answers as a test wants; each answer serves one request.</summary>
internal sealed class NpmServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<RequestDelegate> _answers = new();

    private NpmServer(WebApplication app) => _app = app;

    public ConcurrentQueue<string> Ranges { get; } = new();

    public string Address => _app.Urls.Single() + "/";

    public static async Task<NpmServer> StartAsync(params RequestDelegate[] answers)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new NpmServer(builder.Build());
        foreach (var answer in answers)
            server._answers.Enqueue(answer);
        server._app.Run(context =>
        {
            server.Ranges.Enqueue(context.Request.Headers.Range.ToString());
            return server._answers.TryDequeue(out var answer)
                ? answer(context)
                : throw new InvalidOperationException("one request more than the test foresees");
        });
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>A package whose pinned hash is that of these bytes.</summary>
    public static NpmPackage PackageOf(byte[] content) =>
        new("@scope/thing", "1.2.3", "sha512-" + Convert.ToBase64String(SHA512.HashData(content)));

    /// <summary>Serves a file, and parts of it to who asks for a range.</summary>
    public static RequestDelegate File(byte[] content) =>
        context => Results.Bytes(content, "application/octet-stream", enableRangeProcessing: true).ExecuteAsync(context);

    /// <summary>Serves a file as a server does that knows no ranges.</summary>
    public static RequestDelegate WholeFile(byte[] content) =>
        context => Results.Bytes(content, "application/octet-stream").ExecuteAsync(context);

    /// <summary>Promises the whole file and breaks the connection after some bytes of it.</summary>
    public static RequestDelegate BreakingAfter(byte[] content, int bytes) => async context =>
    {
        context.Response.ContentLength = content.Length;
        await context.Response.Body.WriteAsync(content.AsMemory(0, bytes), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        context.Abort();
    };

    public static RequestDelegate Status(int code) => context =>
    {
        context.Response.StatusCode = code;
        return Task.CompletedTask;
    };

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
