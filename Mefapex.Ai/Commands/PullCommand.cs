using System.Globalization;
using Mefapex.Ai.Models;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Catalogue.Hub;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Generation;
using Mefapex.ServiceDefaults;

namespace Mefapex.Ai.Commands;

/// <summary>Brings a model from a hub to this machine, proves that it runs here, and says what to set.</summary>
internal static class PullCommand
{
    public static void Run(string[] args, TextWriter output, CancellationToken cancellationToken)
    {
        if (args is not [var text, ..] || text.StartsWith('-'))
            throw new FormatException("pull needs a model: hub:owner/name, hub:owner/name@revision or hub:owner/name@revision/folder.");
        var options = new CommandOptions(args.AsSpan(1), "--kind", "--cache", "--endpoint");
        var task = (options.Last("--kind") ?? "encoder") switch
        {
            "encoder" => ModelTasks.SentenceEmbedding,
            "generator" => ModelTasks.TextGeneration,
            var other => throw new FormatException($"--kind {other} is not understood; there is encoder and generator."),
        };

        // The hub's settings are those of the service.
        var builder = WebApplication.CreateBuilder();
        builder.AddServiceDefaults();
        foreach (var (option, key) in ((string, string)[])
            [("--cache", nameof(HubSettings.CacheFolder)), ("--endpoint", nameof(HubSettings.Endpoint))])
        {
            if (options.Last(option) is { } value)
                builder.Configuration[$"{HubSettings.Section}:{key}"] = value;
        }

        builder.AddModels();
        using var app = builder.Build();
        var reference = app.Services.GetRequiredService<HubDownloader>()
            .PinAsync(ModelCatalogue.Parse(text), cancellationToken).GetAwaiter().GetResult();
        output.WriteLine($"{reference}");
        var folder = app.Services.GetRequiredService<ModelCatalogue>()
            .FindAsync($"{reference}", task, new Lines(output), cancellationToken).GetAwaiter().GetResult();
        output.WriteLine($"  in {folder}, every file as the hub's hash says");
        output.WriteLine($"  {(task == ModelTasks.SentenceEmbedding ? ProveEncoder(folder) : ProveGenerator(folder))}");
        output.WriteLine(task == ModelTasks.SentenceEmbedding
            ? $"Set Models__Encoder={reference}"
            : $"Set Models__Generator__Path={reference}");
    }

    private static string ProveEncoder(string folder)
    {
        using var encoder = TextEncoders.Load(folder);
        RecordedVectors.Write(folder, encoder);
        return $"runs here: {encoder.Dimensions} dimensions, at most {encoder.MaxTokens} tokens; its test vectors are recorded";
    }

    private static string ProveGenerator(string folder)
    {
        using var client = OnnxChatClient.Load(folder);
        return $"runs here: {client.Folder.ModelType}, a context of {client.Folder.ContextLength} tokens" +
            $"{(client.Folder.ChatTemplate is null ? ", no chat template" : "")}";
    }

    private sealed class Lines(TextWriter output) : IProgress<HubProgress>
    {
        private static readonly TimeSpan Often = TimeSpan.FromSeconds(2);

        private long _last;
        private string _file = "";

        public void Report(HubProgress value)
        {
            if (value.File == _file && TimeProvider.System.GetElapsedTime(_last) < Often)
                return;
            (_last, _file) = (TimeProvider.System.GetTimestamp(), value.File);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {value.Bytes / 1e6,8:F1} of {value.TotalBytes / 1e6:F1} MB, file {value.FileNumber} of {value.Files}: {value.File}"));
        }
    }
}
