using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Mefapex.Ai.Generation;
using Mefapex.Ai.Http;
using Mefapex.Contracts;
using Mefapex.Contracts.Ai;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.OpenAi;

/// <summary><c>POST /v1/chat/completions</c>, whole or as a stream of server-sent events.</summary>
internal static class OpenAiChat
{
    private const string Assistant = "assistant";

    /// <summary>What ends a stream; the only event that is no JSON.</summary>
    private const string Done = "[DONE]";

    public static async Task<Results<Ok<OpenAiChatResponse>, ServerSentEventsResult<string>, ProblemHttpResult>> ChatAsync(
        OpenAiChatRequest request,
        IOptions<GenerationOptions> options,
        TimeProvider time,
        [FromServices] IChatClient? generator,
        CancellationToken cancellationToken)
    {
        if (!ChatTranslation.TryMake(request, out var chat, out var problem))
            return problem;
        if (generator is null)
            return AiProblems.GeneratorNotConfigured();
        var name = generator.GetService<ChatClientMetadata>()!.DefaultModelId!;
        if (request.Model is { Length: > 0 } model && !string.Equals(model, name, StringComparison.Ordinal))
            return AiProblems.UnknownModel(model, name);
        if (chat.Options.MaxOutputTokens is { } wanted && wanted > options.Value.MaxTokens)
            return AiProblems.Invalid("max_completion_tokens", $"max_completion_tokens is {wanted}; send 1 to {options.Value.MaxTokens}.");
        if (chat.Messages.Sum(message => message.Text.Length) > GenerationEndpoints.MaxPromptCharacters)
            return AiProblems.TextTooLong("messages", chat.Messages.Sum(message => message.Text.Length), GenerationEndpoints.MaxPromptCharacters);

        if (request.Stream)
        {
            // The first piece is waited for here, so that what refuses the request is still answered as a problem.
            var pieces = generator.GetStreamingResponseAsync(chat.Messages, chat.Options, cancellationToken).GetAsyncEnumerator(cancellationToken);
            try
            {
                var any = await pieces.MoveNextAsync();
                return TypedResults.ServerSentEvents(
                    StreamAsync(pieces, any, name, time.GetUtcNow(), request.StreamOptions?.IncludeUsage == true, cancellationToken));
            }
            catch
            {
                await pieces.DisposeAsync();
                throw;
            }
        }

        var answer = await generator.GetResponseAsync(chat.Messages, chat.Options, cancellationToken);
        return TypedResults.Ok(new OpenAiChatResponse(
            NewId(),
            "chat.completion",
            time.GetUtcNow().ToUnixTimeSeconds(),
            name,
            [new OpenAiChoice(0, new OpenAiAnswer(Assistant, answer.Text), ReasonOf(answer.FinishReason))],
            UsageOf(answer.Usage)));
    }

    private static async IAsyncEnumerable<SseItem<string>> StreamAsync(
        IAsyncEnumerator<ChatResponseUpdate> pieces,
        bool any,
        string model,
        DateTimeOffset created,
        bool includeUsage,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var id = NewId();
        await using (pieces)
        {
            yield return Chunk([new OpenAiChunkChoice(0, new OpenAiDelta(Assistant, ""), null)]);
            UsageDetails? usage = null;
            for (; any; any = await pieces.MoveNextAsync())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var piece = pieces.Current;
                usage = piece.Contents.OfType<UsageContent>().LastOrDefault()?.Details ?? usage;
                if (piece.Text.Length > 0)
                    yield return Chunk([new OpenAiChunkChoice(0, new OpenAiDelta(Content: piece.Text), null)]);
                if (piece.FinishReason is { } reason)
                    yield return Chunk([new OpenAiChunkChoice(0, new OpenAiDelta(), ReasonOf(reason))]);
            }

            if (includeUsage)
                yield return Chunk([], UsageOf(usage));
            yield return new SseItem<string>(Done);
        }

        SseItem<string> Chunk(IReadOnlyList<OpenAiChunkChoice> choices, OpenAiChatUsage? used = null) => new(JsonSerializer.Serialize(
            new OpenAiChatChunk(id, "chat.completion.chunk", created.ToUnixTimeSeconds(), model, choices, used), WireJson.Options));
    }

    // Only these two of OpenAI's reasons can occur; the time limit cuts an answer off as the token limit does.
    private static string ReasonOf(ChatFinishReason? reason) => reason == ChatFinishReason.Stop ? "stop" : "length";

    private static OpenAiChatUsage UsageOf(UsageDetails? usage)
    {
        var (prompt, answer) = (usage?.InputTokenCount ?? 0, usage?.OutputTokenCount ?? 0);
        return new OpenAiChatUsage(prompt, answer, prompt + answer);
    }

    private static string NewId() => $"chatcmpl-{Guid.NewGuid():N}";
}
