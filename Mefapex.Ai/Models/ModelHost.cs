using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Languages;
using Microsoft.Extensions.Options;

namespace Mefapex.Ai.Models;

/// <summary>Loads and checks the models once the service listens. A model that fails leaves the others at work.</summary>
internal sealed partial class ModelHost(IOptions<ModelOptions> options, TimeProvider time, ILogger<ModelHost> logger)
    : BackgroundService
{
    public ModelSlot<ITextEncoder> Encoder { get; } = new("embedding");

    public ModelSlot<LanguageDetector> Detector { get; } = new("language");

    public long Loads { get; private set; }

    public override void Dispose()
    {
        if (Encoder.TryGet(out var encoder))
            encoder.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(
        () =>
        {
            var folder = options.Value.Path is { Length: > 0 } path ? path : ModelFolder.Bundled;
            Load(Detector, () => LanguageDetector.Load(Path.Combine(folder, "language")));
            stoppingToken.ThrowIfCancellationRequested();
            Load(Encoder, () => SubwordEncoder.Load(
                Path.Combine(folder, "encoder"), options.Value.IntraOpThreads));
        },
        stoppingToken);

    private void Load<T>(ModelSlot<T> slot, Func<T> load)
        where T : class
    {
        var start = time.GetTimestamp();
        try
        {
            var model = load();
            var took = time.GetElapsedTime(start);
            slot.Set(new ModelSlot<T>.Loaded(model, time.GetUtcNow(), took));
            Loads++;
            LogLoaded(slot.Kind, took.TotalMilliseconds);
        }
        catch (Exception exception)
        {
            slot.Fail(exception is ModelException ? exception.Message : $"It could not be loaded: {exception.Message}");
            LogFailed(exception, slot.Kind);
        }
    }

    [LoggerMessage(LogLevel.Information, "The {Kind} model is loaded and checked after {Milliseconds:F0} ms.")]
    private partial void LogLoaded(string kind, double milliseconds);

    [LoggerMessage(LogLevel.Error, "The {Kind} model cannot be used.")]
    private partial void LogFailed(Exception exception, string kind);
}
