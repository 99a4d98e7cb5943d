using Mefapex.Ai.Http;
using Mefapex.Contracts.Ai;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Serving;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;

namespace Mefapex.Ai.OpenAi;

/// <summary><c>GET /v1/models</c>: the encoder, and the language model if one is configured.</summary>
internal static class OpenAiModelList
{
    public static async Task<Ok<OpenAiModels>> ListAsync(
        ModelSlot<ITextEncoder> encoder, [FromServices] IChatClient? generator, CancellationToken cancellationToken) =>
        TypedResults.Ok(new OpenAiModels("list", await FindAsync(encoder, generator, cancellationToken)));

    public static async Task<Results<Ok<OpenAiModel>, ProblemHttpResult>> GetAsync(
        string id, ModelSlot<ITextEncoder> encoder, [FromServices] IChatClient? generator, CancellationToken cancellationToken)
    {
        var models = await FindAsync(encoder, generator, cancellationToken);
        return models.Find(model => string.Equals(model.Id, id, StringComparison.Ordinal)) is { } found
            ? TypedResults.Ok(found)
            : AiProblems.UnknownModel(id, string.Join("', '", models.Select(model => model.Id)));
    }

    private static async Task<List<OpenAiModel>> FindAsync(
        ModelSlot<ITextEncoder> encoder, IChatClient? generator, CancellationToken cancellationToken)
    {
        using var lease = await encoder.AcquireAsync(cancellationToken);
        var models = new List<OpenAiModel> { Of(lease.Model.Manifest.Name) };
        if (generator?.GetService<ChatClientMetadata>()?.DefaultModelId is { } name)
            models.Add(Of(name));
        return models;
    }

    /// <summary>When a model was made is not known, so its time is that of the beginning.</summary>
    private static OpenAiModel Of(string name) => new(name, "model", 0, "mefapex");
}
