using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Ai;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ai;

/// <summary>The AI service over HTTP. Every call either answers or throws <see cref="AiUnavailableException"/>.</summary>
internal sealed class AiClient(HttpClient http, AiAvailability availability, TokenCounts tokens, IOptions<AiOptions> options)
{
    /// <summary>The most texts that one call of <see cref="EmbedAsync"/> takes.</summary>
    public const int MaxBatch = 256;

    private const int MaxAnswerTokens = 256;

    /// <summary>The caller that embeds knowledge: it takes turns with the tenants that ask.</summary>
    private const string Indexing = "indexing";

    /// <summary>The vectors of a question's wordings, within <see cref="AiOptions.QuestionTimeout"/>.</summary>
    /// <param name="tenant">Whose question it is: the caller as the service takes turns, see <see cref="AiHeaders.Caller"/>.</param>
    public async Task<EmbeddingBatchResponse> EmbedQuestionAsync(
        IReadOnlyList<string> wordings,
        TenantScope tenant,
        CancellationToken cancellationToken)
    {
        var response = await PostAsync<EmbeddingBatchRequest, EmbeddingBatchResponse>(
            "/v1/embeddings/batch", new(wordings), tenant.Slug, options.Value.QuestionTimeout, cancellationToken);
        tokens.Add(tenant.Id, response.Tokens);
        return response;
    }

    /// <summary>The same as <see cref="EmbedAsync(IReadOnlyList{string}, CancellationToken)"/>, counted as the tenant's.</summary>
    public async Task<EmbeddingBatchResponse> EmbedAsync(Guid tenantId, IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var response = await EmbedAsync(texts, cancellationToken);
        tokens.Add(tenantId, response.Tokens);
        return response;
    }

    /// <summary>Vectors of up to <see cref="MaxBatch"/> texts, within <see cref="AiOptions.BatchTimeout"/>.</summary>
    public Task<EmbeddingBatchResponse> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(texts.Count, MaxBatch, nameof(texts));
        return PostAsync<EmbeddingBatchRequest, EmbeddingBatchResponse>(
            "/v1/embeddings/batch", new(texts), Indexing, options.Value.BatchTimeout, cancellationToken);
    }

    /// <summary>What the language model writes, within <see cref="AiOptions.GenerationTimeout"/>: as likely as can be, so that the
    /// same passages give the same text. That it fails says nothing about the embedding.</summary>
    public async Task<string> GenerateAsync(string system, string user, TenantScope tenant, CancellationToken cancellationToken)
    {
        if (!availability.HasGenerator)
            throw new AiUnavailableException("the AI service has no language model");
        var request = new OpenAiChatRequest(
            [
                new OpenAiChatMessage("system", JsonSerializer.SerializeToElement(system)),
                new OpenAiChatMessage("user", JsonSerializer.SerializeToElement(user)),
            ],
            MaxCompletionTokens: MaxAnswerTokens,
            Temperature: 0,
            Seed: 1);
        try
        {
            var response = await SendAsync<OpenAiChatRequest, OpenAiChatResponse>(
                "/v1/chat/completions", request, tenant.Slug, options.Value.GenerationTimeout, cancellationToken);
            tokens.Add(tenant.Id, response.Usage?.TotalTokens ?? 0);
            return response.Choices is [var first, ..] ? first.Message.Content : "";
        }
        catch (Exception e) when (e is not AiUnavailableException && !cancellationToken.IsCancellationRequested)
        {
            throw new AiUnavailableException($"generation failed: {e.GetBaseException().Message}", e);
        }
    }

    /// <summary>How the service is, asked past the closed door; null where it is not ready.</summary>
    public async Task<AiHealth?> FindAsync(CancellationToken cancellationToken)
    {
        using var deadline = Deadline(options.Value.QuestionTimeout, cancellationToken);
        try
        {
            using var ready = await http.GetAsync("/health/ready", deadline.Token);
            return ready.IsSuccessStatusCode
                ? await http.GetFromJsonAsync<AiHealth>("/health", WireJson.Options, deadline.Token)
                : null;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<TResponse> PostAsync<TRequest, TResponse>(
        string path,
        TRequest request,
        string caller,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        if (!availability.IsUp)
            throw new AiUnavailableException("the AI service is down");
        try
        {
            return await SendAsync<TRequest, TResponse>(path, request, caller, timeout, cancellationToken);
        }
        catch (Exception e) when (e is not AiUnavailableException && !cancellationToken.IsCancellationRequested)
        {
            var reason = e is OperationCanceledException
                ? $"{path} took longer than {timeout.TotalMilliseconds} ms"
                : $"{path}: {e.GetBaseException().Message}";
            availability.Down(reason);
            throw new AiUnavailableException(reason, e);
        }
    }

    private async Task<TResponse> SendAsync<TRequest, TResponse>(
        string path,
        TRequest request,
        string caller,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        using var deadline = Deadline(timeout, cancellationToken);
        using var message = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = JsonContent.Create(request, mediaType: null, WireJson.Options),
        };
        message.Headers.Add(AiHeaders.Caller, caller);
        message.Headers.Add(AiHeaders.TimeoutMs, timeout.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture));
        using var response = await http.SendAsync(message, deadline.Token);
        if (response.StatusCode is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError)
            throw new AiUnavailableException($"{path} refused the request with {(int)response.StatusCode}");
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<TResponse>(WireJson.Options, deadline.Token)
            ?? throw new InvalidDataException($"{path} answered null");
    }

    private static CancellationTokenSource Deadline(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        return deadline;
    }
}

/// <summary>The AI service did not answer in time, answered wrongly, or is known to be down.</summary>
internal sealed class AiUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
