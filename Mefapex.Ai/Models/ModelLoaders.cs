using Mefapex.Ai.Generation;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Catalogue.Hub;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Generation;
using Mefapex.Inference.Languages;
using Mefapex.Inference.Serving;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Models;

/// <summary>How each kind of model is found and loaded.</summary>
internal static class ModelLoaders
{
    private const string WarmUpText = "Yıllık izin talebi nasıl girilir? How do I request leave?";

    public static ModelLoader<ITextEncoder> Encoder(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<ModelOptions>>().Value;
        var source = new ModelSource(services, options.Encoder, ModelTasks.SentenceEmbedding);
        return new ModelLoader<ITextEncoder>(
            cancellationToken => TextEncoders.BytesOf(source.Find(cancellationToken)),
            cancellationToken => TextEncoders.Load(source.Find(cancellationToken), options.IntraOpThreads, source.ToTransformer()),
            static (encoder, cancellationToken) => encoder.Encode([WarmUpText, WarmUpText], cancellationToken: cancellationToken),
            static encoder => encoder.Manifest);
    }

    public static ModelLoader<LanguageDetector> Detector(IServiceProvider services)
    {
        var source = new ModelSource(
            services, services.GetRequiredService<IOptions<ModelOptions>>().Value.Language, ModelTasks.LanguageIdentification);
        return new ModelLoader<LanguageDetector>(
            cancellationToken => ModelFolder.BytesOf(source.Find(cancellationToken)),
            cancellationToken => LanguageDetector.Load(source.Find(cancellationToken)),
            static (detector, _) => detector.Detect(WarmUpText),
            static detector => detector.Manifest);
    }

    /// <summary>Loading it generates its first token, which is its warm-up.</summary>
    public static ModelLoader<OnnxChatClient> Generator(IServiceProvider services) =>
        Generator(services, services.GetRequiredService<TimeProvider>());

    /// <summary>The same with a clock of its own.</summary>
    public static ModelLoader<OnnxChatClient> Generator(IServiceProvider services, TimeProvider time)
    {
        var options = services.GetRequiredService<IOptions<GenerationOptions>>().Value;
        var source = new ModelSource(services, options.Path, ModelTasks.TextGeneration);
        return new ModelLoader<OnnxChatClient>(
            cancellationToken => GeneratorFolder.Open(source.Find(cancellationToken)).Bytes,
            cancellationToken => OnnxChatClient.Load(source.Find(cancellationToken), options.ToClient(), time),
            static (_, _) => { },
            static client => client.Manifest);
    }

    /// <summary>A model as the settings name it.</summary>
    private sealed class ModelSource(IServiceProvider services, string reference, string task)
    {
        private readonly ModelCatalogue _catalogue = services.GetRequiredService<ModelCatalogue>();
        private readonly DownloadLog _log = services.GetRequiredService<DownloadLog>();

        /// <summary>The model's folder; downloads it first where it is not here. Loads run on threads of their own, which
        /// may wait for it.</summary>
        public string Find(CancellationToken cancellationToken) =>
            _catalogue.FindAsync(reference, task, _log.Of(reference), cancellationToken).GetAwaiter().GetResult();

        /// <summary>Of a model from a hub, the folder's name is a commit and says nothing.</summary>
        public TransformerOptions? ToTransformer() => HubReference.TryParse(reference, out var hub)
            ? new TransformerOptions { Name = hub.Repository, Version = hub.Revision }
            : null;
    }
}
