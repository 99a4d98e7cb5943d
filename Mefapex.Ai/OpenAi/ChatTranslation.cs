using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Mefapex.Ai.Http;
using Mefapex.Contracts.Ai;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.AI;

namespace Mefapex.Ai.OpenAi;

/// <summary>OpenAI's chat request as the messages and options of an <see cref="IChatClient"/>.</summary>
internal sealed record ChatTranslation(IReadOnlyList<ChatMessage> Messages, ChatOptions Options)
{
    private const int MaxStopWords = 4;

    /// <summary>The translation, or what is wrong with the request.</summary>
    public static bool TryMake(
        OpenAiChatRequest request,
        [NotNullWhen(true)] out ChatTranslation? translation,
        [NotNullWhen(false)] out ProblemHttpResult? problem)
    {
        translation = null;
        problem = Refuse(request);
        if (problem is not null)
            return false;

        var messages = new List<ChatMessage>(request.Messages!.Count);
        for (var i = 0; i < request.Messages.Count; i++)
        {
            if (RoleOf(request.Messages[i].Role) is not { } role)
            {
                problem = AiProblems.Invalid(
                    $"messages[{i}].role",
                    $"messages[{i}].role is '{request.Messages[i].Role}'; system, developer, user and assistant are known.");
                return false;
            }

            if (TextOf(request.Messages[i].Content) is not { } text)
            {
                problem = AiProblems.Invalid(
                    $"messages[{i}].content",
                    $"messages[{i}].content is no text; this service reads a string, or parts of type text.");
                return false;
            }

            messages.Add(new ChatMessage(role, text));
        }

        if (!TryReadStop(request.Stop, out var stop))
        {
            problem = AiProblems.Invalid("stop", $"stop is a text or an array of up to {MaxStopWords} texts.");
            return false;
        }

        translation = new ChatTranslation(messages, new ChatOptions
        {
            MaxOutputTokens = request.MaxCompletionTokens ?? request.MaxTokens,
            Temperature = request.Temperature,
            TopP = request.TopP,
            Seed = request.Seed,
            StopSequences = stop,
        });
        return true;
    }

    private static ProblemHttpResult? Refuse(OpenAiChatRequest request)
    {
        if (request.Messages is not { Count: > 0 })
            return AiProblems.Invalid("messages", "messages is empty; send at least one message.");
        if (request.N is not (null or 1))
            return AiProblems.Invalid("n", $"n is {request.N}; this service gives one choice.");
        if (request.Tools is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0)
            return AiProblems.Invalid("tools", "This service calls no tools; leave tools out.");
        if (request.ResponseFormat is { ValueKind: JsonValueKind.Object } format &&
            format.TryGetProperty("type", out var type) && !type.ValueEquals("text"))
        {
            return AiProblems.Invalid("response_format", "This service cannot promise a format; leave response_format out.");
        }

        if (request.MaxCompletionTokens is < 1 || request.MaxTokens is < 1)
            return AiProblems.Invalid("max_completion_tokens", "max_completion_tokens is 1 or more.");
        if (request.Temperature is < 0 or > 2)
            return AiProblems.Invalid("temperature", "temperature is 0 to 2.");
        return request.TopP is <= 0 or > 1 ? AiProblems.Invalid("top_p", "top_p is above 0 and at most 1.") : null;
    }

    private static ChatRole? RoleOf(string? role) => role switch
    {
        "system" or "developer" => ChatRole.System,
        "user" => ChatRole.User,
        "assistant" => ChatRole.Assistant,
        _ => null,
    };

    private static string? TextOf(JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String)
            return content.GetString();
        if (content.ValueKind != JsonValueKind.Array)
            return null;
        var parts = new List<string>();
        foreach (var part in content.EnumerateArray())
        {
            if (part.ValueKind != JsonValueKind.Object ||
                !part.TryGetProperty("type", out var type) || !type.ValueEquals("text") ||
                !part.TryGetProperty("text", out var text) || text.ValueKind != JsonValueKind.String)
            {
                return null;
            }

            parts.Add(text.GetString()!);
        }

        return string.Concat(parts);
    }

    private static bool TryReadStop(JsonElement? stop, out List<string>? words)
    {
        words = null;
        switch (stop?.ValueKind)
        {
            case null or JsonValueKind.Null or JsonValueKind.Undefined:
                return true;
            case JsonValueKind.String:
                words = [stop.Value.GetString()!];
                break;
            case JsonValueKind.Array when stop.Value.EnumerateArray().All(word => word.ValueKind == JsonValueKind.String):
                words = [.. stop.Value.EnumerateArray().Select(word => word.GetString()!)];
                break;
            default:
                return false;
        }

        return words.Count <= MaxStopWords && words.TrueForAll(word => word.Length > 0);
    }
}
