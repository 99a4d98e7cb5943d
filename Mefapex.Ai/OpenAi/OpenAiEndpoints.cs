using Mefapex.Ai.Embedding;
using Mefapex.Ai.Http;
using Microsoft.AspNetCore.Mvc;

namespace Mefapex.Ai.OpenAi;

/// <summary>The part of OpenAI's interface that fits the models here (https://platform.openai.com/docs/api-reference).</summary>
internal static class OpenAiEndpoints
{
    public static void MapOpenAi(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1").WithTags("OpenAI").WithErrorsOf(Dialect.OpenAi);
        group.MapGet("/models", OpenAiModelList.ListAsync).WithSummary("The models that can be asked.");
        group.MapGet("/models/{id}", OpenAiModelList.GetAsync)
            .WithSummary("One of them.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapPost("/embeddings", OpenAiEmbeddings.EmbedAsync)
            .WithSummary("One text or several to vectors of unit length, as numbers or as base64.")
            .WithRequestExample("""{"input": ["Yıllık izin nasıl alınır?", "How do I request leave?"], "encoding_format": "float"}""")
            .WithMetadata(new RequestSizeLimitAttribute(EmbeddingEndpoints.MaxBatchBytes))
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapPost("/chat/completions", OpenAiChat.ChatAsync)
            .WithSummary("An answer of the language model, whole or with stream: true as server-sent events.")
            .WithRequestExample(
                """{"messages": [{"role": "user", "content": "Yıllık izin nedir?"}], "max_completion_tokens": 80, "stream": false}""")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }
}
