using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ai;

/// <summary>
/// The bundled encoder in this process, for as long as the AI service is away. It is loaded when it is first needed, and
/// only if it is the model whose vectors are asked for.
/// </summary>
internal sealed partial class LocalEncoder(IOptions<AiOptions> options, ILogger<LocalEncoder> logger) : IDisposable
{
    private readonly Lazy<string?> _hash = new(() => HashOf(options.Value, logger));
    private readonly Lazy<ITextEncoder?> _encoder = new(() => Load(logger));

    /// <summary>Vectors of the texts; null where this process has no encoder of that hash.</summary>
    /// <param name="modelHash">sha256 of the model file, lower-case hex.</param>
    public float[][]? Encode(IReadOnlyList<string> texts, string modelHash, CancellationToken cancellationToken)
    {
        if (!string.Equals(_hash.Value, modelHash, StringComparison.OrdinalIgnoreCase) || _encoder.Value is not { } encoder)
            return null;
        try
        {
            return encoder.Encode(texts, TextRole.Query, cancellationToken);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        if (_encoder.IsValueCreated)
            _encoder.Value?.Dispose();
    }

    private static string Folder => Path.Combine(ModelFolder.Bundled, "encoder");

    private static string? HashOf(AiOptions options, ILogger logger)
    {
        if (!options.InProcess)
            return null;
        try
        {
            return ModelFolder.Open(Folder, ModelTasks.SentenceEmbedding).Manifest.Sha256;
        }
        catch (ModelException e)
        {
            LogUnusable(logger, e.Message);
            return null;
        }
    }

    private static ITextEncoder? Load(ILogger logger)
    {
        try
        {
            var encoder = TextEncoders.Load(Folder);
            LogLoaded(logger, encoder.Manifest.Name);
            return encoder;
        }
        catch (ModelException e)
        {
            LogUnusable(logger, e.Message);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The AI service is away: questions are embedded by {Model} in this process")]
    private static partial void LogLoaded(ILogger logger, string model);

    [LoggerMessage(LogLevel.Error, "The bundled encoder cannot be used in this process: {Reason}")]
    private static partial void LogUnusable(ILogger logger, string reason);
}
