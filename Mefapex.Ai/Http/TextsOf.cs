using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Mefapex.Ai.Embedding;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Ai.Http;

/// <summary>Texts of requests in which one text and an array of texts are written in the same field.</summary>
internal static class TextsOf
{
    /// <summary>The texts once each of them can be read by a model, or what is wrong.</summary>
    public static bool TryRead(
        JsonElement field, string name, out IReadOnlyList<string> texts, [NotNullWhen(false)] out ProblemHttpResult? problem)
    {
        texts = [];
        switch (field.ValueKind)
        {
            case JsonValueKind.String:
                problem = Check(field, name);
                if (problem is null)
                    texts = [field.GetString()!];
                break;
            case JsonValueKind.Array when field.GetArrayLength() is 0 or > EmbeddingEndpoints.MaxBatch:
                problem = AiProblems.BatchSize(field.GetArrayLength(), EmbeddingEndpoints.MaxBatch);
                break;
            case JsonValueKind.Array:
                var items = field.EnumerateArray().ToArray();
                problem = items.Select((item, index) => Check(item, name, index)).FirstOrDefault(found => found is not null);
                if (problem is null)
                    texts = [.. items.Select(item => item.GetString()!)];
                break;
            default:
                problem = AiProblems.Invalid(name, $"{name} is a text or an array of texts.");
                break;
        }

        return problem is null;
    }

    private static ProblemHttpResult? Check(JsonElement item, string name, int index) => item.ValueKind switch
    {
        JsonValueKind.String => Check(item, $"{name}[{index}]"),
        JsonValueKind.Number or JsonValueKind.Array => AiProblems.Invalid(
            name, $"{name} holds token ids; they belong to another tokenizer than this model's. Send texts."),
        _ => AiProblems.Invalid(name, $"{name}[{index}] is no text."),
    };

    private static ProblemHttpResult? Check(JsonElement text, string what)
    {
        try
        {
            return TextLimits.Check(text.GetString(), what);
        }
        catch (InvalidOperationException)
        {
            // Whether a JSON string is text shows only when it is made one.
            return AiProblems.InvalidText(what);
        }
    }
}
