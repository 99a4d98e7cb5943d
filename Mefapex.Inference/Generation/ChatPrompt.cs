using System.Text.Encodings.Web;
using System.Text.Json;
using Mefapex.Inference.Catalogue;
using Microsoft.Extensions.AI;
using Microsoft.ML.OnnxRuntimeGenAI;

namespace Mefapex.Inference.Generation;

/// <summary>
/// Messages to tokens. With a chat template: as the template says, with its generation prompt. Without one the model was
/// trained to continue texts and knows no roles: the messages' texts in their order with an empty line between them, and
/// nothing else, but the begin token where <c>add_bos_token</c> of <c>tokenizer_config.json</c> is true.
/// </summary>
internal static class ChatPrompt
{
    private const string BetweenTexts = "\n\n";

    // Templates ask for role and content.
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static int[] Tokens(Tokenizer tokenizer, GeneratorFolder folder, IEnumerable<ChatMessage> messages)
    {
        var turns = messages.Select(message => new Turn(message.Role.Value, TextOf(message))).ToArray();
        if (turns.All(turn => string.IsNullOrWhiteSpace(turn.Content)))
            throw new PromptRefusedException("The messages hold no text; send at least one visible character.");

        var prompt = folder.ChatTemplate is { } template
            ? Render(tokenizer, folder, template, turns)
            : string.Join(BetweenTexts, turns.Select(turn => turn.Content));
        int[] begin = folder is { ChatTemplate: null, AddsBeginToken: true } ? [folder.BeginToken] : [];
        using var sequences = tokenizer.Encode(prompt);
        int[] tokens = [.. begin, .. sequences[0]];
        Check(tokens, folder);
        return tokens;
    }

    private static void Check(int[] tokens, GeneratorFolder folder)
    {
        if (tokens.Length == 0)
            throw new PromptRefusedException("The tokenizer makes no token of the messages; send visible characters.");
        if (tokens.Length >= folder.ContextLength)
            throw new PromptTooLongException(tokens.Length, folder.ContextLength);
        foreach (var token in tokens)
        {
            if (token < 0 || token >= folder.VocabularySize)
            {
                throw new ModelException(
                    ModelFault.Unsuitable,
                    $"the tokenizer in {folder.Path} gives token {token}; the model has {folder.VocabularySize}. " +
                    "Tokenizer and model must be of one export.");
            }
        }
    }

    private static string Render(Tokenizer tokenizer, GeneratorFolder folder, string template, Turn[] turns)
    {
        try
        {
            return tokenizer.ApplyChatTemplate(template, JsonSerializer.Serialize(turns, Json), "", add_generation_prompt: true);
        }
        catch (OnnxRuntimeGenAIException exception)
        {
            throw new PromptRefusedException(
                $"The chat template of model {folder.Name} refuses these messages: {exception.Message.Trim()}", exception);
        }
    }

    private static string TextOf(ChatMessage message)
    {
        foreach (var content in message.Contents)
        {
            if (content is not (TextContent or TextReasoningContent or UsageContent))
                throw new NotSupportedException($"A message holds {content.GetType().Name}; this client reads text only.");
        }

        // The runtime takes texts that end with a NUL.
        return message.Text.Replace('\0', '\uFFFD');
    }

    private sealed record Turn(string Role, string Content);
}
