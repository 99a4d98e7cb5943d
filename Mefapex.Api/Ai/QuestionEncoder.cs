using Mefapex.Api.Tenants;

namespace Mefapex.Api.Ai;

/// <summary>Vectors of questions: from the AI service, else from this process, else none. One is never made up.</summary>
internal sealed partial class QuestionEncoder(AiClient ai, LocalEncoder local, ILogger<QuestionEncoder> logger)
{
    /// <param name="texts">Wordings of one question.</param>
    /// <param name="indexedModel">The model that the vectors will be compared with; null where there are none yet.</param>
    public async Task<EncodedQuestion> EncodeAsync(
        IReadOnlyList<string> texts,
        TenantScope tenant,
        string? indexedModel,
        CancellationToken cancellationToken)
    {
        try
        {
            var response = await ai.EmbedQuestionAsync(texts, tenant, cancellationToken);
            return new EncodedQuestion(response.ModelHash, response.Embeddings, EncodedQuestion.ByService, Missing: null);
        }
        catch (AiUnavailableException e)
        {
            if (indexedModel is not null && local.Encode(texts, indexedModel, cancellationToken) is { } vectors)
                return new EncodedQuestion(indexedModel, vectors, EncodedQuestion.InProcess, e.Message);
            LogWithoutVectors(e.Message);
            return new EncodedQuestion(null, [], null, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Question answered without vectors: {Reason}")]
    private partial void LogWithoutVectors(string reason);
}

/// <param name="ModelHash">The encoder; null where there is none.</param>
/// <param name="Vectors">One for each wording, of unit length; empty where there is no encoder.</param>
/// <param name="By"><see cref="ByService"/>, <see cref="InProcess"/> or null.</param>
/// <param name="Missing">Why the AI service did not answer; null when it did.</param>
internal sealed record EncodedQuestion(string? ModelHash, IReadOnlyList<float[]> Vectors, string? By, string? Missing)
{
    public const string ByService = "ai-service";
    public const string InProcess = "in-process";

    /// <summary>See <see cref="ForcedFallbacks"/>.</summary>
    public static EncodedQuestion Forced { get; } = new(null, [], null, "somebody forced answers without the AI service");
}
