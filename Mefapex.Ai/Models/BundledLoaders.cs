using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Languages;
using Mefapex.Inference.Serving;

namespace Mefapex.Ai.Models;

/// <summary>How encoder and language detector are loaded from the models folder.</summary>
internal static class BundledLoaders
{
    private const string WarmUpText = "Yıllık izin talebi nasıl girilir? How do I request leave?";

    public static ModelLoader<ITextEncoder> Encoder(ModelOptions options)
    {
        var folder = Path.Combine(RootOf(options), "encoder");
        return new ModelLoader<ITextEncoder>(
            () => TextEncoders.BytesOf(folder),
            _ => TextEncoders.Load(folder, options.IntraOpThreads),
            static (encoder, cancellationToken) => encoder.Encode([WarmUpText, WarmUpText], cancellationToken: cancellationToken),
            static encoder => encoder.Manifest);
    }

    public static ModelLoader<LanguageDetector> Detector(ModelOptions options)
    {
        var folder = Path.Combine(RootOf(options), "language");
        return new ModelLoader<LanguageDetector>(
            () => ModelFolder.BytesOf(folder),
            _ => LanguageDetector.Load(folder),
            static (detector, _) => detector.Detect(WarmUpText),
            static detector => detector.Manifest);
    }

    private static string RootOf(ModelOptions options) => options.Path is { Length: > 0 } path ? path : ModelFolder.Bundled;
}
