using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Mefapex.Contracts;
using Mefapex.Contracts.Ai;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ai;

/// <summary>The AI service over HTTP. Every call either answers or throws <see cref="AiUnavailableException"/>.</summary>
internal sealed class AiClient(HttpClient http, AiAvailability availability, IOptions<AiOptions> options)
{
    /// <summary>The most texts that one call of <see cref="EmbedAsync"/> takes.</summary>
    public const int MaxBatch = 256;

    /// <summary>The vector of a question, within <see cref="AiOptions.QuestionTimeout"/>.</summary>
    public Task<EmbeddingBatchResponse> EmbedQuestionAsync(string question, CancellationToken cancellationToken) =>
        PostAsync<EmbeddingBatchRequest, EmbeddingBatchResponse>(
            "/v1/embeddings/batch", new([question]), options.Value.QuestionTimeout, cancellationToken);

    /// <summary>Vectors of up to <see cref="MaxBatch"/> texts, within <see cref="AiOptions.BatchTimeout"/>.</summary>
    public Task<EmbeddingBatchResponse> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(texts.Count, MaxBatch, nameof(texts));
        return PostAsync<EmbeddingBatchRequest, EmbeddingBatchResponse>(
            "/v1/embeddings/batch", new(texts), options.Value.BatchTimeout, cancellationToken);
    }

    public Task<LanguageResponse> DetectLanguageAsync(string text, CancellationToken cancellationToken) =>
        PostAsync<LanguageRequest, LanguageResponse>(
            "/language/detect", new(text), options.Value.QuestionTimeout, cancellationToken);

    /// <summary>Whether the service is ready, asked past the closed door.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var deadline = Deadline(options.Value.QuestionTimeout, cancellationToken);
        try
        {
            using var response = await http.GetAsync("/health/ready", deadline.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<TResponse> PostAsync<TRequest, TResponse>(
        string path,
        TRequest request,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        if (!availability.IsUp)
            throw new AiUnavailableException("the AI service is down");

        using var deadline = Deadline(timeout, cancellationToken);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = JsonContent.Create(request, mediaType: null, WireJson.Options),
            };
            message.Headers.Add(AiHeaders.TimeoutMs, timeout.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture));
            using var response = await http.SendAsync(message, deadline.Token);
            if (response.StatusCode is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError)
                throw new AiUnavailableException($"{path} refused the request with {(int)response.StatusCode}");
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadFromJsonAsync<TResponse>(WireJson.Options, deadline.Token)
                ?? throw new InvalidDataException($"{path} answered null");
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

    private static CancellationTokenSource Deadline(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        return deadline;
    }
}

/// <summary>The AI service did not answer in time, answered wrongly, or is known to be down.</summary>
internal sealed class AiUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
