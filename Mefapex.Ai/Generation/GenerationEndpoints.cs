using System.Reflection;
using Mefapex.Ai.Http;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Generation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Generation;

internal static class GenerationEndpoints
{
    /// <summary>Of a prompt, so that no tokenizer is given a novel; the model's context is the real limit.</summary>
    public const int MaxPromptCharacters = 200_000;

    private static readonly string TurkishContext = ReadTurkishContext();

    public static void MapGeneration(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("Generation")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapPost("/generate", GenerateAsync)
            .WithSummary("An answer of the language model, with how sure the model was.");
        group.MapPost("/generate/huggingface", GenerateTextAsync)
            .WithSummary("An answer of the language model as text alone.");
    }

    private static async Task<Results<Ok<GenerateResponse>, ProblemHttpResult>> GenerateAsync(
        GenerateRequest request,
        IOptions<GenerationOptions> options,
        [FromServices] IChatClient? generator,
        CancellationToken cancellationToken)
    {
        if (Check(request, options.Value, generator) is { } problem)
            return problem;
        var answer = await AnswerAsync(request, generator!, cancellationToken);
        return TypedResults.Ok(new GenerateResponse(answer.Text, answer.ModelId!, QualityOf(answer), ReasonOf(answer)));
    }

    private static async Task<Results<Ok<GenerateTextResponse>, ProblemHttpResult>> GenerateTextAsync(
        GenerateRequest request,
        IOptions<GenerationOptions> options,
        [FromServices] IChatClient? generator,
        CancellationToken cancellationToken)
    {
        if (Check(request, options.Value, generator) is { } problem)
            return problem;
        var answer = await AnswerAsync(request, generator!, cancellationToken);
        return TypedResults.Ok(new GenerateTextResponse(answer.Text, ReasonOf(answer)));
    }

    private static ProblemHttpResult? Check(GenerateRequest request, GenerationOptions options, IChatClient? generator)
    {
        if (TextLimits.Check(request.Prompt, "prompt", MaxPromptCharacters) is { } problem)
            return problem;
        if (request.MaxLength < 1 || request.MaxLength > options.MaxTokens)
            return AiProblems.MaxLength(request.MaxLength, options.MaxTokens);
        return generator is null ? AiProblems.GeneratorNotConfigured() : null;
    }

    private static Task<ChatResponse> AnswerAsync(
        GenerateRequest request, IChatClient generator, CancellationToken cancellationToken) => generator.GetResponseAsync(
        request.Prompt!,
        new ChatOptions
        {
            MaxOutputTokens = request.MaxLength,
            Instructions = request.TurkishContext ? TurkishContext : null,
        },
        cancellationToken);

    private static double? QualityOf(ChatResponse answer) =>
        answer.AdditionalProperties?[OnnxChatClient.QualityScore] is double quality ? Math.Round(quality, 6) : null;

    private static string ReasonOf(ChatResponse answer) => answer.FinishReason!.Value.Value;

    private static string ReadTurkishContext()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("turkish-context.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Trim();
    }
}
