using System.Globalization;
using System.Text.Json;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Evaluation;
using Mefapex.Inference.Languages;
using Mefapex.Inference.Training;

namespace Mefapex.Ai.Commands;

/// <summary>What trains, measures and fetches models, beside the service.</summary>
internal static class ModelCommands
{
    private const string Usage =
        """
        train            learns the sentence encoder from sentences that mean the same, and measures it
          --models DIR      folder of the models; by default Mefapex.Inference/Models of the checkout
          --sentences DIR   folder with Sentences, Terms and Test; by default Mefapex.Inference/Training
          --questions FILE  own questions besides, once or more: a table "group TAB question", or a knowledge file (*.json)
          --samples DIR     knowledge to measure on (never learnt from); by default Mefapex.Api/Knowledge/Samples
          --out DIR         where the model goes; by default the folder encoder of --models
          --epochs N        most passes over the sentences, 1 to 1000
          --seed N          the same seed gives the same model
          --threads N       1 to 64
          --report FILE     writes the report there as text, and as JSON beside it (*.json)
        train-language   learns to tell languages apart, and measures it
          --models DIR, --sentences DIR (with Languages), --out DIR, --epochs N, --seed N, --report FILE as above
        measure-encoder  measures the encoder on knowledge, prints the table, keeps the figures in the manifest
          --models DIR, --samples DIR as above
        pull MODEL       brings a model from a hub (hub:owner/name@revision) here, proves that it runs, says what to set
          --kind KIND       encoder, the default, or generator
          --endpoint URL    address of the hub; by default HF_ENDPOINT, else https://huggingface.co
          --cache DIR       where it goes; by default HF_HOME, else mefapex/models in the user's cache folder
        export-encoder   writes the untrained encoder that training is compared with
          --out DIR         where it goes

        Ctrl+C ends a training and leaves the earlier model in place.
        """;

    /// <summary>Runs a command if the first argument is one; null lets the service start.</summary>
    public static int? Run(string[] args, TextWriter output, TextWriter errors)
    {
        if (args is not [var command, ..] || (command.StartsWith('-') && command is not ("--help" or "-h")))
            return null;
        using var cancellation = new CancellationTokenSource();
        ConsoleCancelEventHandler cancel = (_, pressed) =>
        {
            pressed.Cancel = true;
            cancellation.Cancel();
        };
        Console.CancelKeyPress += cancel;
        try
        {
            return Run(command, args.AsSpan(1), output, errors, cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            errors.WriteLine("Cancelled; the earlier model is still in place.");
            return 130;
        }
        catch (Exception exception) when (exception is FormatException or ModelException or InvalidDataException or
                                              JsonException or HttpRequestException or IOException or
                                              UnauthorizedAccessException)
        {
            errors.WriteLine(exception.Message);
            return 1;
        }
        finally
        {
            Console.CancelKeyPress -= cancel;
        }
    }

    private static int Run(
        string command, ReadOnlySpan<string> args, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        switch (command)
        {
            case "train":
                Train(args, output, cancellationToken);
                return 0;
            case "train-language":
                TrainLanguage(args, output, cancellationToken);
                return 0;
            case "measure-encoder":
                Measure(args, output);
                return 0;
            case "pull":
                PullCommand.Run([.. args], output, cancellationToken);
                return 0;
            case "export-encoder":
                var options = new CommandOptions(args, "--out");
                Tell(EncoderExporter.ExportUntrained(
                    options.Last("--out") ?? throw new FormatException("export-encoder needs --out DIR.")), output);
                return 0;
            case "help" or "--help" or "-h":
                output.WriteLine(Usage);
                return 0;
            default:
                errors.WriteLine($"There is no command {command}.\n\n{Usage}");
                return 2;
        }
    }

    private static void Train(ReadOnlySpan<string> args, TextWriter output, CancellationToken cancellationToken)
    {
        var options = new CommandOptions(
            args, "--models", "--sentences", "--questions", "--samples", "--out", "--epochs", "--seed", "--threads", "--report");
        var defaults = new EncoderTrainingOptions();
        var settings = defaults with
        {
            Epochs = options.Number("--epochs", defaults.Epochs, 1, 1000),
            Seed = options.Number("--seed", defaults.Seed, 0, int.MaxValue),
            Threads = options.Number("--threads", defaults.Threads, 1, 64),
        };
        var folder = Sentences(options);
        var corpus = TrainingFiles.ReadFolder(folder);
        var own = options.All("--questions").SelectMany(TrainingFiles.ReadQuestions).ToArray();
        var tests = Path.Combine(folder, "Test");
        var report = EncoderTraining.Run(
            options.Last("--out") ?? Path.Combine(Models(options), "encoder"),
            corpus with { Clusters = [.. corpus.Clusters, .. own] },
            Directory.Exists(tests) ? TestPair.ReadFolder(tests) : [],
            QuestionSet.ReadFolder(Samples(options)),
            settings,
            new Lines(output),
            cancellationToken);
        Publish(options, report.ToText(), report.ToJson(), output);
    }

    private static void TrainLanguage(ReadOnlySpan<string> args, TextWriter output, CancellationToken cancellationToken)
    {
        var options = new CommandOptions(args, "--models", "--sentences", "--out", "--epochs", "--seed", "--report");
        var defaults = new LanguageTrainingOptions();
        var report = LanguageTraining.Run(
            options.Last("--out") ?? Path.Combine(Models(options), "language"),
            Sentences(options),
            defaults with
            {
                Epochs = options.Number("--epochs", defaults.Epochs, 1, 1000),
                Seed = options.Number("--seed", defaults.Seed, 0, int.MaxValue),
            },
            (epoch, loss) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}: loss {loss:F4}")),
            cancellationToken);
        Publish(options, report.ToText(), report.ToJson(), output);
    }

    private static void Measure(ReadOnlySpan<string> args, TextWriter output)
    {
        var options = new CommandOptions(args, "--models", "--samples");
        var folder = Path.Combine(Models(options), "encoder");
        QualityReport report;
        ModelManifest manifest;
        using (var encoder = SubwordEncoder.Load(folder))
        {
            report = RetrievalMeasure.Measure(encoder, QuestionSet.ReadFolder(Samples(options)));
            manifest = encoder.Manifest with { Quality = report };
        }

        File.WriteAllText(Path.Combine(folder, ModelManifest.FileName), manifest.ToJson());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"set",-12} {"lang",4} {"questions",9} {"entries",7} {"recall@1",8} {"recall@3",8} {"MRR",6}"));
        foreach (var figure in report.Figures)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{figure.Set,-12} {figure.Language,4} {figure.Questions,9} {figure.Candidates,7} {figure.RecallAt1,8:F3} {figure.RecallAt3,8:F3} {figure.Mrr,6:F3}"));
        }
    }

    private static void Publish(CommandOptions options, string text, string json, TextWriter output)
    {
        output.WriteLine(text);
        if (options.Last("--report") is not { } file)
            return;
        File.WriteAllText(file, text);
        File.WriteAllText(Path.ChangeExtension(file, ".json"), json);
    }

    private static void Tell(ModelManifest manifest, TextWriter output) =>
        output.WriteLine($"{manifest.Name} {manifest.Version}: {manifest.Bytes} bytes, sha256 {manifest.Sha256}");

    private static string Models(CommandOptions options) => options.Folder("--models", "Mefapex.Inference", "Models");

    private static string Sentences(CommandOptions options) =>
        options.Folder("--sentences", "Mefapex.Inference", "Training");

    private static string Samples(CommandOptions options) =>
        options.Folder("--samples", "Mefapex.Api", "Knowledge", "Samples");

    /// <summary>Progress as it comes; <see cref="Progress{T}"/> would tell it later, from another thread.</summary>
    private sealed class Lines(TextWriter output) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{value.Phase,-8} epoch {value.Epoch,3}/{value.Epochs}  loss {value.Loss:F3}{Recall(value)}  {value.Left:m\\:ss} left"));

        private static string Recall(TrainingProgress value) => value.SeenRecall is null
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $"  recall@1 {value.SeenRecall:F3} of learnt meanings, {value.UnseenRecall:F3} of others");
    }
}
