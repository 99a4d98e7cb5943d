using System.Text.Json.Nodes;
using Mefapex.Contracts;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Embedding;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mefapex.Tests.Api.Knowledge.Answers;

/// <summary>An AI service over HTTP whose vectors are real and whose language model says what a test wants.</summary>
public sealed class ScriptedAi : IAsyncDisposable
{
    private readonly SubwordEncoder _encoder = SubwordEncoder.LoadBundled();
    private readonly WebApplication _app;
    private int _failed;

    private ScriptedAi()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapGet("/health/ready", () => Results.Ok());
        _app.MapGet("/health", () => Results.Json(
            new AiHealth("healthy", "1", new Dictionary<string, bool> { ["embedding"] = true, ["generation"] = true }, 1, 1), WireJson.Options));
        _app.MapPost("/v1/embeddings/batch", Embed);
        _app.MapPost("/v1/chat/completions", GenerateAsync);
    }

    /// <summary>What the model writes; throwing makes it fail.</summary>
    public Func<string> Say { get; set; } = () => "NONE";

    /// <summary>Whether the encoder fails.</summary>
    public bool EncoderFails { get; set; }

    /// <summary>How often it did.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>The last request that it got.</summary>
    public JsonObject? Asked { get; private set; }

    public Uri Address => new(_app.Urls.First());

    public static async Task<ScriptedAi> StartAsync()
    {
        var ai = new ScriptedAi();
        await ai._app.StartAsync(TestContext.Current.CancellationToken);
        return ai;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _encoder.Dispose();
    }

    private async Task<IResult> Embed(HttpRequest request)
    {
        if (EncoderFails)
        {
            Interlocked.Increment(ref _failed);
            return Results.StatusCode(StatusCodes.Status500InternalServerError);
        }

        var texts = (await request.ReadFromJsonAsync<EmbeddingBatchRequest>(WireJson.Options, request.HttpContext.RequestAborted))!.Texts;
        return Results.Json(
            new EmbeddingBatchResponse(_encoder.Encode(texts, cancellationToken: request.HttpContext.RequestAborted), _encoder.Manifest.Name, _encoder.Manifest.Sha256, _encoder.Dimensions), WireJson.Options);
    }

    private async Task<IResult> GenerateAsync(HttpRequest request)
    {
        Asked = await request.ReadFromJsonAsync<JsonObject>(request.HttpContext.RequestAborted);
        try
        {
            return Results.Json(
                new OpenAiChatResponse("1", "chat.completion", 0, "scripted", [new OpenAiChoice(0, new OpenAiAnswer("assistant", Say()), "stop")], new(1, 1, 2)),
                WireJson.Options);
        }
        catch (InvalidOperationException)
        {
            return Results.StatusCode(StatusCodes.Status500InternalServerError);
        }
    }
}
